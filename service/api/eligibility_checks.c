/* POST /v1/eligibility-checks: the main job. */
#include <stddef.h>
#include <string.h>

#include "api/answer.h"
#include "api/decode.h"
#include "api/problems.h"
#include "api/routes.h"
#include "api/typed_keys.h"
#include "base/json.h"

#define ANSWER_FIRST_BYTES 2048
#define ANSWER_BYTES_MAX ((size_t)64 * 1024)
#define REFERENCE_NUMBER_MAX 64

struct check_exchange {
	struct exchange *exchange;
	struct check check;
};

enum { VISIT_DATE, KNOWN_AT, SETTING, WITH_CARD, PRESENTED, CONSENTS, REFERENCE_NUMBER, REQUEST_FIELDS };

static const struct field request_fields[REQUEST_FIELDS] = {
	[VISIT_DATE] = { "visit_date", FIELD_TEXT, false },
	[KNOWN_AT] = { "known_at", FIELD_TEXT, false },
	[SETTING] = { "setting", FIELD_TEXT, false },
	[WITH_CARD] = { "with_card", FIELD_BOOLEAN, false },
	[PRESENTED] = { "presented", FIELD_OBJECT, true },
	[CONSENTS] = { "consents", FIELD_OBJECT, false },
	[REFERENCE_NUMBER] = { "reference_number", FIELD_TEXT, false },
};

enum { KIND, INSURER_NUMBER, SYMBOL, NUMBER, BRANCH_NUMBER, BIRTH_DATE, PRESENTED_FIELDS };

static const struct field presented_fields[PRESENTED_FIELDS] = {
	[KIND] = { "kind", FIELD_TEXT, true },
	[INSURER_NUMBER] = { "insurer_number", FIELD_TEXT, true },
	[SYMBOL] = { "symbol", FIELD_TEXT, false },
	[NUMBER] = { "number", FIELD_TEXT, true },
	[BRANCH_NUMBER] = { "branch_number", FIELD_TEXT, false },
	[BIRTH_DATE] = { "birth_date", FIELD_TEXT, true },
};

#define CONSENT_FIELDS 5

static const struct field consent_fields[CONSENT_FIELDS] = {
	{ "limit_information", FIELD_BOOLEAN, false },
	{ "surgeries", FIELD_BOOLEAN, false },
	{ "diagnoses_medicines", FIELD_BOOLEAN, false },
	{ "health_checkups", FIELD_BOOLEAN, false },
	{ "specific_diseases", FIELD_BOOLEAN, false },
};

static void decode_presented(
	struct arena *arena, json_t *presented, struct check_question *question, struct field_errors *errors)
{
	/* By enum presented_kind; a card is not taken yet. */
	static const char *const kinds[] = {
		[PRESENTED_QUALIFICATION_NOTICE] = "qualification_notice",
		[PRESENTED_PORTAL_RECORD] = "portal_record",
		[PRESENTED_ELIGIBILITY_CERTIFICATE] = "eligibility_certificate",
		[PRESENTED_INSURANCE_CARD] = "insurance_card",
	};
	json_t *values[PRESENTED_FIELDS];
	decode_fields(arena, presented, "/presented", presented_fields, PRESENTED_FIELDS, values, errors);
	question->shown.kind = (enum presented_kind)decode_code(values[KIND], "/presented/kind", kinds,
		sizeof kinds / sizeof *kinds, 0,
		"expected qualification_notice, portal_record, eligibility_certificate or insurance_card",
		errors);
	decode_insurer_number(
		values[INSURER_NUMBER], "/presented/insurer_number", errors, question->insurer_number);
	question->symbol_key = decode_key(arena, values[SYMBOL], "/presented/symbol", errors);
	question->number_key = decode_key(arena, values[NUMBER], "/presented/number", errors);
	question->branch_number =
		decode_branch(arena, values[BRANCH_NUMBER], "/presented/branch_number", errors);
	static const char born[] = "/presented/birth_date";
	if (!decode_day(values[BIRTH_DATE], born, errors, &question->birth_date) ||
		values[BIRTH_DATE] == NULL)
		question->birth_date = (struct day){ INT32_MIN };
}

static void decode_times(json_t *const values[], const struct check *check, struct check_question *question,
	struct field_errors *errors)
{
	struct day today = day_in_japan(check->now.wall);
	question->visit = today;
	if (decode_day(values[VISIT_DATE], "/visit_date", errors, &question->visit)) {
		if (day_compare(question->visit, day_plus(today, VISIT_DAYS_AHEAD)) > 0)
			field_errors_add(
				errors, "/visit_date", FIELD_OUT_OF_RANGE, "expected at most 31 days ahead");
	}
	if (question->birth_date.number != INT32_MIN &&
		day_compare(question->birth_date, question->visit) > 0) {
		bool asked = values[VISIT_DATE] != NULL;
		field_errors_add(errors, asked ? "/visit_date" : "/presented/birth_date", FIELD_OUT_OF_RANGE,
			asked ? "expected a day not before the birth date"
			      : "expected a day not after today");
	}
	question->has_known_at = decode_instant(values[KNOWN_AT], "/known_at", errors, &question->known_at);
	if (question->has_known_at && question->known_at > check->now.wall)
		field_errors_add(errors, "/known_at", FIELD_OUT_OF_RANGE, "expected a time that has passed");
}

static void decode_reference_number(const json_t *value, struct field_errors *errors)
{
	struct slice text = decode_text(value, "/reference_number", errors);
	if (text.at == NULL)
		return;
	size_t characters = 0;
	for (size_t i = 0; i < text.length; i++)
		characters += ((unsigned char)text.at[i] & 0xc0) != 0x80;
	if (characters < 1 || characters > REFERENCE_NUMBER_MAX)
		field_errors_add(errors, "/reference_number",
			characters < 1 ? FIELD_WRONG_FORM : FIELD_TOO_LONG, "expected 1 to 64 characters");
}

static void decode_check(json_t *body, struct check *check, struct field_errors *errors)
{
	static const char *const settings[] = {
		[SETTING_STANDARD] = "standard", [SETTING_SCHOOL] = "school"
	};
	struct check_question *question = &check->question;
	json_t *values[REQUEST_FIELDS];
	json_t *consents[CONSENT_FIELDS];
	decode_fields(check->arena, body, "", request_fields, REQUEST_FIELDS, values, errors);
	question->birth_date = (struct day){ INT32_MIN };
	if (values[PRESENTED] != NULL)
		decode_presented(check->arena, values[PRESENTED], question, errors);
	decode_times(values, check, question, errors);
	question->shown.setting = (enum setting)decode_code(values[SETTING], "/setting", settings, 2,
		SETTING_STANDARD, "expected standard or school", errors);
	question->shown.with_card = decode_boolean(values[WITH_CARD]);
	if (values[CONSENTS] != NULL)
		decode_fields(check->arena, values[CONSENTS], "/consents", consent_fields, CONSENT_FIELDS,
			consents, errors);
	decode_reference_number(values[REFERENCE_NUMBER], errors);
}

static void put_day(struct json_writer *json, const char *key, struct optional_day day)
{
	json_put_key(json, key);
	if (!day.known) {
		json_put_null(json);
		return;
	}
	char text[DAY_TEXT_SIZE];
	day_format(day.day, text);
	json_put_slice(json, (struct slice){ text, DAY_TEXT_SIZE - 1 });
}

static void put_slice(struct json_writer *json, const char *key, struct slice value)
{
	json_put_key(json, key);
	json_put_slice(json, value);
}

static void put_code_and_text(struct json_writer *json, const char *code, const char *words)
{
	json_open_object(json);
	json_put_key(json, "code");
	json_put_terminated(json, code);
	json_put_key(json, "text");
	json_put_terminated(json, words);
	json_close_object(json);
}

static void put_reasons(struct json_writer *json, const struct check_answer *answer)
{
	json_put_key(json, "reasons");
	json_open_array(json);
	for (int i = 0; i < REASON_COUNT; i++) {
		if (reason_in(answer->reasons, (enum reason)i))
			put_code_and_text(json, reason_code((enum reason)i), reason_words((enum reason)i));
	}
	json_close_array(json);
	json_put_key(json, "next_actions");
	json_open_array(json);
	for (int i = 0; i < NEXT_ACTION_COUNT; i++) {
		if (next_action_in(answer->next_actions, (enum next_action)i))
			put_code_and_text(json, next_action_code((enum next_action)i),
				next_action_words((enum next_action)i));
	}
	json_close_array(json);
}

static void put_qualification(struct json_writer *json, const struct check_answer *answer)
{
	const struct standing *standing = answer->standing;
	const struct slice nothing = { NULL, 0 };
	json_put_key(json, "qualification");
	if (standing == NULL) {
		json_put_null(json);
		return;
	}
	json_open_object(json);
	put_slice(json, "insurer_number", standing->insurer_number);
	put_slice(json, "insurer_name", standing->insurer_name);
	put_slice(json, "symbol", standing->symbol);
	put_slice(json, "number", standing->number);
	put_slice(json, "branch_number", standing->branch_number);
	put_slice(json, "relationship", standing->relationship);
	put_slice(json, "insured_name", standing->insured_name);
	put_slice(json, "name", standing->name);
	put_slice(json, "name_kana", standing->name_kana);
	put_slice(json, "name_other", standing->name_other);
	put_slice(json, "sex", standing->sex);
	put_slice(json, "sex_on_face", standing->sex_on_face);
	put_day(json, "birth_date", (struct optional_day){ true, standing->birth_date });
	put_slice(json, "address", standing->non_disclosure ? nothing : standing->address); /* R14 */
	put_day(json, "acquired_on", (struct optional_day){ true, standing->acquired_on });
	put_day(json, "lost_on", answer->cover.ends_on);
	put_slice(json, "loss_reason", standing->loss_reason);
	json_close_object(json);
}

static void put_copayment(struct json_writer *json, const struct check_answer *answer)
{
	static const char *const bases[] = {
		[COPAYMENT_STANDARD] = "standard",
		[COPAYMENT_PRESCHOOL] = "preschool",
		[COPAYMENT_ELDERLY] = "elderly",
		[COPAYMENT_LATE_ELDERLY] = "late_elderly",
	};
	json_put_key(json, "copayment");
	if (!answer->has_copayment) {
		json_put_null(json);
		return;
	}
	json_open_object(json);
	json_put_key(json, "ratio_percent");
	if (answer->copayment.percent == 0)
		json_put_null(json);
	else
		json_put_number(json, answer->copayment.percent);
	json_put_key(json, "basis");
	json_put_terminated(json, bases[answer->copayment.basis]);
	put_day(json, "valid_from", answer->copayment.valid.first);
	put_day(json, "valid_until", answer->copayment.valid.last);
	json_close_object(json);
}

/* R12.1: medical information needs the card; typed keys never open it. */
#define NOT_GRANTED "{\"granted\":false,\"until\":null,\"reason\":\"consent_needs_card\"}"
static const char consents_by_keys[] =
	"{\"surgeries\":" NOT_GRANTED ",\"diagnoses_medicines\":" NOT_GRANTED
	",\"health_checkups\":" NOT_GRANTED ",\"specific_diseases\":" NOT_GRANTED "}";

static enum outcome write_answer(struct check *check, struct slice *bytes)
{
	const struct check_answer *answer = &check->answer;
	struct text out;
	text_open(&out, check->arena, ANSWER_FIRST_BYTES, ANSWER_BYTES_MAX);
	struct json_writer json = { .out = &out };
	char instant[INSTANT_TEXT_SIZE];
	const struct check_exchange *own = check->owner;
	instant_format(answer->checked_at, instant);
	json_open_object(&json);
	put_slice(&json, "check_id", (struct slice){ own->exchange->request->id_text, UUID_TEXT_SIZE - 1 });
	put_slice(&json, "checked_at", (struct slice){ instant, INSTANT_TEXT_SIZE - 1 });
	put_day(&json, "visit_date", (struct optional_day){ true, check->question.visit });
	json_put_key(&json, "validity");
	json_put_terminated(&json, validity_code(answer->validity));
	json_put_key(&json, "accepted");
	json_put_boolean(&json, answer->accepted);
	json_put_key(&json, "scope");
	json_put_terminated(&json, answer->accepted ? "full" : NULL);
	put_reasons(&json, answer);
	put_qualification(&json, answer);
	put_copayment(&json, answer);
	text_put_terminated(&out, ",\"limit\":null,\"specific_diseases\":null,\"consents\":");
	text_put_terminated(&out, consents_by_keys);
	text_put_terminated(&out, ",\"receipt\":null}");
	*bytes = text_slice(&out);
	return out.failed ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

static void check_finished(struct check *check, enum outcome outcome)
{
	struct check_exchange *own = check->owner;
	struct request *request = own->exchange->request;
	if (outcome == OUTCOME_OK) {
		answer_uncached(request, 200, "application/json", check->bytes);
	} else {
		problem_answer(request, problem_of(outcome), NULL);
	}
	request_let_go(request);
}

static void refuse_json(struct request *request, enum json_fault fault, const char *where)
{
	enum problem problem = fault == JSON_FAULT_DUPLICATE_KEY ? PROBLEM_DUPLICATE_KEY
			       : fault == JSON_FAULT_UTF8        ? PROBLEM_BAD_UTF8
								 : PROBLEM_NOT_JSON;
	problem_answer(request, problem, where);
}

static void start_check(struct exchange *exchange)
{
	struct request *request = exchange->request;
	json_t *body = NULL;
	enum json_fault fault = JSON_FAULT_NONE;
	const char *where = NULL;
	if (json_read_object(&request->arena, request->body, &body, &fault, &where) != OUTCOME_OK) {
		if (fault == JSON_FAULT_NONE)
			problem_answer(request, PROBLEM_OVERLOADED, NULL);
		else
			refuse_json(request, fault, where);
		return;
	}
	struct check_exchange *own = arena_take(&request->arena, sizeof *own);
	if (own == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	own->exchange = exchange;
	struct check *check = &own->check;
	check->cases = &exchange->application->cases;
	check->arena = &request->arena;
	check->now = loop_now(exchange->application->loop);
	check->principal = exchange->principal;
	memcpy(check->check_id, request->id, UUID_SIZE);
	check->write = write_answer;
	check->finished = check_finished;
	check->owner = own;
	struct field_errors errors = { .count = 0 };
	decode_check(body, check, &errors);
	if (errors.count > 0) {
		problem_answer_fields(request, &errors);
		return;
	}
	request_hold(request);
	check_begin(check);
}

const struct route eligibility_checks_routes[] = {
	{ .method = "POST",
		.path = "/v1/eligibility-checks",
		.scope = SCOPE_TERMINAL,
		.body_max = 64 * KIB,
		.start = start_check },
	ROUTES_END,
};
