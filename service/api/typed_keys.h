/* The keys that are typed from a document, as fields of a request: read and normalised alike by every endpoint that takes
 * them (R2). A fault is noted with the field's own pointer; what was sent is never repeated. */
#ifndef SHIKAKU_API_TYPED_KEYS_H
#define SHIKAKU_API_TYPED_KEYS_H

#include "api/decode.h"
#include "rules/identifiers.h"

/* The first fields of the object that holds them; others may follow in its table. */
enum {
	TYPED_INSURER_NUMBER,
	TYPED_SYMBOL,
	TYPED_NUMBER,
	TYPED_BRANCH_NUMBER,
	TYPED_BIRTH_DATE,
	TYPED_KEY_FIELDS,
};

/* clang-format off */
#define TYPED_KEY_LINES \
	[TYPED_INSURER_NUMBER] = { "insurer_number", FIELD_TEXT, true }, \
	[TYPED_SYMBOL] = { "symbol", FIELD_TEXT, false }, \
	[TYPED_NUMBER] = { "number", FIELD_TEXT, true }, \
	[TYPED_BRANCH_NUMBER] = { "branch_number", FIELD_TEXT, false }, \
	[TYPED_BIRTH_DATE] = { "birth_date", FIELD_TEXT, true }

/* The JSON pointers of these fields in an object whose own is `prefix`. */
#define TYPED_KEY_POINTERS(prefix) \
	{ \
		[TYPED_INSURER_NUMBER] = prefix "/insurer_number", \
		[TYPED_SYMBOL] = prefix "/symbol", \
		[TYPED_NUMBER] = prefix "/number", \
		[TYPED_BRANCH_NUMBER] = prefix "/branch_number", \
		[TYPED_BIRTH_DATE] = prefix "/birth_date", \
	}
/* clang-format on */

/* One by one: */

/* 保険者番号 with 8 digits (R2.1); `number` stays as it is for NULL and for what is none. */
void decode_insurer_number(const json_t *value, const char *pointer, struct field_errors *errors,
	char number[INSURER_NUMBER_DIGITS + 1]);

/* The spelling by which 記号 or 番号 is compared (R2.2), kept in the arena; no value for NULL and for what is none. */
struct slice decode_key(
	struct arena *arena, const json_t *value, const char *pointer, struct field_errors *errors);

/* 枝番, two digits (R2.2), kept in the arena; no value for NULL and for what is none. */
struct slice decode_branch(
	struct arena *arena, const json_t *value, const char *pointer, struct field_errors *errors);

/* All: reads what decode_fields found. Texts are kept in the arena. */
void decode_typed_keys(struct arena *arena, json_t *const values[],
	const char *const pointers[TYPED_KEY_FIELDS], struct field_errors *errors, struct typed_keys *keys);

/* Whom a request is about: these keys and nothing else, as its field `person`, born by `today`. */
void decode_person(struct arena *arena, json_t *object, struct day today, struct field_errors *errors,
	struct typed_keys *person);

#endif
