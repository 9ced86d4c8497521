#include "api/check_fields.h"

#include <string.h>

#include "api/card_fields.h"

#define REFERENCE_NUMBER_MAX 64

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
	size_t characters = slice_characters(text);
	if (characters < 1 || characters > REFERENCE_NUMBER_MAX)
		field_errors_add(errors, "/reference_number",
			characters < 1 ? FIELD_WRONG_FORM : FIELD_TOO_LONG, "expected 1 to 64 characters");
}

void decode_check_fields(json_t *const values[], struct check *check, struct field_errors *errors)
{
	static const char *const settings[] = {
		[SETTING_STANDARD] = "standard", [SETTING_SCHOOL] = "school"
	};
	struct check_question *question = &check->question;
	if (values[CHECK_PRESENTED] != NULL)
		decode_presented(check->arena, values[CHECK_PRESENTED], question, errors);
	question->has_known_at =
		decode_instant(values[CHECK_KNOWN_AT], "/known_at", errors, &question->known_at);
	if (question->has_known_at && question->known_at > check->now.wall)
		field_errors_add(errors, "/known_at", FIELD_OUT_OF_RANGE, "expected a time that has passed");
	question->shown.setting = (enum setting)decode_code(values[CHECK_SETTING], "/setting", settings, 2,
		SETTING_STANDARD, "expected standard or school", errors);
	question->shown.with_card = decode_boolean(values[CHECK_WITH_CARD]);
	if (values[CHECK_CONSENTS] != NULL)
		decode_consents(check->arena, values[CHECK_CONSENTS], &question->consents, errors);
	decode_reference_number(values[CHECK_REFERENCE_NUMBER], errors);
}

bool decode_visit_date(
	const json_t *value, const struct check *check, struct field_errors *errors, struct day *visit)
{
	if (!decode_day(value, "/visit_date", errors, visit))
		return false;
	if (day_compare(*visit, day_plus(day_in_japan(check->now.wall), VISIT_DAYS_AHEAD)) > 0)
		field_errors_add(errors, "/visit_date", FIELD_OUT_OF_RANGE, "expected at most 31 days ahead");
	return true;
}

void expect_born_by(const struct check_question *question, struct day day, const char *pointer,
	const char *expected, struct field_errors *errors)
{
	const struct optional_day *born = &question->keys.birth_date; /* a card has none */
	if (born->known && day_compare(born->day, day) > 0)
		field_errors_add(errors, pointer, FIELD_OUT_OF_RANGE, expected);
}
