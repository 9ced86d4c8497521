#include "store/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "store/schema.h"

#define RETRY_FIRST (MICROSECONDS / 10)
#define RETRY_LONGEST (3 * MICROSECONDS)
#define CONNECT_LASTS (5 * MICROSECONDS)

#define TROUBLE_STARTING "The database has not been asked yet."

static void connect_now(struct session *session);

static void set_state(struct session *session, enum session_state state, const char *trouble)
{
	session->state = state;
	session->trouble = trouble;
	metric_set(session->gauge_ready, state == SESSION_READY);
}

static void watch_connection(struct session *session, uint32_t events)
{
	int fd = PQsocket(session->connection);
	/* While libpq tries one address after the other it closes sockets, and the next may have the number of the last. */
	if (session->watched && (session->watch.fd != fd || session->state == SESSION_CONNECTING)) {
		loop_unwatch(session->loop, &session->watch);
		session->watched = false;
	}
	session->watch.fd = fd;
	enum outcome outcome = session->watched ? loop_rewatch(session->loop, &session->watch, events)
						: loop_watch(session->loop, &session->watch, events);
	session->watched = outcome == OUTCOME_OK;
	if (!session->watched)
		log_line(LOG_LEVEL_ERROR, "store", "lane=%s its socket cannot be watched",
			session->settings.name);
}

static void close_connection(struct session *session)
{
	if (session->watched)
		loop_unwatch(session->loop, &session->watch);
	session->watched = false;
	loop_clear_timer(session->loop, &session->silence);
	PQfinish(session->connection);
	session->connection = NULL;
}

void session_give_up(struct session *session, const char *trouble, const char *words)
{
	if (session->state == SESSION_READY || strcmp(session->trouble, trouble) != 0)
		log_line(LOG_LEVEL_WARNING, "store", "lane=%s not ready: %s: %s", session->settings.name,
			trouble, words);
	close_connection(session);
	set_state(session, SESSION_DOWN, trouble);
	metric_add(session->counter_failures, 1);
	/* Loops must not come back in step. */
	int64_t jitter =
		(int64_t)(((uintptr_t)session / 64 + (uintptr_t)loop_now(session->loop).monotonic) % 64) *
		1000;
	loop_set_timer(session->loop, &session->retry,
		loop_now(session->loop).monotonic + session->retry_after + jitter);
	session->retry_after =
		session->retry_after * 2 > RETRY_LONGEST ? RETRY_LONGEST : session->retry_after * 2;
	session->settings.lost(session->settings.owner);
}

void session_lose(struct session *session)
{
	session_give_up(session, TROUBLE_AWAY,
		session->connection == NULL ? "no memory" : PQerrorMessage(session->connection));
}

static void retry_expired(void *owner)
{
	connect_now(owner);
}

static void silence_expired(void *owner)
{
	struct session *session = owner;
	session_give_up(session, TROUBLE_AWAY, "no answer in time");
}

void session_flush(struct session *session)
{
	int left = PQflush(session->connection);
	if (left < 0) {
		session_lose(session);
		return;
	}
	bool wants_write = left > 0;
	if (wants_write != session->wants_write)
		watch_connection(session, wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
	session->wants_write = wants_write;
}

static void begin_preparing(struct session *session)
{
	char timeout[24];
	char lock_timeout[24];
	(void)snprintf(timeout, sizeof timeout, "%" PRId64, session->settings.statement_timeout_ms);
	(void)snprintf(lock_timeout, sizeof lock_timeout, "%" PRId64, session->settings.lock_timeout_ms);
	const char *values[3] = { timeout, session->settings.point_look_ups ? "off" : "on", lock_timeout };
	bool sent = PQsetnonblocking(session->connection, 1) == 0 &&
		    PQenterPipelineMode(session->connection) == 1 &&
		    PQsendQueryParams(session->connection, statements[STATEMENT_OPEN_SESSION].text, 3, NULL,
			    values, NULL, NULL, 1) == 1;
	for (size_t i = 0; sent && i < session->settings.statement_count; i++) {
		const struct statement *statement = &statements[session->settings.statements[i]];
		sent = PQsendPrepare(session->connection, statement->name, statement->text, 0, NULL) == 1;
	}
	if (!sent || PQpipelineSync(session->connection) != 1) {
		session_lose(session);
		return;
	}
	set_state(session, SESSION_PREPARING, session->trouble);
	session->sqlstate[0] = '\0';
	session->found = NULL;
	session->statements_ended = 0;
	session->wants_write = false;
	watch_connection(session, EPOLLIN);
	session_flush(session);
}

static void poll_connecting(struct session *session)
{
	switch (PQconnectPoll(session->connection)) {
	case PGRES_POLLING_READING:
		watch_connection(session, EPOLLIN);
		return;
	case PGRES_POLLING_WRITING:
		watch_connection(session, EPOLLOUT);
		return;
	case PGRES_POLLING_OK:
		begin_preparing(session);
		return;
	default:
		session_lose(session);
		return;
	}
}

static void connect_now(struct session *session)
{
	char application[64];
	(void)snprintf(application, sizeof application, "shikakud %s", session->settings.name);
	const char *const keys[] = { "dbname", "fallback_application_name", "client_encoding", NULL };
	const char *const values[] = { session->settings.url, application, "UTF8", NULL };
	session->connection = PQconnectStartParams(keys, values, 1);
	if (session->connection == NULL || PQstatus(session->connection) == CONNECTION_BAD) {
		session_lose(session);
		return;
	}
	/* Keep what it says now: it is the reason until something better is known. */
	session->state = SESSION_CONNECTING;
	loop_set_timer(session->loop, &session->silence, loop_now(session->loop).monotonic + CONNECT_LASTS);
	watch_connection(session, EPOLLOUT);
}

static void take_prepared(struct session *session, const PGresult *result)
{
	if (PQresultStatus(result) == PGRES_FATAL_ERROR && session->sqlstate[0] == '\0') {
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		(void)snprintf(
			session->sqlstate, sizeof session->sqlstate, "%s", state == NULL ? "XX000" : state);
	}
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		return;
	const struct row row = { .result = result, .number = 0 };
	session->found = PQntuples(result) == 1 ? schema_trouble(&row) : TROUBLE_NO_SCHEMA;
	if (session->found == NULL)
		session->settings.opened(session->settings.owner, &row);
}

static void finish_preparing(struct session *session)
{
	loop_clear_timer(session->loop, &session->silence);
	bool no_schema = strcmp(session->sqlstate, "42P01") == 0 || strcmp(session->sqlstate, "3F000") == 0;
	if (session->found != NULL) {
		session_give_up(session, session->found, "asked again later");
	} else if (session->sqlstate[0] != '\0') {
		session_give_up(
			session, no_schema ? TROUBLE_NO_SCHEMA : TROUBLE_OTHER_SCHEMA, session->sqlstate);
	} else {
		session->retry_after = RETRY_FIRST;
		set_state(session, SESSION_READY, "");
		log_line(LOG_LEVEL_INFO, "store", "lane=%s ready", session->settings.name);
	}
}

/* The results of open_session and of each prepared statement, each ended by a NULL, then the sync. */
static void read_prepared(struct session *session)
{
	while (PQisBusy(session->connection) == 0) {
		PGresult *result = PQgetResult(session->connection);
		if (result == NULL) {
			if (session->statements_ended++ > session->settings.statement_count + 1)
				return;
			continue;
		}
		bool ended = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		take_prepared(session, result);
		PQclear(result);
		if (ended) {
			finish_preparing(session);
			return;
		}
	}
}

static void socket_ready(void *owner, uint32_t events)
{
	struct session *session = owner;
	if (session->state == SESSION_CONNECTING) {
		poll_connecting(session);
		return;
	}
	if ((events & EPOLLOUT) != 0)
		session_flush(session);
	if (session->connection == NULL || (events & ~(uint32_t)EPOLLOUT) == 0)
		return;
	if (PQconsumeInput(session->connection) != 1)
		session_lose(session);
	else if (session->state == SESSION_PREPARING)
		read_prepared(session);
	else
		session->settings.readable(session->settings.owner);
}

void session_expect(struct session *session)
{
	loop_set_timer(session->loop, &session->silence,
		loop_now(session->loop).monotonic + session->settings.silence);
}

void session_satisfied(struct session *session)
{
	loop_clear_timer(session->loop, &session->silence);
}

void session_open(struct session *session, struct loop *loop, const struct session_settings *settings)
{
	char labels[128];
	(void)snprintf(labels, sizeof labels, "lane=\"%s\"", settings->name);
	*session = (struct session){ .loop = loop, .settings = *settings, .retry_after = RETRY_FIRST };
	session->watch = (struct watch){ .fd = -1, .ready = socket_ready, .owner = session };
	session->retry = (struct timer){ .expired = retry_expired, .owner = session };
	session->silence = (struct timer){ .expired = silence_expired, .owner = session };
	session->gauge_ready =
		metrics_gauge("shikaku_lane_ready", "Database connections that are ready.", labels);
	session->counter_failures = metrics_counter(
		"shikaku_lane_failures_total", "Sets that failed and connections that were lost.", labels);
	set_state(session, SESSION_DOWN, TROUBLE_STARTING);
	loop_set_timer(loop, &session->retry, 0);
}

void session_close(struct session *session)
{
	loop_clear_timer(session->loop, &session->retry);
	close_connection(session);
	set_state(session, SESSION_DOWN, TROUBLE_STARTING);
}
