/* An insurer in numbers: its members, who of them uses the card as an insurance card, links, certificates, and what desks asked. */
#ifndef SHIKAKU_CASES_STATISTICS_H
#define SHIKAKU_CASES_STATISTICS_H

#include "base/clock.h"
#include "cases/cases.h"
#include "store/store.h"

struct statistics {
	/* The caller's. The question's `insurer_number`, `as_of` (not after today) and `days`. */
	struct cases *cases;
	struct clock_reading now;
	struct member_counts_question question;
	/* It is over. With OUTCOME_OK all numbers are known. */
	void (*finished)(struct statistics *statistics, enum outcome outcome);
	void *owner;
	/* The case's. */
	int64_t known_at; /* as of when it was known what is counted: now, or the end of the day (R3.4); microseconds since 1970 */
	bool has_registered_permille; /* false where there are no members */
	int64_t registered_permille; /* of the members in force, rounded half up */
};

/* Calls `finished` later, or at once with an outcome other than OK. */
void statistics_count(struct statistics *statistics);

/* What a check on record came to, as its answer said it. NULL for a number that stands for nothing. */
const char *statistics_outcome(int validity);

#endif
