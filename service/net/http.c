#include "net/transport.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"

/* New connections beyond ours still get a 503 in this reserve. */
#define CONNECTION_RESERVE 64
/* MHD's memory of one connection: bounds the header (431 beyond). 8 KiB: 87 MiB for 10,000 connections. */
#define CONNECTION_MEMORY ((size_t)8 * 1024)
/* A connection that never asked anything gets this long once we are stopping. */
#define DRAIN_FIRST_REQUEST (MICROSECONDS / 2)
/* MHD answers a resumed connection in its second run; more rounds in one turn only when it asks for them. */
#define RUNS_A_TURN 8
/* Who holds a connection bounds that itself. */
#define FOR_EVER (INT64_MAX / 2)

static void expire(struct http *http)
{
	int64_t now = loop_now(http->loop).monotonic;
	for (int phase = 0; phase < PHASE_CLOSING; phase++) {
		struct phase_list *list = &http->connections.phases[phase];
		while (list->first != NULL && list->first->due <= now) {
			struct connection *connection = list->first;
			struct request *request = connection->request;
			if (phase == PHASE_WAITING) {
				request->response.close |= http->draining;
				http->application.refuse(
					http->application.owner, request, HTTP_REFUSAL_LATE, NULL);
			} else if (phase == PHASE_STREAMING) {
				refuse(request, HTTP_REFUSAL_LATE, NULL);
				if (send_response_early(request))
					continue;
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
		http->closed = false;
		MHD_run(http->daemon);
		if (MHD_get_timeout(http->daemon, &wait) != MHD_YES) {
			http->mhd_due = LOOP_NEVER;
			if (!http->resumed && !http->closed)
				return;
		} else {
			http->mhd_due = loop_now(http->loop).monotonic + (int64_t)wait * 1000;
			if (!http->resumed && !http->closed && wait > 0)
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
		[PHASE_STREAMING] = http->limits.body_timeout,
		[PHASE_HELD] = FOR_EVER,
		[PHASE_WAITING] = http->limits.answer_timeout,
		[PHASE_SENDING] = http->limits.send_timeout,
		[PHASE_FLOWING] = http->limits.send_timeout,
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
	for (int phase = PHASE_BODY; phase < PHASE_SENDING; phase++) {
		for (struct connection *one = http->connections.phases[phase].first; one != NULL;
			one = one->next) {
			if (one->request != NULL)
				one->request->response.close = true;
		}
	}
}

/* Suspended connections go on to their end: MHD aborts the process where some are left. */
static void stop_held(struct http *http)
{
	struct phase_list *held = &http->connections.phases[PHASE_HELD];
	while (held->first != NULL) {
		struct connection *connection = held->first;
		refuse(connection->request, HTTP_REFUSAL_STOPPING, NULL);
		if (held->first == connection) {
			connection_shut(connection);
			resume(http, connection);
		}
	}
}

static void stop_streaming(struct http *http)
{
	struct phase_list *streaming = &http->connections.phases[PHASE_STREAMING];
	while (streaming->first != NULL) {
		struct connection *connection = streaming->first;
		refuse(connection->request, HTTP_REFUSAL_STOPPING, NULL);
		if (!send_response_early(connection->request))
			connection_shut(connection);
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
	stop_held(http);
	stop_streaming(http);
	run_mhd(http);
}

size_t http_in_flight(const struct http *http)
{
	size_t count = 0;
	for (int phase = PHASE_BODY; phase < PHASE_CLOSING; phase++)
		count += http->connections.phases[phase].count;
	return count;
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
