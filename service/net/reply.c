#include "net/transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* As many bytes of an answer from a source are asked for at once where they are not sent in chunks. */
#define SOURCE_BLOCK ((size_t)4 * 1024)
#define EARLY_BYTES_MAX ((size_t)16 * 1024)

void hold(struct connection *connection)
{
	connection_enter(connection, PHASE_HELD);
	MHD_suspend_connection(connection->transport);
}

static ssize_t source_call(void *owner, uint64_t position, char *room, size_t size)
{
	(void)position;
	struct request *request = owner;
	struct connection *connection = request->connection;
	const struct body_source *source = &request->response.source;
	if (connection->phase == PHASE_CLOSING)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	ptrdiff_t given = source->give(source->owner, room, size);
	if (given == BODY_SOURCE_BROKEN)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (given == 0) {
		hold(connection);
		return 0;
	}
	connection_enter(connection, given == BODY_SOURCE_END ? PHASE_SENDING : PHASE_FLOWING);
	return given == BODY_SOURCE_END ? MHD_CONTENT_READER_END_OF_STREAM : given;
}

static struct MHD_Response *make_response(struct request *request)
{
	const struct response *response = &request->response;
	if (response->source.give != NULL)
		return MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, SOURCE_BLOCK, source_call, request, NULL);
	/* MHD reads the body until the request has ended, which is when the arena goes. */
	union {
		const char *read_only;
		void *for_mhd;
	} body = { .read_only = response->body.at };
	return MHD_create_response_from_buffer(response->body.length, body.for_mhd, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result send_response(struct MHD_Connection *mhd, struct request *request)
{
	const struct response *response = &request->response;
	struct MHD_Response *mhd_response = make_response(request);
	if (mhd_response == NULL)
		return MHD_NO;
	enum MHD_Result done = MHD_YES;
	if (response->content_type != NULL)
		done = MHD_add_response_header(mhd_response, "Content-Type", response->content_type);
	for (size_t i = 0; i < response->header_count && done == MHD_YES; i++)
		done = MHD_add_response_header(
			mhd_response, response->headers[i].name, response->headers[i].value);
	if (done == MHD_YES && response->close)
		done = MHD_add_response_header(mhd_response, "Connection", "close");
	if (done == MHD_YES)
		done = MHD_queue_response(mhd, (unsigned)response->status, mhd_response);
	MHD_destroy_response(mhd_response);
	if (done == MHD_YES && request->connection->phase != PHASE_SENDING)
		connection_enter(request->connection, PHASE_SENDING);
	return done;
}

static const char *reason_of(int status)
{
	const char *reason = MHD_get_reason_phrase_for((unsigned)status);
	return reason == NULL ? "" : reason;
}

bool send_response_early(struct request *request)
{
	const struct response *response = &request->response;
	struct text out;
	end_sink(request, false);
	request->discarding = true;
	connection_enter(request->connection, PHASE_SENDING);
	text_open(&out, &request->arena, 1024, EARLY_BYTES_MAX);
	text_printf(&out, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\nConnection: close\r\n", response->status,
		reason_of(response->status), response->body.length);
	if (response->content_type != NULL)
		text_printf(&out, "Content-Type: %s\r\n", response->content_type);
	for (size_t i = 0; i < response->header_count; i++)
		text_printf(&out, "%s: %s\r\n", response->headers[i].name, response->headers[i].value);
	text_put_terminated(&out, "\r\n");
	text_put(&out, response->body.at, response->body.length);
	struct slice whole = text_slice(&out);
	return !out.failed && response->source.give == NULL &&
	       send(request->connection->fd, whole.at, whole.length, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		       (ssize_t)whole.length;
}
