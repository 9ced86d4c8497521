/* What a question about one patient consists of, whether it is for cover or for a month's limit: fields of a request, read alike. */
#ifndef SHIKAKU_API_CHECK_FIELDS_H
#define SHIKAKU_API_CHECK_FIELDS_H

#include "api/decode.h"
#include "api/typed_keys.h"
#include "cases/check.h"

/* The first fields of the body; others may follow in its table. */
enum {
	CHECK_VISIT_DATE,
	CHECK_KNOWN_AT,
	CHECK_SETTING,
	CHECK_WITH_CARD,
	CHECK_PRESENTED,
	CHECK_CONSENTS,
	CHECK_REFERENCE_NUMBER,
	CHECK_FIELDS,
};

/* clang-format off */
#define CHECK_FIELD_LINES \
	[CHECK_VISIT_DATE] = { "visit_date", FIELD_TEXT, false }, \
	[CHECK_KNOWN_AT] = { "known_at", FIELD_TEXT, false }, \
	[CHECK_SETTING] = { "setting", FIELD_TEXT, false }, \
	[CHECK_WITH_CARD] = { "with_card", FIELD_BOOLEAN, false }, \
	[CHECK_PRESENTED] = { "presented", FIELD_OBJECT, true }, \
	[CHECK_CONSENTS] = { "consents", FIELD_OBJECT, false }, \
	[CHECK_REFERENCE_NUMBER] = { "reference_number", FIELD_TEXT, false }
/* clang-format on */

#define CHECK_BIRTH_DATE_POINTER "/presented/birth_date"

/* Reads them all but the visit date into check->question, by check->now. What it keeps is in check->arena or in the body. */
void decode_check_fields(json_t *const values[], struct check *check, struct field_errors *errors);

/* A visit date, at most 31 days ahead (R4.3). False when none was sent, or none that could be read. */
bool decode_visit_date(
	const json_t *value, const struct check *check, struct field_errors *errors, struct day *visit);

/* Whoever is asked for by typed keys is born by that day (R4.3); else it is noted of the field that `pointer` names. */
void expect_born_by(const struct check_question *question, struct day day, const char *pointer,
	const char *expected, struct field_errors *errors);

#endif
