#include "cases/import_json.h"

#include "base/json.h"
#include "cases/import_columns.h"

/* The lists of a member's record; a row has room for one of each. */
static const struct {
	const char *key;
	enum member_group group;
} parts[] = {
	{ "memberships", MEMBER_GROUP_PERIOD },
	{ "ratios", MEMBER_GROUP_RATIO },
	{ "limits", MEMBER_GROUP_LIMIT },
	{ "specific_diseases", MEMBER_GROUP_DISEASE },
	{ "eligibility_certificates", MEMBER_GROUP_CERTIFICATE },
};
enum { PARTS = sizeof parts / sizeof *parts };

/* What a record tells and nobody writes. */
static const char *const told_only[] = { "individual_number_last4", "link", "registered_at", "changed_at" };

static enum outcome refuse(
	struct staging_error *error, const char *field, const char *class, const char *reason)
{
	error->field = field;
	error->value_class = class;
	error->reason = reason;
	return OUTCOME_INVALID;
}

static const char *name_of(int field)
{
	return field == IMPORT_INSURER_NUMBER ? "insurer_number" : member_fields[field].column;
}

static enum outcome take_value(struct arena *arena, const json_t *value, struct import_row *row, int field,
	struct staging_error *error)
{
	struct slice *into =
		field == IMPORT_INSURER_NUMBER ? &row->insurer_number : &row->values.values[field];
	switch (json_typeof(value)) {
	case JSON_NULL:
		return OUTCOME_OK;
	case JSON_TRUE:
		*into = SLICE_LITERAL("true");
		return OUTCOME_OK;
	case JSON_FALSE:
		*into = SLICE_LITERAL("false");
		return OUTCOME_OK;
	case JSON_STRING:
		*into = (struct slice){ json_string_value(value), json_string_length(value) };
		return OUTCOME_OK;
	case JSON_INTEGER: {
		struct text number;
		text_open(&number, arena, 24, 24);
		text_put_integer(&number, json_integer_value(value));
		*into = text_slice(&number);
		return number.failed ? OUTCOME_NO_MEMORY : OUTCOME_OK;
	}
	default:
		return refuse(error, name_of(field), "text", "wrong_form");
	}
}

static int field_of_part(enum member_group group, struct slice key)
{
	for (int field = 0; field < (int)MEMBER_FIELDS; field++) {
		if (member_fields[field].group == group && slice_is(key, member_fields[field].key))
			return field;
	}
	return IMPORT_NO_COLUMN;
}

static enum outcome take_part(struct arena *arena, enum member_group group, const json_t *list,
	struct import_row *row, struct staging_error *error)
{
	const char *key;
	json_t *value;
	if (json_is_null(list) || (json_is_array(list) && json_array_size(list) == 0))
		return OUTCOME_OK;
	if (!json_is_array(list))
		return refuse(error, NULL, "line", "wrong_form");
	if (json_array_size(list) > 1)
		return refuse(error, NULL, "line", "several_of_a_kind");
	json_t *part = json_array_get(list, 0);
	if (!json_is_object(part))
		return refuse(error, NULL, "line", "wrong_form");
	json_object_foreach(part, key, value)
	{
		int field = field_of_part(group, slice_of(key));
		if (group == MEMBER_GROUP_CERTIFICATE && slice_is(slice_of(key), "state"))
			continue;
		if (field == IMPORT_NO_COLUMN)
			return refuse(error, NULL, "line", "unknown_field");
		enum outcome outcome = take_value(arena, value, row, field, error);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return OUTCOME_OK;
}

static bool is_told_only(struct slice key)
{
	for (size_t i = 0; i < sizeof told_only / sizeof *told_only; i++) {
		if (slice_is(key, told_only[i]))
			return true;
	}
	return false;
}

static enum outcome take_key(struct arena *arena, const char *key, const json_t *value,
	struct import_row *row, struct staging_error *error)
{
	struct slice name = slice_of(key);
	int field = import_column_find(name);
	if (field != IMPORT_NO_COLUMN)
		return take_value(arena, value, row, field, error);
	for (size_t i = 0; i < PARTS; i++) {
		if (slice_is(name, parts[i].key))
			return take_part(arena, parts[i].group, value, row, error);
	}
	return is_told_only(name) ? OUTCOME_OK : refuse(error, NULL, "line", "unknown_field");
}

enum outcome import_json_read(
	struct arena *arena, struct slice line, struct import_row *row, struct staging_error *error)
{
	json_t *object = NULL;
	enum json_fault fault = JSON_FAULT_NONE;
	const char *key;
	json_t *value;
	enum outcome outcome = json_read_object(arena, line, &object, &fault, NULL);
	if (outcome == OUTCOME_INVALID)
		return refuse(error, NULL, "line",
			fault == JSON_FAULT_DUPLICATE_KEY ? "duplicate_key"
			: fault == JSON_FAULT_UTF8        ? "bad_encoding"
							  : "not_json");
	if (outcome != OUTCOME_OK)
		return outcome;
	json_object_foreach(object, key, value)
	{
		outcome = take_key(arena, key, value, row, error);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return OUTCOME_OK;
}
