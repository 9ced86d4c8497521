/* The tables of amounts, as operators keep them (limit_tables, limit_amounts). */
#ifndef SHIKAKU_STORE_LIMIT_TABLES_H
#define SHIKAKU_STORE_LIMIT_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "store/idempotency.h"
#include "store/lane.h"
#include "store/wanted_version.h"

/* A question of one of the kinds below. The caller fills what the kind needs and `question.answered`, then asks. */
struct limit_table_question {
	struct lane_question question; /* first */
	struct day this_month; /* first day of today's month */
	struct day month; /* the table that holds in it is meant; not to list, not to add */
	/* To write. */
	int64_t now; /* microseconds since 1970 */
	int64_t token_id; /* whose wish it is */
	struct wanted_version
		wanted; /* to replace and to withdraw; `version` is a number that the database gave */
	/* To add and to replace. */
	struct day first_month;
	struct optional_day last_month; /* not known: until another begins */
	struct slice source;
	struct slice note; /* no value: none */
	struct slice amounts; /* JSON, as write_limit_table wants it */
	struct idempotency idempotency; /* only to add */

	/* Texts point into the result of the statement (see lane.h). */
	struct slice outcome; /* what the function said; no value: no table holds in the month */
	bool replayed; /* the same request was answered this before */
	struct slice document; /* JSON; no value where nothing is to be shown */
	int64_t version;
	struct optional_day expected; /* the month that would have been right */
};

extern const struct question_kind limit_tables_listed;
extern const struct question_kind limit_tables_by_month;
/* As many as are wished are written at once, each whole or not at all: a set that fails leaves nothing behind, so it may be tried
 * again one by one. */
extern const struct question_kind limit_tables_added;
extern const struct question_kind limit_tables_replaced;
extern const struct question_kind limit_tables_withdrawn;

#endif
