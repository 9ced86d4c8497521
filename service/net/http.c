#include "net/http.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "net/connection.h"
#include "net/header.h"
#include "net/parser_buffer.h"

#if MHD_VERSION < 0x00097002
#define MHD_Result int
#endif
#define BUFFER_IS_KNOWN (MHD_VERSION < 0x00097600)

/* New connections beyond ours still get a 503 in this reserve. */
#define CONNECTION_RESERVE 64
/* MHD's memory of one connection: bounds the header (431 beyond). 8 KiB: 87 MiB for 10,000 connections. */
#define CONNECTION_MEMORY ((size_t)8 * 1024)
/* A refused body is read up to here, so that the client sees the answer and not a reset connection. */
#define DISCARD_MAX ((uint64_t)1024 * 1024)
/* A connection that never asked anything gets this long once we are stopping. */
#define DRAIN_FIRST_REQUEST (MICROSECONDS / 2)
/* MHD answers a resumed connection in its second run; more rounds in one turn only when it asks for them. */
#define RUNS_A_TURN 8

struct http {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct watch watch;
	struct turn_step step;
	struct http_limits limits;
	struct http_application application;
	struct connections connections;
	int64_t mhd_due;
	bool ready; /* MHD's epoll descriptor fired */
	bool resumed; /* a connection was resumed since MHD last ran */
	size_t body_bytes; /* of all bodies that are held */
	bool draining;
	bool stopped; /* nothing is begun any more: what would serve it is going */
};

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info == NULL ? NULL : info->socket_context;
}

/* MHD's first word of a request: its target, undecoded. What we return comes back as *slot of answer_call. */
static void *target_call(void *owner, const char *target, struct MHD_Connection *mhd)
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

static enum MHD_Result send_response(struct MHD_Connection *mhd, struct request *request)
{
	const struct response *response = &request->response;
	/* MHD reads the body until the request has ended, which is when the arena goes. */
	union {
		const char *read_only;
		void *for_mhd;
	} body = { .read_only = response->body.at };
	struct MHD_Response *mhd_response =
		MHD_create_response_from_buffer(response->body.length, body.for_mhd, MHD_RESPMEM_PERSISTENT);
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

static void refuse(struct request *request, enum http_refusal refusal, const char *detail)
{
	struct http *http = request->connection->connections->owner;
	request->response.close = true;
	http->application.refuse(http->application.owner, request, refusal, detail);
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

static enum MHD_Result answer_call(void *owner, struct MHD_Connection *mhd, const char *path,
	const char *method, const char *version, const char *piece, size_t *size, void **slot)
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
	if (*size > 0)
		return take_body(request, piece, size);
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

static void completed_call(
	void *owner, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode reason)
{
	(void)mhd;
	(void)reason;
	struct request *request = *slot;
	*slot = NULL;
	if (request != NULL)
		end_request(owner, request);
}

static void connection_call(
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

static void expire(struct http *http)
{
	int64_t now = loop_now(http->loop).monotonic;
	for (int phase = 0; phase < PHASE_CLOSING; phase++) {
		struct phase_list *list = &http->connections.phases[phase];
		while (list->first != NULL && list->first->due <= now) {
			struct connection *connection = list->first;
			if (phase == PHASE_WAITING) {
				connection->request->response.close |= http->draining;
				http->application.refuse(http->application.owner, connection->request,
					HTTP_REFUSAL_LATE, NULL);
			}
			if (connection == list->first)
				connection_shut(connection);
		}
	}
}

static void close_idle(struct http *http)
{
	int64_t now = loop_now(http->loop).monotonic;
	struct connection *next = NULL;
	for (struct connection *one = http->connections.phases[PHASE_IDLE].first; one != NULL; one = next) {
		next = one->next;
		if (one->request == NULL &&
			(one->served || one->due - http->limits.idle_timeout + DRAIN_FIRST_REQUEST <= now))
			connection_shut(one);
	}
}

static int64_t next_due(const struct http *http)
{
	int64_t due = connections_next_due(&http->connections);
	int64_t soon = loop_now(http->loop).monotonic + DRAIN_FIRST_REQUEST / 4;
	if (http->draining && soon < due)
		due = soon;
	return http->mhd_due < due ? http->mhd_due : due;
}

static void run_mhd(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG wait = 0;
	for (int runs = 0; runs < RUNS_A_TURN; runs++) {
		http->ready = false;
		http->resumed = false;
		MHD_run(http->daemon);
		if (MHD_get_timeout(http->daemon, &wait) != MHD_YES) {
			http->mhd_due = LOOP_NEVER;
			if (!http->resumed)
				return;
		} else {
			http->mhd_due = loop_now(http->loop).monotonic + (int64_t)wait * 1000;
			if (!http->resumed && wait > 0)
				return;
		}
	}
	http->mhd_due = loop_now(http->loop).monotonic;
}

static int64_t run_turn(void *owner)
{
	struct http *http = owner;
	expire(http);
	if (http->draining)
		close_idle(http);
	if (http->ready || http->resumed || http->mhd_due <= loop_now(http->loop).monotonic)
		run_mhd(http);
	connections_give_back_memory(&http->connections);
	return next_due(http);
}

static void mhd_ready(void *owner, uint32_t events)
{
	(void)events;
	struct http *http = owner;
	http->ready = true;
}

PRINTF_LIKE(2, 0)
static void log_call(void *owner, const char *format, va_list arguments)
{
	(void)owner;
	char line[256];
	(void)vsnprintf(line, sizeof line, format, arguments);
	log_line(LOG_LEVEL_DEBUG, "net", "%s", line);
}

static void resume(void *owner, struct connection *connection)
{
	struct http *http = owner;
	MHD_resume_connection(connection->transport);
	http->resumed = true;
}

static void open_connections(struct http *http)
{
	const int64_t lasts[PHASE_COUNT] = {
		[PHASE_IDLE] = http->limits.idle_timeout,
		[PHASE_BODY] = http->limits.body_timeout,
		[PHASE_WAITING] = http->limits.answer_timeout,
		[PHASE_SENDING] = http->limits.send_timeout,
		[PHASE_CLOSING] = http->limits.idle_timeout,
	};
	connections_open(&http->connections, http->loop, lasts, resume, http);
}

enum outcome http_create(struct http **created, struct loop *loop, int listener,
	const struct http_limits *limits, const struct http_application *application)
{
	*created = NULL;
	struct http *http = calloc(1, sizeof *http);
	if (http == NULL) {
		close(listener);
		return OUTCOME_NO_MEMORY;
	}
	http->loop = loop;
	http->application = *application;
	http->limits = *limits;
	open_connections(http);
	/* Not strict: what strictness would refuse the sanity layer refuses with a problem document, and 0.9.75 sends the
	 * header of its own refusal twice. */
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
		NULL, answer_call, http, MHD_OPTION_EXTERNAL_LOGGER, log_call, NULL, MHD_OPTION_LISTEN_SOCKET,
		listener, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)(limits->connections_max + CONNECTION_RESERVE), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_STRICT_FOR_CLIENT, 0,
		MHD_OPTION_URI_LOG_CALLBACK, target_call, http, MHD_OPTION_NOTIFY_COMPLETED, completed_call,
		http, MHD_OPTION_NOTIFY_CONNECTION, connection_call, http, MHD_OPTION_END);
	if (http->daemon == NULL) {
		close(listener);
		free(http);
		return OUTCOME_UNAVAILABLE;
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	http->watch =
		(struct watch){ .fd = info == NULL ? -1 : info->epoll_fd, .ready = mhd_ready, .owner = http };
	if (loop_watch(loop, &http->watch, EPOLLIN) != OUTCOME_OK) {
		MHD_stop_daemon(http->daemon);
		free(http);
		return OUTCOME_UNAVAILABLE;
	}
	http->step = (struct turn_step){ .run = run_turn, .owner = http };
	loop_add_step(loop, &http->step);
	*created = http;
	return OUTCOME_OK;
}

void http_begin_drain(struct http *http)
{
	if (http->draining)
		return;
	/* MHD takes some ten connections a run. */
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_LISTEN_FD);
	struct pollfd waiting = { .fd = info == NULL ? -1 : info->listen_fd, .events = POLLIN };
	size_t runs = 0;
	do
		run_mhd(http);
	while (++runs < http->limits.connections_max && poll(&waiting, 1, 0) == 1);
	MHD_socket listener = MHD_quiesce_daemon(http->daemon);
	if (listener != MHD_INVALID_SOCKET)
		close(listener);
	http->draining = true;
	http->ready = true;
	/* What is on its way is answered, and told that the connection ends. */
	for (int phase = PHASE_BODY; phase <= PHASE_WAITING; phase++) {
		for (struct connection *one = http->connections.phases[phase].first; one != NULL;
			one = one->next) {
			if (one->request != NULL)
				one->request->response.close = true;
		}
	}
}

void http_stop(struct http *http)
{
	http->stopped = true;
	struct phase_list *waiting = &http->connections.phases[PHASE_WAITING];
	while (waiting->first != NULL) {
		struct connection *connection = waiting->first;
		refuse(connection->request, HTTP_REFUSAL_STOPPING, NULL);
		if (waiting->first == connection)
			connection_shut(connection);
	}
	run_mhd(http);
}

size_t http_in_flight(const struct http *http)
{
	return http->connections.phases[PHASE_BODY].count + http->connections.phases[PHASE_WAITING].count +
	       http->connections.phases[PHASE_SENDING].count;
}

size_t http_unfinished(const struct http *http)
{
	size_t coming = 0;
	for (const struct connection *one = http->connections.phases[PHASE_IDLE].first; one != NULL;
		one = one->next)
		coming += one->request != NULL || !one->served;
	return http_in_flight(http) + coming;
}

size_t http_connections(const struct http *http)
{
	return http->connections.count;
}

void http_destroy(struct http *http)
{
	if (http == NULL)
		return;
	loop_unwatch(http->loop, &http->watch);
	MHD_stop_daemon(http->daemon);
	free(http);
}
