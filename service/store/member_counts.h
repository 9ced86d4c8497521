/* An insurer in numbers (insurer_statistics). */
#ifndef SHIKAKU_STORE_MEMBER_COUNTS_H
#define SHIKAKU_STORE_MEMBER_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "store/lane.h"

#define COUNTED_DAYS_MAX 31
/* A day has a line for each validity of an answer about somebody's member, accepted or not. */
#define COUNTED_CHECKS_MAX ((size_t)COUNTED_DAYS_MAX * 5 * 2)

enum {
	COUNTED_ISSUED,
	COUNTED_RETURNED,
	COUNTED_REVOKED,
	COUNTED_EXPIRED,
	COUNTED_REPLACED,
	COUNTED_CERTIFICATES
};

struct counted_checks {
	struct day day;
	int validity; /* as on record */
	bool accepted;
	int64_t count;
};

struct member_counts_question {
	struct lane_question question; /* first */
	struct slice insurer_number; /* 8 digits; it counts nobody else's members */
	struct day as_of; /* today, or before */
	struct day today;
	int64_t days; /* of checks, those that end with `as_of`: 1 to COUNTED_DAYS_MAX */

	bool counted;
	int64_t members; /* in force */
	int64_t insured;
	int64_t registered;
	int64_t linked;
	int64_t mismatch;
	int64_t certificates[COUNTED_CERTIFICATES];
	struct counted_checks checks[COUNTED_CHECKS_MAX]; /* by day, validity, accepted before not */
	size_t check_count;
};

extern const struct question_kind members_counted;

#endif
