/* Cards that are stopped for the time being, and given back (card_suspensions). */
#ifndef SHIKAKU_STORE_SUSPENSIONS_H
#define SHIKAKU_STORE_SUSPENSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/idempotency.h"
#include "store/lane.h"

/* One row of card_suspensions; texts point into the result of the statement (see lane.h). */
struct suspension_row {
	uint8_t suspension_id[UUID_BYTES];
	struct slice medium; /* no value: every one */
	struct slice reason;
	int64_t suspended_at; /* microseconds since 1970 */
	bool lifted;
	int64_t lifted_at; /* only when lifted */
	int64_t cards; /* how many it stopped */
};

/* A question of one of the three kinds. The caller fills what the kind needs and `question.answered`, then asks. */
struct suspension_question {
	struct lane_question question; /* first */
	uint8_t suspension_id[UUID_BYTES]; /* of the new one, or the one that is meant */
	int64_t now; /* microseconds since 1970; not for looking at one */
	int64_t token_id; /* whose wish it is; not for looking at one */
	/* Only to stop cards. */
	struct slice insurer_number;
	struct slice number_key;
	struct day birth_date;
	struct slice symbol_key; /* no value: any */
	struct slice branch_number; /* no value: any */
	struct slice medium; /* no value: every one */
	struct slice reason;
	struct idempotency idempotency;

	struct slice outcome; /* what the function said; no value: there is no such suspension */
	bool replayed; /* the same request was answered this before */
	bool found; /* `row` is filled */
	struct suspension_row row;
};

/* As many as are wished are written at once, each whole or not at all: a set that fails leaves nothing behind, so it may be tried
 * again one by one. */
extern const struct question_kind suspensions_made;
extern const struct question_kind suspensions_lifted;
extern const struct question_kind suspensions_by_id;

#endif
