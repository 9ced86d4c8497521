/* 高額療養費: up to which amount a patient pays for a month of care, to the yen (R7.3 to R7.7). Whole yen in 64 bits, nothing else: no
 * floating point, and arithmetic that would not fit is refused. The amounts themselves are data (R7.2). */
#ifndef SHIKAKU_RULES_LIMIT_H
#define SHIKAKU_RULES_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "rules/copayment.h"
#include "rules/limit_category.h"

/* The greatest total medical cost (10割) of a month that is believed. */
#define LIMIT_COST_MAX INT64_C(10000000000)
/* The greatest amount that a table may have in any place. */
#define LIMIT_AMOUNT_MAX INT64_C(100000000)
/* How many months before the month of care can have been ceiling months and count (R7.11). */
#define CEILING_MONTHS_MAX 11

/* Yen that may be missing. */
struct optional_yen {
	bool known;
	int64_t amount;
};

/* What a table says of one category (facts 4.1, 4.2). */
struct limit_amounts {
	int64_t base;
	int64_t threshold; /* of the total cost; 0 where rate_percent is */
	int rate_percent; /* of what lies above the threshold: 0 or 1 so far */
	struct optional_yen multiple; /* 多数回: from the fourth ceiling month */
	struct optional_yen
		outpatient; /* 外来（個人）, of those from 70 on; not known: no ceiling of its own */
	/* Information; never applied at the desk (R7.10). */
	struct optional_yen annual;
	struct optional_yen annual_low_income;
	struct optional_yen outpatient_annual;
};

/* The same in a month in which the personal amounts are halved (R7.5): base, threshold, 多数回 and 外来, an odd yen rounded down. The annual
 * ones stay. Pure. */
struct limit_amounts limit_amounts_halved(const struct limit_amounts *amounts);

/* What a specific disease costs at most in a month (R7.6): as registered, else 10,000 yen, or 20,000 for dialysis (category '1') below 70 in
 * A01 and A02; halved with R7.5. Pure. */
int64_t specific_disease_ceiling(
	char disease, struct optional_yen self_pay, enum limit_category category, bool halved);

/* One item: one month, one institution, 入院 or 外来, 医科 or 歯科 (R7.7). A household (R7.12) is several of them. */
struct limit_item {
	int64_t total; /* medical cost, 10割, in yen: 0 to LIMIT_COST_MAX */
	int ratio_percent; /* 10, 20 or 30 */
	enum care care;
};

/* What of the month decides beside the item. */
struct limit_month {
	int prior_ceiling_months; /* among the eleven before: 0 to CEILING_MONTHS_MAX */
	bool halved; /* R7.5; `amounts` are those of a full month */
};

struct limit_ceiling {
	int64_t amount;
	bool multiple_months; /* 多数回: exactly when that amount is the ceiling (R7.3) */
};

/* The share of the cost, rounded half up to 10 yen (R7.7). Outside the bounds above: OUTCOME_INVALID. Pure. */
enum outcome MUST_CHECK limit_share(const struct limit_item *item, int64_t *share);

/* The ceiling of the month for such an item (R7.3, R7.4, R7.5). Outside the bounds above, of the amounts too: OUTCOME_INVALID. Pure. */
enum outcome MUST_CHECK limit_ceiling_of(const struct limit_amounts *amounts, const struct limit_item *item,
	const struct limit_month *month, struct limit_ceiling *ceiling);

/* What the patient pays (R7.7): the least of the share, the ceiling and the disease's ceiling, of those that there are. `ceiling` and `disease`
 * may be unknown. Pure. */
int64_t limit_patient_pays(int64_t share, struct optional_yen ceiling, struct optional_yen disease);

#endif
