/* What people at an insurer see and say of their members' links (link_checks). */
#ifndef SHIKAKU_STORE_LINK_DECISIONS_H
#define SHIKAKU_STORE_LINK_DECISIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "store/idempotency.h"
#include "store/insurer_records.h"
#include "store/lane.h"

/* The caller fills the first part and `question.answered`, then asks. */
struct link_decision_question {
	struct lane_question question; /* first */
	struct slice insurer_number; /* 8 digits; nobody else's members are seen */
	struct slice member_id;
	int64_t now; /* microseconds since 1970 */
	int64_t token_id; /* whose word it is */
	struct slice wish; /* accept, reject or dispute */
	struct slice note; /* no value: none */
	struct slice last4; /* of a dispute */
	struct idempotency idempotency;

	struct slice outcome; /* what the function said */
	bool replayed; /* the same request was answered this before */
	struct slice document; /* JSON; no value where nothing is to be shown */
	int64_t version; /* of the member: microseconds since 1970 */
};

extern const struct question_kind links_decided;
#endif
