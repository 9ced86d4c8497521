/* GET and PUT /v1/insurers/{insurer_number}: what an insurer keeps of itself, for its papers (R15). */
#include "api/decode.h"
#include "api/insurer_answer.h"
#include "api/insurer_path.h"
#include "api/routes.h"
#include "api/spelled_value.h"
#include "api/version.h"
#include "rules/identifiers.h"
#include "rules/seal.h"
#include "trust/base64.h"

#define SEAL_TEXT_MAX ((SEAL_BYTES_MAX + 2) / 3 * 4)
#define CERTIFICATE_MONTHS_MAX 60 /* R10.2 */

enum {
	NAME,
	ISSUER_NAME,
	PREFECTURE,
	POSTAL_CODE,
	ADDRESS,
	CONTACT,
	SEAL,
	CERTIFICATE_FORM,
	CERTIFICATE_MONTHS,
	CERTIFICATE_LAST_DAY,
	NOTICE_POLICY,
	/* As GET gives them; nobody changes them by that. */
	INSURER_NUMBER,
	PRINTED_NUMBER,
	CHANGED_AT,
	INSURER_FIELDS
};

static const struct field insurer_fields[INSURER_FIELDS] = {
	[NAME] = { "name", FIELD_TEXT, true },
	[ISSUER_NAME] = { "issuer_name", FIELD_TEXT, false },
	[PREFECTURE] = { "prefecture", FIELD_TEXT, false },
	[POSTAL_CODE] = { "postal_code", FIELD_TEXT, false },
	[ADDRESS] = { "address", FIELD_TEXT, false },
	[CONTACT] = { "contact", FIELD_TEXT, false },
	[SEAL] = { "seal", FIELD_TEXT, false },
	[CERTIFICATE_FORM] = { "certificate_form", FIELD_TEXT, false },
	[CERTIFICATE_MONTHS] = { "certificate_months", FIELD_INTEGER, false },
	[CERTIFICATE_LAST_DAY] = { "certificate_last_day", FIELD_TEXT, false },
	[NOTICE_POLICY] = { "notice_policy", FIELD_TEXT, false },
	[INSURER_NUMBER] = { "insurer_number", FIELD_TEXT, false },
	[PRINTED_NUMBER] = { "printed_number", FIELD_TEXT, false },
	[CHANGED_AT] = { "changed_at", FIELD_TEXT, false },
};

static struct slice decode_line(
	struct arena *arena, const json_t *value, const char *pointer, struct field_errors *errors)
{
	return decode_spelled(
		arena, value, pointer, MEMBER_ADDRESS, "expected one line of at most 200 characters", errors);
}

static void decode_own_number(const json_t *value, const char *insurer_number, struct field_errors *errors)
{
	char number[INSURER_NUMBER_DIGITS + 1];
	struct slice text = decode_text(value, "/insurer_number", errors);
	if (text.at != NULL && (insurer_number_normalise(text.at, text.length, number) != OUTCOME_OK ||
				       strcmp(number, insurer_number) != 0))
		field_errors_add(
			errors, "/insurer_number", FIELD_NOT_ONE_OF, "expected the number of the path");
}

/* As base64 still: the database decodes it again, for less than what binary parameters would take here. */
static struct slice decode_seal(struct arena *arena, const json_t *value, struct field_errors *errors)
{
	static const char pointer[] = "/seal";
	const struct slice none = { NULL, 0 };
	struct slice text = decode_text(value, pointer, errors);
	struct slice bytes = none;
	if (text.at == NULL)
		return none;
	if (text.length > SEAL_TEXT_MAX) {
		field_errors_add(errors, pointer, FIELD_TOO_LONG, "expected a PNG of at most 64 KiB");
		return none;
	}
	switch (base64_decode(arena, text, &bytes)) {
	case OUTCOME_OK:
		if (seal_is_a_small_png(bytes))
			return text;
		break;
	case OUTCOME_NO_MEMORY:
		errors->no_memory = true;
		return none;
	default:
		break;
	}
	field_errors_add(errors, pointer, FIELD_WRONG_FORM,
		"expected a PNG of at most 64 KiB and 2048 pixels a side, as base64 with padding on one "
		"line");
	return none;
}

/* MM-DD, a day that every year has. */
static struct slice decode_last_day(const json_t *value, struct field_errors *errors)
{
	static const char pointer[] = "/certificate_last_day";
	char in_a_common_year[] = "2023-MM-DD";
	struct day day;
	struct slice text = decode_text(value, pointer, errors);
	if (text.at == NULL)
		return text;
	if (text.length == 5) {
		memcpy(in_a_common_year + 5, text.at, 5);
		if (day_parse(in_a_common_year, sizeof in_a_common_year - 1, &day) == OUTCOME_OK)
			return text;
	}
	field_errors_add(errors, pointer, FIELD_WRONG_FORM, "expected MM-DD, a day that every year has");
	return (struct slice){ NULL, 0 };
}

static void decode_insurer(struct arena *arena, json_t *body, const char *insurer_number,
	struct insurer_values *insurer, struct field_errors *errors)
{
	static const char *const forms[] = { NULL, "employees", "national", "late_elderly" };
	static const char *const policies[] = { "linked", "all" };
	json_t *values[INSURER_FIELDS];
	decode_fields(arena, body, "", insurer_fields, INSURER_FIELDS, values, errors);
	decode_own_number(values[INSURER_NUMBER], insurer_number, errors);
	insurer->name = decode_line(arena, values[NAME], "/name", errors);
	insurer->issuer_name = decode_line(arena, values[ISSUER_NAME], "/issuer_name", errors);
	insurer->prefecture = decode_line(arena, values[PREFECTURE], "/prefecture", errors);
	insurer->postal_code = decode_spelled(arena, values[POSTAL_CODE], "/postal_code", MEMBER_POSTAL_CODE,
		"expected 7 digits, with or without - after the third", errors);
	insurer->address = decode_line(arena, values[ADDRESS], "/address", errors);
	insurer->contact = decode_line(arena, values[CONTACT], "/contact", errors);
	insurer->seal = decode_seal(arena, values[SEAL], errors);
	int form = decode_code(values[CERTIFICATE_FORM], "/certificate_form", forms,
		sizeof forms / sizeof *forms, 0, "expected employees, national or late_elderly, or null",
		errors);
	if (forms[form] != NULL)
		insurer->certificate_form = slice_of(forms[form]);
	insurer->certificate_months = decode_integer(values[CERTIFICATE_MONTHS], "/certificate_months", 1,
		CERTIFICATE_MONTHS_MAX, CERTIFICATE_MONTHS_MAX, "expected 1 to 60 months", errors);
	insurer->certificate_last_day = decode_last_day(values[CERTIFICATE_LAST_DAY], errors);
	insurer->notice_policy = slice_of(policies[decode_code(values[NOTICE_POLICY], "/notice_policy",
		policies, sizeof policies / sizeof *policies, 0, "expected all or linked", errors)]);
}

static void insurer_finished(struct insurer_record *record, enum outcome outcome)
{
	/* A token without its insurer cannot be stored. */
	insurer_record_answer(record, outcome, PROBLEM_INTERNAL);
}

static struct insurer_record *begin(struct exchange *exchange)
{
	const char *insurer_number = insurer_of_path(exchange);
	struct insurer_record *record =
		insurer_number == NULL ? NULL : insurer_record_begin(exchange, insurer_number);
	if (record != NULL)
		record->finished = insurer_finished;
	return record;
}

static void start_finding(struct exchange *exchange)
{
	struct insurer_record *record = begin(exchange);
	if (record == NULL)
		return;
	request_hold(exchange->request);
	insurer_find(record);
}

static void start_putting(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct field_errors errors = { .count = 0 };
	struct insurer_record *record = begin(exchange);
	json_t *body = record == NULL ? NULL : decode_body(request);
	if (body == NULL || !version_read_if_match(request, &record->question.wanted))
		return;
	decode_insurer(&request->arena, body, exchange->principal.owner, &record->question.insurer, &errors);
	if (field_errors_any(&errors)) {
		problem_answer_fields(request, &errors);
		return;
	}
	request_hold(request);
	insurer_put(record);
}

const struct route insurers_routes[] = {
	{ .method = "GET",
		.path = "/v1/insurers/{insurer_number}",
		.scope = SCOPE_INSURER,
		.start = start_finding },
	{ .method = "PUT",
		.path = "/v1/insurers/{insurer_number}",
		.scope = SCOPE_INSURER,
		.body_max = 128 * KIB,
		.start = start_putting },
	ROUTES_END,
};
