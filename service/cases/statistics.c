#include "cases/statistics.h"

#include <stddef.h>

/* 24 hours; Japan has no summer time. */
#define DAY (INT64_C(86400) * MICROSECONDS)
#define JAPAN_IS_AHEAD (INT64_C(9) * 3600 * MICROSECONDS)

static void conclude(struct statistics *statistics)
{
	const struct member_counts_question *counts = &statistics->question;
	statistics->known_at = statistics->now.wall;
	if (day_compare(counts->as_of, counts->today) < 0)
		statistics->known_at = (counts->as_of.number + INT64_C(1)) * DAY - JAPAN_IS_AHEAD;
	statistics->has_registered_permille = counts->members > 0;
	if (statistics->has_registered_permille)
		statistics->registered_permille =
			(counts->registered * 2000 + counts->members) / (2 * counts->members);
}

static void answered(struct lane_question *question, enum outcome outcome)
{
	struct member_counts_question *counts = (struct member_counts_question *)question;
	struct statistics *statistics =
		(struct statistics *)((char *)counts - offsetof(struct statistics, question));
	if (outcome == OUTCOME_OK && !counts->counted)
		outcome = OUTCOME_INTERNAL;
	if (outcome == OUTCOME_OK)
		conclude(statistics);
	statistics->finished(statistics, outcome);
}

void statistics_count(struct statistics *statistics)
{
	statistics->question.question.answered = answered;
	statistics->question.today = day_in_japan(statistics->now.wall);
	enum outcome outcome = store_count_members(statistics->cases->store, &statistics->question);
	if (outcome != OUTCOME_OK)
		statistics->finished(statistics, outcome);
}

const char *statistics_outcome(int validity)
{
	if (validity < (int)VALIDITY_VALID || validity > (int)VALIDITY_MULTIPLE)
		return NULL;
	return validity_code((enum validity)validity);
}
