/* A lane: one pipelined connection to PostgreSQL on one loop, and the questions that wait for it. What is asked during a turn
 * leaves at its end as one statement a kind, in one sync; while that is under way, what is asked waits and becomes the next
 * set. A question is on exactly one of: a queue, the flight, or nowhere (answered).
 *
 * A question is answered once, in the loop's thread: OUTCOME_OK only after the sync that covers it has come back (a COMMIT
 * that fails shows just before it). Rows and everything read from them are valid until `answered` returns. */
#ifndef SHIKAKU_STORE_LANE_H
#define SHIKAKU_STORE_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/outcome.h"
#include "store/columns.h"
#include "store/parameters.h"
#include "store/row.h"
#include "store/statements.h"

#define LANE_SET_MAX 128
#define LANE_KINDS_MAX 40

struct lane_question;

struct question_kind {
	enum statement_id statement;
	/* Its parameters. */
	const struct parameter_column *columns;
	size_t column_count;
	/* Appends what no column says. May be NULL. */
	void (*bind)(struct parameters *parameters, struct lane_question *const questions[], size_t count,
		void *context);
	/* Takes back what an earlier try may have read into the question: it has no rows yet. May be NULL. */
	void (*reset)(struct lane_question *question);
	/* Takes one row of this question (column 0 is its ordinal). NULL: the statement gives none. */
	enum outcome (*take_row)(struct lane_question *question, const struct row *row);
	/* A set of reads that fails is asked again one by one, so that a bad one does not fail its neighbours. Writes are all
	 * or nothing. */
	bool retry_alone;
	/* Its sets go in a transaction of their own, because they hold what others may wait for. */
	bool own_sync;
	/* Called once a set of this kind is known to be stored, before its questions are answered. May be NULL. */
	void (*stored)(void *context);
	void *context; /* for bind and stored */
};

struct lane_question {
	const struct question_kind *kind;
	void (*answered)(struct lane_question *question, enum outcome outcome);
	/* the lane's own */
	struct lane_question *next;
	bool alone;
	enum outcome outcome;
};

/* Appends all parameters of a set, whose questions begin anew. */
void question_kind_bind(const struct question_kind *kind, struct parameters *parameters,
	struct lane_question *const questions[], size_t count);

struct lane_settings {
	const char *name; /* for logs and metrics: fast, audit, slow */
	const char *url;
	int64_t statement_timeout_ms;
	int64_t lock_timeout_ms; /* who waits for somebody else's lock for longer is answered OUTCOME_BUSY */
	int64_t silence; /* microseconds without any answer after which the connection is given up */
	size_t queue_max;
	bool point_look_ups; /* no plan may read a whole table */
	const struct question_kind *kinds[LANE_KINDS_MAX];
	size_t kind_count;
	/* The connection is ready; `row` is open_session's. May be NULL. */
	void (*opened)(void *context, const struct row *row);
	void *context;
};

struct lane;

/* A lane that connects by itself, and again with back-off for as long as it lives. `settings` are copied; what they point to
 * outlives the lane. */
enum outcome MUST_CHECK lane_create(
	struct lane **created, struct loop *loop, const struct lane_settings *settings);
/* Drops the connection for this reason (a literal), answers what waits with OUTCOME_UNAVAILABLE, and connects again later. */
void lane_give_up(struct lane *lane, const char *trouble);
/* Answers everything that waits with OUTCOME_UNAVAILABLE and closes the connection. */
void lane_destroy(struct lane *lane);

/* Asks. OUTCOME_UNAVAILABLE at once while there is no connection, OUTCOME_BUSY when too many wait; only after OUTCOME_OK
 * will `answered` be called. */
enum outcome MUST_CHECK lane_ask(struct lane *lane, struct lane_question *question);

/* Sends what waits, if nothing is under way. The last step of a turn. */
void lane_send(struct lane *lane);

/* Why it is not ready, an English sentence that anybody may read; NULL when it is. */
const char *lane_trouble(const struct lane *lane);

#endif
