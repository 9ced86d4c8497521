#include "api/eligibility_checks.h"

#include "api/check_exchange.h"
#include "api/check_fields.h"
#include "api/eligibility_answer.h"
#include "api/routes.h"

static const struct field request_fields[CHECK_FIELDS] = { CHECK_FIELD_LINES };

void eligibility_check_decode(json_t *body, struct check *check, struct field_errors *errors)
{
	struct check_question *question = &check->question;
	json_t *values[CHECK_FIELDS];
	decode_fields(check->arena, body, "", request_fields, CHECK_FIELDS, values, errors);
	decode_check_fields(values, check, errors);
	question->visit = day_in_japan(check->now.wall);
	decode_visit_date(values[CHECK_VISIT_DATE], check, errors, &question->visit);
	if (values[CHECK_VISIT_DATE] != NULL)
		expect_born_by(question, question->visit, "/visit_date",
			"expected a day not before the birth date", errors);
	else
		expect_born_by(question, question->visit, CHECK_BIRTH_DATE_POINTER,
			"expected a day not after today", errors);
}

static void start_check(struct exchange *exchange)
{
	check_exchange_start(exchange, eligibility_check_decode, eligibility_answer_write);
}

const struct route eligibility_checks_routes[] = {
	{ .method = "POST",
		.path = "/v1/eligibility-checks",
		.scope = SCOPE_TERMINAL,
		.body_max = 64 * KIB,
		.start = start_check },
	ROUTES_END,
};
