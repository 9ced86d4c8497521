/* One member's record, read and written as a whole (member_writes). */
#ifndef SHIKAKU_STORE_MEMBERS_H
#define SHIKAKU_STORE_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "store/idempotency.h"
#include "store/lane.h"
#include "store/wanted_version.h"

/* A question of one of the three kinds. The caller fills what the kind needs and `question.answered`, then asks. */
struct member_question {
	struct lane_question question; /* first */
	struct slice insurer_number;
	struct slice member_id;
	int64_t now; /* microseconds since 1970; not for the history */
	int64_t token_id; /* whose wish it is; not for the history */
	/* To read before something is changed, and to write. */
	struct idempotency idempotency;
	/* Only to write. */
	struct slice document; /* JSON, as put_member wants it */
	struct slice sealed_number; /* in hexadecimal; no value: none came */
	struct slice last4; /* of the number */
	bool must_be_new;
	struct wanted_version wanted;

	/* Texts point into the result of the statement (see lane.h). */
	struct slice outcome; /* not of the history */
	bool replayed; /* the same request was answered this before */
	int64_t version; /* microseconds since 1970 */
	struct slice answer; /* JSON; no value: there is no record, or nothing was written */
	int64_t place; /* of the part that was refused, from 0 */
};

/* As many as are wished are written at once, each whole or not at all: a set that fails leaves nothing behind, so it may be tried
 * again one by one. */
extern const struct question_kind members_put;
extern const struct question_kind members_read;
extern const struct question_kind member_histories;

#endif
