/* POST /v1/ceiling-months: that care of a month reached its ceiling, as a terminal or an insurer says (R7.11). */
#include "api/ceiling_months.h"

#include <string.h>

#include "api/answer.h"
#include "api/problems.h"
#include "api/routes.h"
#include "api/typed_keys.h"
#include "base/json.h"

#define ANSWER_BYTES_MAX ((size_t)1024)

enum { PERSON, MONTH, CARE, INSTITUTION_CODE, REQUEST_FIELDS };

static const struct field request_fields[REQUEST_FIELDS] = {
	[PERSON] = { "person", FIELD_OBJECT, true },
	[MONTH] = { "month", FIELD_TEXT, true },
	[CARE] = { "care", FIELD_TEXT, true },
	[INSTITUTION_CODE] = { "institution_code", FIELD_TEXT, false },
};

static void read_month(const json_t *value, struct day today, struct day *month, struct field_errors *errors)
{
	struct day first = day_from_civil((struct civil_date){ 2015, 1, 1 });
	if (decode_month(value, "/month", errors, month) &&
		(day_compare(*month, first) < 0 || day_compare(*month, today) > 0))
		field_errors_add(errors, "/month", FIELD_OUT_OF_RANGE,
			"expected a month from 2015-01 on that has begun");
}

/* An institution speaks for itself alone; an insurer of whichever institution it knows it from, if any. */
static struct slice read_institution(
	const json_t *value, const struct principal *principal, struct field_errors *errors)
{
	struct slice code = decode_text(value, "/institution_code", errors);
	if (principal->scope == SCOPE_TERMINAL) {
		if (code.at != NULL && !slice_is(code, principal->owner))
			field_errors_add(errors, "/institution_code", FIELD_NOT_ACCEPTED,
				"none but the one that the token belongs to");
		return slice_of(principal->owner);
	}
	if (code.at != NULL && !institution_code_is_shaped(code.at, code.length))
		field_errors_add(errors, "/institution_code", FIELD_WRONG_FORM, "expected 10 digits");
	return code;
}

void ceiling_month_decode(struct arena *arena, json_t *body, struct day today,
	const struct principal *principal, struct ceiling_month_wish *wish, struct field_errors *errors)
{
	json_t *values[REQUEST_FIELDS];
	decode_fields(arena, body, "", request_fields, REQUEST_FIELDS, values, errors);
	if (values[PERSON] != NULL)
		decode_person(arena, values[PERSON], today, errors, &wish->person);
	read_month(values[MONTH], today, &wish->month, errors);
	wish->care = (enum care)decode_code(values[CARE], "/care", care_codes, CARES, CARE_OUTPATIENT,
		"expected inpatient or outpatient", errors);
	wish->institution_code = read_institution(values[INSTITUTION_CODE], principal, errors);
}

static void answer_month(struct request *request, int status, const struct ceiling_month_row *row)
{
	struct text out;
	text_open(&out, &request->arena, ANSWER_BYTES_MAX, ANSWER_BYTES_MAX);
	struct json_writer json = { .out = &out };
	char id[UUID_TEXT_SIZE];
	char month[MONTH_TEXT_SIZE];
	char reported_at[INSTANT_TEXT_SIZE];
	uuid_format(row->ceiling_month_id, id);
	month_format(row->month, month);
	instant_format(row->reported_at, reported_at);
	json_open_object(&json);
	json_put_key(&json, "ceiling_month_id");
	json_put_terminated(&json, id);
	json_put_key(&json, "month");
	json_put_terminated(&json, month);
	json_put_key(&json, "counts");
	json_put_boolean(&json, row->counts);
	json_put_key(&json, "institution_code");
	json_put_slice(&json, row->institution_code);
	json_put_key(&json, "reported_at");
	json_put_slice(&json, (struct slice){ reported_at, INSTANT_TEXT_SIZE - 1 });
	json_close_object(&json);
	if (out.failed)
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
	else
		answer_uncached(request, status, "application/json", text_slice(&out));
}

static void answer_not_covered(struct request *request)
{
	struct field_errors errors = { .count = 0 };
	field_errors_add(&errors, "/month", FIELD_OUT_OF_RANGE,
		"expected a month of which the membership covers a day");
	problem_answer_fields(request, &errors);
}

static void answer_what_was_said(struct request *request, const struct ceiling_month *report)
{
	switch (report->said) {
	case CEILING_MONTH_REPORTED:
		answer_month(request, 201, report->row);
		return;
	case CEILING_MONTH_ON_RECORD:
		answer_month(request, 200, report->row);
		return;
	case CEILING_MONTH_NO_MEMBER:
		problem_answer(request, PROBLEM_NO_SUCH_MEMBER, NULL);
		return;
	case CEILING_MONTH_SEVERAL_MEMBERS:
		problem_answer(request, PROBLEM_SEVERAL_MEMBERS_MATCH, NULL);
		return;
	case CEILING_MONTH_NOT_COVERED:
		answer_not_covered(request);
		return;
	}
}

static void report_finished(struct ceiling_month *report, enum outcome outcome)
{
	struct request *request = report->owner;
	if (outcome == OUTCOME_OK)
		answer_what_was_said(request, report);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}

static bool may_report_of(const struct principal *principal, const struct typed_keys *person)
{
	return principal->scope != SCOPE_INSURER || strcmp(person->insurer_number, principal->owner) == 0;
}

static void start_reporting(struct exchange *exchange)
{
	struct request *request = exchange->request;
	json_t *body = decode_body(request);
	if (body == NULL)
		return;
	struct ceiling_month *report = arena_take(&request->arena, sizeof *report);
	if (report == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	report->cases = &exchange->application->cases;
	report->arena = &request->arena;
	report->now = loop_now(exchange->application->loop);
	report->principal = exchange->principal;
	report->finished = report_finished;
	report->owner = request;
	struct field_errors errors = { .count = 0 };
	ceiling_month_decode(&request->arena, body, day_in_japan(report->now.wall), &report->principal,
		&report->wish, &errors);
	if (field_errors_any(&errors)) {
		problem_answer_fields(request, &errors);
		return;
	}
	if (!may_report_of(&report->principal, &report->wish.person)) {
		problem_answer(request, PROBLEM_NOT_YOUR_INSURER, NULL);
		return;
	}
	request_hold(request);
	ceiling_month_report(report);
}

const struct route ceiling_months_routes[] = {
	{ .method = "POST",
		.path = "/v1/ceiling-months",
		.scope = SCOPE_TERMINAL,
		.other_scope = SCOPE_INSURER,
		.body_max = 16 * KIB,
		.start = start_reporting },
	ROUTES_END,
};
