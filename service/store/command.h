/* One statement on a connection of its own, waited for: for the command line, never for a loop. */
#ifndef SHIKAKU_STORE_COMMAND_H
#define SHIKAKU_STORE_COMMAND_H

#include <stddef.h>

#include "base/outcome.h"
#include "store/row.h"
#include "store/statements.h"

struct command_parameter {
	const char *text; /* NULL: NULL, unless `bytes` is set */
	const unsigned char *bytes; /* for bytea */
	size_t length;
};

/* Runs the statement; for each row calls row(owner, columns, count), values as text. OUTCOME_CONFLICT when the database refuses
 * what would contradict its rules, OUTCOME_UNAVAILABLE for everything else; a log line has said why. */
enum outcome MUST_CHECK command_run(const char *url, enum statement_id statement,
	const struct command_parameter parameters[], int count,
	void (*row)(void *owner, const char *const columns[], int column_count), void *owner);

/* Runs a statement without parameters and hands out its rows one by one as they come, however many: take(owner, row), values in
 * binary. OUTCOME_UNAVAILABLE: what was handed out may not be all; a log line has said why. */
enum outcome MUST_CHECK command_read(const char *url, enum statement_id statement,
	void (*take)(void *owner, const struct row *row), void *owner);

#endif
