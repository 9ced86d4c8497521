#include "api/typed_keys.h"

void decode_insurer_number(const json_t *value, const char *pointer, struct field_errors *errors,
	char number[INSURER_NUMBER_DIGITS + 1])
{
	struct slice text = decode_text(value, pointer, errors);
	if (text.at != NULL && insurer_number_normalise(text.at, text.length, number) != OUTCOME_OK)
		field_errors_add(errors, pointer, FIELD_WRONG_FORM, "expected 6 or 8 digits");
}

struct slice decode_key(
	struct arena *arena, const json_t *value, const char *pointer, struct field_errors *errors)
{
	struct slice none = { NULL, 0 };
	struct slice text = decode_text(value, pointer, errors);
	if (text.at == NULL)
		return none;
	char key[IDENTIFIER_KEY_MAX + 1];
	size_t length = 0;
	switch (identifier_key(text.at, text.length, key, &length)) {
	case OUTCOME_OK:
		break;
	case OUTCOME_NO_MEMORY:
		errors->no_memory = true;
		return none;
	default:
		field_errors_add(errors, pointer, FIELD_WRONG_FORM,
			"expected what is printed on the document: letters, digits and dashes, at most 120 "
			"bytes");
		return none;
	}
	const char *kept = arena_copy(arena, key, length);
	errors->no_memory |= kept == NULL;
	return (struct slice){ kept, kept == NULL ? 0 : length };
}

struct slice decode_branch(
	struct arena *arena, const json_t *value, const char *pointer, struct field_errors *errors)
{
	struct slice none = { NULL, 0 };
	struct slice text = decode_text(value, pointer, errors);
	char branch[BRANCH_NUMBER_DIGITS + 1];
	if (text.at == NULL)
		return none;
	if (branch_number_normalise(text.at, text.length, branch) != OUTCOME_OK) {
		field_errors_add(errors, pointer, FIELD_WRONG_FORM, "expected exactly 2 digits");
		return none;
	}
	const char *kept = arena_copy(arena, branch, BRANCH_NUMBER_DIGITS);
	errors->no_memory |= kept == NULL;
	return (struct slice){ kept, kept == NULL ? 0 : BRANCH_NUMBER_DIGITS };
}

void decode_typed_keys(struct arena *arena, json_t *const values[],
	const char *const pointers[TYPED_KEY_FIELDS], struct field_errors *errors, struct typed_keys *keys)
{
	const struct slice none = { NULL, 0 };
	decode_insurer_number(
		values[TYPED_INSURER_NUMBER], pointers[TYPED_INSURER_NUMBER], errors, keys->insurer_number);
	keys->symbol_key = decode_key(arena, values[TYPED_SYMBOL], pointers[TYPED_SYMBOL], errors);
	keys->number_key = decode_key(arena, values[TYPED_NUMBER], pointers[TYPED_NUMBER], errors);
	keys->branch_number =
		decode_branch(arena, values[TYPED_BRANCH_NUMBER], pointers[TYPED_BRANCH_NUMBER], errors);
	keys->birth_date.known = decode_day(
		values[TYPED_BIRTH_DATE], pointers[TYPED_BIRTH_DATE], errors, &keys->birth_date.day);
	/* 後期高齢者医療 has neither: given ones are ignored (R2.2). */
	if (scheme_of(keys->insurer_number) == SCHEME_LATE_ELDERLY) {
		keys->symbol_key = none;
		keys->branch_number = none;
	}
}

static const struct field person_fields[TYPED_KEY_FIELDS] = { TYPED_KEY_LINES };
static const char *const person_pointers[TYPED_KEY_FIELDS] = TYPED_KEY_POINTERS("/person");

void decode_person(struct arena *arena, json_t *object, struct day today, struct field_errors *errors,
	struct typed_keys *person)
{
	json_t *values[TYPED_KEY_FIELDS];
	decode_fields(arena, object, "/person", person_fields, TYPED_KEY_FIELDS, values, errors);
	decode_typed_keys(arena, values, person_pointers, errors, person);
	if (person->birth_date.known && day_compare(person->birth_date.day, today) > 0)
		field_errors_add(errors, person_pointers[TYPED_BIRTH_DATE], FIELD_OUT_OF_RANGE,
			"expected a day not after today");
}
