/* The service's answer to a limit query, understood or refused; as strict as a check's, because a wrong amount is asked of a patient. */
#ifndef SHIKAKU_TERMINAL_LIMIT_ANSWER_H
#define SHIKAKU_TERMINAL_LIMIT_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/outcome.h"
#include "terminal/decision.h"
#include "terminal/options.h"

/* Whole yen, or a count; not known where the answer says null. */
struct answer_number {
	bool known;
	int64_t value;
};

/* base + (total cost − threshold) × rate_percent %, in yen. */
struct limit_formula {
	int64_t base;
	int64_t threshold;
	int64_t rate_percent; /* 0: the base alone */
};

/* Which amounts were used, and where they come from. Its note is for who keeps the tables. Texts are borrowed, as sent. */
struct limit_table {
	struct day from; /* the first day of its first month */
	struct optional_day until; /* the first day of its last month */
	int64_t version;
	const char *source;
};

struct limit_answer {
	json_t *document; /* owned */
	struct decision decision;
	struct day care_month; /* its first day */
	int ratio_percent; /* 10, 20, 30; 0 where none is known */
	const char *category; /* NULL: not told, or not registered; then no label, formula and table either */
	const char *label;
	struct limit_formula formula;
	struct limit_table table;
	bool halved_month;
	bool multiple_months;
	bool has_multiple_months; /* whether it could be said */
	struct answer_number prior_ceiling_months;
	struct answer_number ceiling;
	struct answer_number outpatient_ceiling;
	struct answer_number specific_disease_ceiling;
	struct answer_number annual_ceiling;
	struct answer_number annual_ceiling_low_income;
	struct answer_number outpatient_annual_ceiling;
	struct answer_number patient_pays;
	struct answer_number pay_now;
};

/* OUTCOME_INVALID: not understood, and `why` (English, in the program's own memory) says what. `options` say what was asked. After
 * OUTCOME_OK the caller ends with limit_answer_free. */
enum outcome MUST_CHECK limit_answer_read(const char *body, size_t length, const struct options *options,
	struct limit_answer *answer, const char **why);

void limit_answer_free(struct limit_answer *answer);

#endif
