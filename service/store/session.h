/* One connection to PostgreSQL that keeps itself alive: it connects, takes our settings, finds out whether it may serve here,
 * prepares its statements, and comes back with back-off whenever it is lost. Nonblocking, in pipeline mode. */
#ifndef SHIKAKU_STORE_SESSION_H
#define SHIKAKU_STORE_SESSION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/metrics.h"
#include "base/outcome.h"
#include "store/row.h"
#include "store/statements.h"

#define SESSION_STATEMENTS_MAX 40

enum session_state {
	SESSION_DOWN, /* waits before it connects again */
	SESSION_CONNECTING,
	SESSION_PREPARING, /* settings, checks of the schema, prepared statements */
	SESSION_READY,
};

struct session_settings {
	const char *name; /* for logs and metrics */
	const char *url;
	int64_t statement_timeout_ms;
	int64_t lock_timeout_ms;
	int64_t silence; /* microseconds without any answer after which the connection is given up */
	bool point_look_ups; /* no plan may read a whole table */
	enum statement_id statements[SESSION_STATEMENTS_MAX];
	size_t statement_count;
	/* It is ready; `row` is open_session's. */
	void (*opened)(void *owner, const struct row *row);
	/* Something has come: results may be taken from session_connection. */
	void (*readable)(void *owner);
	/* It was given up; called also when it never was ready. */
	void (*lost)(void *owner);
	void *owner;
};

/* Belongs to whoever embeds it; zero before session_open. */
struct session {
	struct loop *loop;
	struct session_settings settings;
	enum session_state state;
	const char *trouble; /* a literal: it is shown to anybody */
	PGconn *connection;
	struct watch watch;
	bool watched;
	bool wants_write;
	struct timer retry;
	struct timer silence;
	int64_t retry_after;
	size_t statements_ended; /* while preparing */
	const char *found; /* trouble that open_session's row told */
	char sqlstate[6]; /* of the first error while preparing */
	struct metric *gauge_ready;
	struct metric *counter_failures;
};

/* `settings` are copied. Connects in a later turn. */
void session_open(struct session *session, struct loop *loop, const struct session_settings *settings);
/* Without calling `lost`. */
void session_close(struct session *session);

/* Sends what libpq has gathered, as far as the socket takes it; gives up when that fails. */
void session_flush(struct session *session);

/* From now on an answer is expected, until session_satisfied; silence for longer than the settings say gives up. */
void session_expect(struct session *session);
void session_satisfied(struct session *session);

/* Drops the connection: `trouble` (a literal) is what anybody may read, `words` are for the log. Calls `lost`. */
void session_give_up(struct session *session, const char *trouble, const char *words);
/* For a failure of libpq itself. */
void session_lose(struct session *session);

#endif
