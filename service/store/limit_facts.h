/* What a month's ceiling is made of: the amounts in force, and the ceiling months on record (R7.2, R7.11). */
#ifndef SHIKAKU_STORE_LIMIT_FACTS_H
#define SHIKAKU_STORE_LIMIT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "store/lane.h"

/* Yen that may be missing, as a column is. */
struct amount_column {
	bool known;
	int64_t yen;
};

/* The table in force; texts point into the result of the statement (see lane.h). */
struct limit_table_row {
	struct day first_month;
	struct optional_day last_month; /* unknown: until another begins */
	int version;
	struct slice source;
	struct slice note;
};

/* What it says of the category. */
struct limit_amounts_row {
	int64_t base;
	int64_t threshold;
	int rate_percent;
	struct amount_column multiple;
	struct amount_column outpatient;
	struct amount_column annual;
	struct amount_column annual_low_income;
	struct amount_column outpatient_annual;
};

/* The caller fills the first part and `question.answered`, then asks; the answer is in the rest. */
struct limit_facts_question {
	struct lane_question question; /* first: the lane hands this back */
	struct day care_month; /* its first day */
	struct slice category; /* A01 to B10; no value: the table alone */
	bool counts_months; /* of the membership's 記号・番号 */
	int64_t membership_id;
	int64_t known_at; /* microseconds since 1970 */

	bool has_table;
	struct limit_table_row table;
	bool has_amounts;
	struct limit_amounts_row amounts;
	int ceiling_months; /* distinct ones among the eleven before */
};

extern const struct question_kind limit_facts;

#endif
