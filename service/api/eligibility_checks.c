#include "api/eligibility_checks.h"

#include <stddef.h>
#include <string.h>

#include "api/answer.h"
#include "api/card_fields.h"
#include "api/eligibility_answer.h"
#include "api/problems.h"
#include "api/routes.h"
#include "api/typed_keys.h"
#include "base/json.h"

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

enum { KIND = TYPED_KEY_FIELDS, DOCUMENT_FIELDS };

static const struct field document_fields[DOCUMENT_FIELDS] = {
	TYPED_KEY_LINES,
	[KIND] = { "kind", FIELD_TEXT, true },
};

static const char *const document_pointers[TYPED_KEY_FIELDS] = TYPED_KEY_POINTERS("/presented");

enum {
	LIMIT_INFORMATION,
	SURGERIES,
	DIAGNOSES_MEDICINES,
	HEALTH_CHECKUPS,
	SPECIFIC_DISEASES,
	CONSENT_FIELDS,
};

static const struct field consent_fields[CONSENT_FIELDS] = {
	[LIMIT_INFORMATION] = { "limit_information", FIELD_BOOLEAN, false },
	[SURGERIES] = { "surgeries", FIELD_BOOLEAN, false },
	[DIAGNOSES_MEDICINES] = { "diagnoses_medicines", FIELD_BOOLEAN, false },
	[HEALTH_CHECKUPS] = { "health_checkups", FIELD_BOOLEAN, false },
	[SPECIFIC_DISEASES] = { "specific_diseases", FIELD_BOOLEAN, false },
};

static void decode_document(
	struct arena *arena, json_t *presented, struct check_question *question, struct field_errors *errors)
{
	json_t *values[DOCUMENT_FIELDS];
	decode_fields(arena, presented, "/presented", document_fields, DOCUMENT_FIELDS, values, errors);
	question->shown.kind = (enum presented_kind)decode_code(values[KIND], "/presented/kind",
		presented_kind_codes, PRESENTED_KINDS, 0,
		"expected card, qualification_notice, portal_record, eligibility_certificate or "
		"insurance_card",
		errors);
	decode_typed_keys(arena, values, document_pointers, errors, &question->keys);
}

/* A card has other fields than a document: those of the one are unknown beside the other. */
static void decode_presented(
	struct arena *arena, json_t *presented, struct check_question *question, struct field_errors *errors)
{
	const json_t *kind = json_object_get(presented, "kind");
	if (json_is_string(kind) &&
		strcmp(json_string_value(kind), presented_kind_codes[PRESENTED_CARD]) == 0) {
		question->shown.kind = PRESENTED_CARD;
		decode_card_shown(arena, presented, &question->card, errors);
	} else {
		decode_document(arena, presented, question, errors);
	}
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
	if (question->keys.birth_date.known &&
		day_compare(question->keys.birth_date.day, question->visit) > 0) {
		bool asked = values[VISIT_DATE] != NULL;
		field_errors_add(errors, asked ? "/visit_date" : document_pointers[TYPED_BIRTH_DATE],
			FIELD_OUT_OF_RANGE,
			asked ? "expected a day not before the birth date"
			      : "expected a day not after today");
	}
	question->has_known_at = decode_instant(values[KNOWN_AT], "/known_at", errors, &question->known_at);
	if (question->has_known_at && question->known_at > check->now.wall)
		field_errors_add(errors, "/known_at", FIELD_OUT_OF_RANGE, "expected a time that has passed");
}

static void decode_consents(
	struct arena *arena, json_t *object, struct consents *consents, struct field_errors *errors)
{
	json_t *values[CONSENT_FIELDS];
	decode_fields(arena, object, "/consents", consent_fields, CONSENT_FIELDS, values, errors);
	*consents = (struct consents){
		.limit_information = decode_boolean(values[LIMIT_INFORMATION]),
		.surgeries = decode_boolean(values[SURGERIES]),
		.diagnoses_medicines = decode_boolean(values[DIAGNOSES_MEDICINES]),
		.health_checkups = decode_boolean(values[HEALTH_CHECKUPS]),
		.specific_diseases = decode_boolean(values[SPECIFIC_DISEASES]),
	};
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

void eligibility_check_decode(json_t *body, struct check *check, struct field_errors *errors)
{
	static const char *const settings[] = {
		[SETTING_STANDARD] = "standard", [SETTING_SCHOOL] = "school"
	};
	struct check_question *question = &check->question;
	json_t *values[REQUEST_FIELDS];
	decode_fields(check->arena, body, "", request_fields, REQUEST_FIELDS, values, errors);
	if (values[PRESENTED] != NULL)
		decode_presented(check->arena, values[PRESENTED], question, errors);
	decode_times(values, check, question, errors);
	question->shown.setting = (enum setting)decode_code(values[SETTING], "/setting", settings, 2,
		SETTING_STANDARD, "expected standard or school", errors);
	question->shown.with_card = decode_boolean(values[WITH_CARD]);
	if (values[CONSENTS] != NULL)
		decode_consents(check->arena, values[CONSENTS], &question->consents, errors);
	decode_reference_number(values[REFERENCE_NUMBER], errors);
}

static void check_finished(struct check *check, enum outcome outcome)
{
	struct check_exchange *own = check->owner;
	struct request *request = own->exchange->request;
	if (outcome == OUTCOME_OK) {
		answer_uncached(request, 200, "application/json", check->bytes);
	} else if (outcome == OUTCOME_REFUSED) {
		problem_answer(request, problem_of_card_refusal(check->proof.refusal), NULL);
	} else {
		problem_answer(request, problem_of(outcome), NULL);
	}
	request_let_go(request);
}

static void start_check(struct exchange *exchange)
{
	struct request *request = exchange->request;
	json_t *body = decode_body(request);
	if (body == NULL)
		return;
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
	memcpy(check->check_id, request->id, UUID_BYTES);
	check->write = eligibility_answer_write;
	check->finished = check_finished;
	check->owner = own;
	struct field_errors errors = { .count = 0 };
	eligibility_check_decode(body, check, &errors);
	if (field_errors_any(&errors)) {
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
