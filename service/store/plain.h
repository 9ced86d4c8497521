/* A plain connection for long work, for one thread that may wait: a statement at a time. It gives up when the one who works is told
 * to stop. Never for a loop. */
#ifndef SHIKAKU_STORE_PLAIN_H
#define SHIKAKU_STORE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "store/command.h"
#include "store/row.h"
#include "store/statements.h"

struct plain;

struct plain_settings {
	const char *url;
	const char *name; /* for logs and the server's list of connections */
	/* Asked a few times a second while a statement runs; true: it is cancelled. NULL: never. */
	bool (*interrupted)(void *owner);
	/* The statement says how far it is, in hundredths. May be NULL. */
	void (*progress)(void *owner, int percent);
	void *owner;
};

/* Connects. OUTCOME_UNAVAILABLE: there is no database, or not one that this service works with; a log line has said why. */
enum outcome MUST_CHECK plain_open(struct plain **opened, const struct plain_settings *settings);
void plain_close(struct plain *plain);

/* False: the connection is lost, and only good for plain_close. */
bool plain_usable(const struct plain *plain);

/* Runs one statement, at most so many milliseconds (0: as long as it takes), and calls take(owner, row) for each row, values in
 * binary. OUTCOME_OK: it is committed. OUTCOME_LATE: cancelled, or too slow; OUTCOME_CONFLICT: the database refuses what would
 * contradict its rules; OUTCOME_BUSY: others were in the way, the same may go well next time; OUTCOME_UNAVAILABLE: the connection is
 * lost, and whether it was committed is not known; OUTCOME_INTERNAL: a fault of ours. A log line has said why, without values. */
enum outcome MUST_CHECK plain_run(struct plain *plain, enum statement_id statement,
	const struct command_parameter parameters[], int count, int64_t limit_ms,
	void (*take)(void *owner, const struct row *row), void *owner);

#endif
