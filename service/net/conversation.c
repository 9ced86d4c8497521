#include "net/transport.h"

#include <string.h>

#include "net/header.h"
#include "net/parser_buffer.h"

#define BUFFER_IS_KNOWN (MHD_VERSION < 0x00097600)

/* A refused body is read up to here, so that the client sees the answer and not a reset connection. */
#define DISCARD_MAX ((uint64_t)1024 * 1024)

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info == NULL ? NULL : info->socket_context;
}

/* MHD's first word of a request: its target, undecoded. What we return comes back as *slot of answer_call. */
void *target_call(void *owner, const char *target, struct MHD_Connection *mhd)
{
	(void)owner;
	struct connection *connection = connection_of(mhd);
	if (connection == NULL)
		return NULL;
	struct request *request = request_create(connection);
	if (request == NULL)
		return NULL;
	connection->request = request;
	request->received = loop_now(connection->connections->loop);
	request->target_end = target + strlen(target);
	const char *query = strchr(target, '?');
	if (query != NULL) {
		size_t length = (size_t)(request->target_end - query) - 1;
		request->query = (struct slice){ arena_copy(&request->arena, query + 1, length), length };
		if (request->query.at == NULL)
			return NULL;
	}
	struct sanity sanity = { 0 };
	sanity_see_target(&sanity, slice_of(target));
	request->bad_target = sanity.bad_target;
	return request;
}

/* What header_call fills. */
struct reading {
	struct header header;
	struct parser_buffer buffer;
};

static enum MHD_Result header_call(void *owner, enum MHD_ValueKind kind, const char *name, size_t name_length,
	const char *value, size_t value_length)
{
	(void)kind;
	struct reading *reading = owner;
	header_take(
		&reading->header, (struct slice){ name, name_length }, (struct slice){ value, value_length });
	if (BUFFER_IS_KNOWN)
		parser_buffer_line(&reading->buffer, (struct slice){ name, name_length },
			(struct slice){ value, value_length });
	return MHD_YES;
}

static size_t header_size(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	return info == NULL ? SIZE_MAX : info->header_size;
}

/* How many parts MHD found in the query and in cookies. */
static size_t count_parts(struct MHD_Connection *mhd)
{
	return (size_t)MHD_get_connection_values_n(mhd, MHD_GET_ARGUMENT_KIND | MHD_COOKIE_KIND, NULL, NULL);
}

static void read_header(struct MHD_Connection *mhd, struct reading *reading, const char *method,
	const char *path, const char *version)
{
	struct request *request = reading->header.request;
	if (BUFFER_IS_KNOWN)
		parser_buffer_begin(&reading->buffer, method, path, request->target_end, version);
	MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, header_call, reading);
	if (BUFFER_IS_KNOWN)
		parser_buffer_end(&reading->buffer, header_size(mhd));
	reading->header.sanity.bad_line = reading->buffer.dishonest;
}

void refuse(struct request *request, enum http_refusal refusal, const char *detail)
{
	struct http *http = request->connection->connections->owner;
	request->response.close = true;
	http->application.refuse(http->application.owner, request, refusal, detail);
}

/* Who waits for 100 Continue sends no body until then. */
static bool expects_to_be_told(struct MHD_Connection *mhd)
{
	return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Expect") != NULL;
}

/* Before its first piece the body is held back until the sink wants it. */
static enum MHD_Result begin_streaming(struct request *request)
{
	connection_enter(request->connection, PHASE_STREAMING);
	if (request->held)
		hold(request->connection);
	else
		request->body_begun = true;
	return MHD_YES;
}

/* It was held back, and now the sink wants it, or the request is answered without it. */
static enum MHD_Result go_on_streaming(struct MHD_Connection *mhd, struct request *request)
{
	request->body_begun = true;
	if (request->response.status == 0 || request->discarding)
		return MHD_YES;
	if (expects_to_be_told(mhd) || !request->has_body)
		return send_response(mhd, request);
	return send_response_early(request) ? MHD_YES : MHD_NO;
}

void end_sink(struct request *request, bool complete)
{
	struct body_sink sink = request->sink;
	request->sink = (struct body_sink){ NULL, NULL, NULL };
	if (sink.take != NULL)
		sink.end(sink.owner, complete);
}

/* The header is there: is the request sane, may it come in, and how much body may follow? */
static enum MHD_Result begin(struct MHD_Connection *mhd, struct request *request, const char *method,
	const char *path, const char *version)
{
	struct connection *connection = request->connection;
	struct http *http = connection->connections->owner;
	struct reading reading = { .buffer = { .begin = NULL } };
	struct header *header = &reading.header;
	request->received = loop_now(http->loop);
	uuid_make(request->received.wall, request->id);
	uuid_format(request->id, request->id_text);
	connection_enter(connection, PHASE_BODY);
	header_begin(header, request, method, path, version);
	read_header(mhd, &reading, method, path, version);
	if (header->no_memory)
		return MHD_NO;
	const char *fault = sanity_fault(&header->sanity);
	if (fault != NULL) {
		/* Where the body ends is in doubt: nothing of it is read. */
		refuse(request, HTTP_REFUSAL_MALFORMED, fault);
		return send_response(mhd, request);
	}
	/* MHD takes a bare line feed for a line's end around chunks too, where nobody lets us look: what follows the body may be
	 * inside it to the proxy before us. Nothing of it is executed. */
	if (http->draining || header->sanity.chunked)
		request->response.close = true;
	if (http->stopped)
		refuse(request, HTTP_REFUSAL_STOPPING, NULL);
	else if (header_is_too_large(header, header_size(mhd), count_parts(mhd)))
		refuse(request, HTTP_REFUSAL_HEADER_TOO_LARGE, NULL);
	else if (connection->beyond_limit ||
		 http->connections.phases[PHASE_WAITING].count >= http->limits.in_flight_max)
		refuse(request, HTTP_REFUSAL_OVERLOADED, NULL);
	if (request->response.status == 0)
		request->body_max = http->application.accept(http->application.owner, request);
	if (request->response.status == 0 && header->sanity.content_length > request->body_max)
		refuse(request, HTTP_REFUSAL_BODY_TOO_LARGE, NULL);
	request->streams = request->sink.take != NULL;
	request->has_body = header->sanity.chunked || header->sanity.content_length > 0;
	if (request->streams)
		return request->response.status == 0 ? begin_streaming(request)
						     : go_on_streaming(mhd, request);
	if (request->response.status == 0)
		return MHD_YES;
	if (header->sanity.content_length > DISCARD_MAX)
		return send_response(mhd, request);
	request->discarding = true;
	return MHD_YES;
}

static enum MHD_Result take_body(struct request *request, const char *piece, size_t *size)
{
	struct http *http = request->connection->connections->owner;
	size_t length = *size;
	*size = 0;
	switch (request_take_body(request, piece, length, &http->body_bytes)) {
	case BODY_TAKEN:
		return MHD_YES;
	case BODY_TOO_LARGE:
		refuse(request, HTTP_REFUSAL_BODY_TOO_LARGE, NULL);
		break;
	case BODY_WITHOUT_ROOM:
		refuse(request, HTTP_REFUSAL_OVERLOADED, NULL);
		break;
	case BODY_DISCARDED:
		break;
	}
	return request->body_seen > DISCARD_MAX ? MHD_NO : MHD_YES;
}

/* A piece for the sink. libmicrohttpd 0.9.75 hands over all chunks that it has read, suspended or not, and one of which something
 * is left would hang: so they are taken whole, always. */
static enum MHD_Result stream_body(struct request *request, const char *piece, size_t *size)
{
	struct connection *connection = request->connection;
	size_t length = *size;
	*size = 0;
	request->body_seen += length;
	if (request->discarding)
		return MHD_YES;
	if (request->response.status == 0 && request->body_seen > request->body_max)
		refuse(request, HTTP_REFUSAL_BODY_TOO_LARGE, NULL);
	if (request->response.status == 0 && !request->sink.take(request->sink.owner, piece, length)) {
		request->held = true;
		if (connection->phase == PHASE_STREAMING)
			hold(connection);
	} else if (request->response.status == 0 && connection->phase == PHASE_STREAMING) {
		connection_enter(connection, PHASE_STREAMING);
	}
	if (request->response.status == 0)
		return MHD_YES;
	return send_response_early(request) ? MHD_YES : MHD_NO;
}

/* Behind the last byte. */
static void end_streaming(struct request *request)
{
	struct http *http = request->connection->connections->owner;
	if (http->stopped && request->response.status == 0)
		refuse(request, HTTP_REFUSAL_STOPPING, NULL);
	end_sink(request, request->response.status == 0);
}

enum MHD_Result answer_call(void *owner, struct MHD_Connection *mhd, const char *path, const char *method,
	const char *version, const char *piece, size_t *size, void **slot)
{
	struct http *http = owner;
	struct request *request = *slot;
	if (request == NULL)
		return MHD_NO; /* no memory for it */
	struct connection *connection = request->connection;
	if (connection->phase == PHASE_IDLE)
		return begin(mhd, request, method, path, version);
	if (connection->phase == PHASE_CLOSING)
		return MHD_NO;
	if (request->streams) {
		if (*size > 0)
			return stream_body(request, piece, size);
		if (!request->body_begun)
			return go_on_streaming(mhd, request);
		if (request->discarding)
			return MHD_NO;
		end_streaming(request);
	} else if (*size > 0) {
		return take_body(request, piece, size);
	}
	if (request->response.status == 0 && connection->phase == PHASE_BODY) {
		if (http->stopped)
			refuse(request, HTTP_REFUSAL_STOPPING, NULL);
		else
			http->application.start(http->application.owner, request);
	}
	if (request->response.status != 0)
		return send_response(mhd, request);
	connection_enter(connection, PHASE_WAITING);
	MHD_suspend_connection(mhd);
	return MHD_YES;
}

static void end_request(struct http *http, struct request *request)
{
	struct connection *connection = request->connection;
	end_sink(request, false);
	if (request->response.source.give != NULL)
		request->response.source.end(request->response.source.owner);
	if (request->method != NULL)
		http->application.ended(http->application.owner, request);
	http->body_bytes -= request->body_bytes_held;
	connection->request = NULL;
	connection->served = true;
	request->connection = NULL;
	if (connection->phase != PHASE_CLOSING)
		connection_enter(connection, PHASE_IDLE);
	request_let_go(request);
}

void completed_call(
	void *owner, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode reason)
{
	(void)mhd;
	(void)reason;
	struct request *request = *slot;
	*slot = NULL;
	if (request != NULL)
		end_request(owner, request);
}

void connection_call(
	void *owner, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode code)
{
	struct http *http = owner;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		struct connection *closed = *slot;
		*slot = NULL;
		if (closed == NULL)
			return;
		/* A query of very many parts takes MHD's memory after its first word of the request; then there is no last one. */
		if (closed->request != NULL)
			end_request(http, closed->request);
		connection_remove(closed);
		http->closed = true;
		return;
	}
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	bool beyond_limit = http->connections.count >= http->limits.connections_max;
	struct connection *connection =
		info == NULL ? NULL : connection_add(&http->connections, mhd, info->connect_fd);
	/* Without one each request on it is refused by closing. */
	if (connection != NULL)
		connection->beyond_limit = beyond_limit;
	*slot = connection;
}
