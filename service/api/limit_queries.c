#include "api/limit_queries.h"

#include "api/check_exchange.h"
#include "api/check_fields.h"
#include "api/limit_answer.h"
#include "api/routes.h"

enum {
	CARE_MONTH = CHECK_FIELDS,
	TOTAL_MEDICAL_COST,
	CARE,
	PRIOR_CEILING_MONTHS,
	SPECIFIC_DISEASE,
	PAID_SO_FAR,
	REQUEST_FIELDS,
};

static const struct field request_fields[REQUEST_FIELDS] = {
	CHECK_FIELD_LINES,
	[CARE_MONTH] = { "care_month", FIELD_TEXT, true },
	[TOTAL_MEDICAL_COST] = { "total_medical_cost", FIELD_INTEGER, false },
	[CARE] = { "care", FIELD_TEXT, false },
	[PRIOR_CEILING_MONTHS] = { "prior_ceiling_months", FIELD_INTEGER, false },
	[SPECIFIC_DISEASE] = { "specific_disease", FIELD_TEXT, false },
	[PAID_SO_FAR] = { "paid_so_far", FIELD_INTEGER, false },
};

static int64_t decode_cost(const json_t *value, const char *pointer, struct field_errors *errors)
{
	return decode_integer(
		value, pointer, 0, LIMIT_COST_MAX, 0, "expected whole yen from 0 to 10000000000", errors);
}

static char decode_disease(const json_t *value, struct field_errors *errors)
{
	static const char *const diseases[] = { "1", "2", "3" };
	static const char codes[] = { '1', '2', '3' };
	int disease = decode_code(value, "/specific_disease", diseases, 3, -1, "expected 1, 2 or 3", errors);
	if (disease < 0)
		return '\0';
	return codes[disease];
}

/* 外来 and 入院 have ceilings of their own from 70 on (R7.4): without knowing which it is, no amount can be told. */
static void decode_care(json_t *const values[], struct month_asked *month, struct field_errors *errors)
{
	month->care = (enum care)decode_code(values[CARE], "/care", care_codes, CARES, CARE_OUTPATIENT,
		"expected inpatient or outpatient", errors);
	if (month->has_total && values[CARE] == NULL)
		field_errors_add(errors, "/care", FIELD_REQUIRED, "expected with total_medical_cost");
}

static void decode_amounts(json_t *const values[], struct month_asked *month, struct field_errors *errors)
{
	month->has_total = values[TOTAL_MEDICAL_COST] != NULL;
	month->total = decode_cost(values[TOTAL_MEDICAL_COST], "/total_medical_cost", errors);
	decode_care(values, month, errors);
	month->has_prior = values[PRIOR_CEILING_MONTHS] != NULL;
	month->prior_ceiling_months = (int)decode_integer(values[PRIOR_CEILING_MONTHS],
		"/prior_ceiling_months", 0, CEILING_MONTHS_MAX, 0, "expected 0 to 11", errors);
	month->disease = decode_disease(values[SPECIFIC_DISEASE], errors);
	month->paid_so_far.known = values[PAID_SO_FAR] != NULL;
	month->paid_so_far.amount = decode_cost(values[PAID_SO_FAR], "/paid_so_far", errors);
}

static void decode_days(json_t *const values[], struct check *check, struct field_errors *errors)
{
	struct check_question *question = &check->question;
	struct month_asked *month = &question->month;
	bool month_given = decode_month(values[CARE_MONTH], "/care_month", errors, &month->month);
	month->visit_given = decode_visit_date(values[CHECK_VISIT_DATE], check, errors, &question->visit);
	if (month_given && month->visit_given &&
		day_compare(day_first_of_month(question->visit), month->month) != 0)
		field_errors_add(errors, "/visit_date", FIELD_NOT_TOGETHER, "expected a day of care_month");
	if (month->visit_given)
		expect_born_by(question, question->visit, "/visit_date",
			"expected a day not before the birth date", errors);
	else if (month_given)
		expect_born_by(question, day_last_of_month(month->month), "/care_month",
			"expected a month not before the birth date", errors);
}

void limit_query_decode(json_t *body, struct check *check, struct field_errors *errors)
{
	struct check_question *question = &check->question;
	json_t *values[REQUEST_FIELDS];
	decode_fields(check->arena, body, "", request_fields, REQUEST_FIELDS, values, errors);
	decode_check_fields(values, check, errors);
	question->month.asked = true;
	decode_days(values, check, errors);
	decode_amounts(values, &question->month, errors);
}

static void start_query(struct exchange *exchange)
{
	check_exchange_start(exchange, limit_query_decode, limit_answer_write);
}

const struct route limit_queries_routes[] = {
	{ .method = "POST",
		.path = "/v1/limit-queries",
		.scope = SCOPE_TERMINAL,
		.body_max = 64 * KIB,
		.start = start_query },
	ROUTES_END,
};
