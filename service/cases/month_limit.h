/* What a patient pays for a month of care at most: what is asked beside a check of cover, and what comes of it (R7). */
#ifndef SHIKAKU_CASES_MONTH_LIMIT_H
#define SHIKAKU_CASES_MONTH_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "cases/limit.h"
#include "rules/eligibility.h"
#include "rules/limit.h"
#include "store/limit_facts.h"

/* What a terminal asks. */
struct month_asked {
	bool asked; /* false: a check of cover alone, and the rest has no values */
	struct day month; /* its first day */
	bool visit_given;
	bool has_total;
	int64_t total; /* medical cost of the month, 10割, in yen */
	enum care care;
	bool has_prior;
	int prior_ceiling_months;
	char disease; /* '1' to '3': 特定疾病 (R7.6); '\0': none */
	struct optional_yen paid_so_far;
};

struct month_limit {
	bool halved; /* R7.5; where a membership is valid */
	int prior_ceiling_months;
	bool has_amounts; /* there is a category */
	struct limit_amounts amounts; /* in force for this person in this month: halved where it is */
	bool has_ceiling;
	struct limit_ceiling ceiling; /* for this care and cost */
	struct optional_yen disease; /* what the disease costs at most */
	struct optional_yen patient_pays;
	struct optional_yen pay_now;
};

/* Which day of the month is judged where none was named (R7.13): today in the current month, the first day of one to come, in a past one
 * the last day that any of the memberships covers, or its last where none does. */
struct day month_visit(
	struct day month, struct day today, const struct membership *memberships, size_t count);

/* Of a membership that is valid on the visit date. */
struct month_person {
	const struct standing *standing;
	struct day visit;
	int ratio_percent; /* 0: not registered */
	enum limit_category category;
	enum limit_category registered; /* see struct limit_told */
	bool diseases_told;
};

/* Works it out from what is on record (R7.3 to R7.7); `limit->halved` is known already. Adds its reasons. OUTCOME_INTERNAL: the table has
 * amounts that no table may have. */
enum outcome MUST_CHECK month_limit_work_out(const struct month_asked *asked,
	const struct month_person *person, const struct limit_facts_question *facts,
	struct month_limit *limit, struct reason_set *reasons);

#endif
