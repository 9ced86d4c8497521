#include "api/member_body.h"

#include <inttypes.h>
#include <string.h>

#define POINTER_BYTES_MAX 80
#define EXPECTED_BYTES_MAX 200

struct decoding {
	struct arena *arena;
	struct field_errors *errors;
};

static const char *const shown_of_person[] = { "individual_number_last4", "link", "registered_at",
	"changed_at" };
static const char *const shown_of_certificate[] = { "state" };

/* Shown in answers, never written. */
static bool is_only_shown(enum member_group group, const char *name)
{
	const char *const *names = group == MEMBER_GROUP_PERSON ? shown_of_person : shown_of_certificate;
	size_t count = group == MEMBER_GROUP_PERSON ? sizeof shown_of_person / sizeof *shown_of_person
		       : group == MEMBER_GROUP_CERTIFICATE
			       ? sizeof shown_of_certificate / sizeof *shown_of_certificate
			       : 0;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_list_of_parts(enum member_group group, const char *name)
{
	for (size_t i = 0; group == MEMBER_GROUP_PERSON && i < MEMBER_GROUPS; i++) {
		if (record_part_names[i] != NULL && strcmp(record_part_names[i], name) == 0)
			return true;
	}
	return false;
}

/* MEMBER_FIELDS for a name that is none of the group's. */
static enum member_field field_named(enum member_group group, const char *name)
{
	enum member_field field = MEMBER_MEMBER_ID;
	while (field < MEMBER_FIELDS &&
		(member_fields[field].group != group || strcmp(member_fields[field].key, name) != 0))
		field++;
	return field;
}

static const char *put_integer(struct arena *arena, json_int_t integer, size_t *length)
{
	struct text text;
	text_open(&text, arena, 24, 24);
	text_put_integer(&text, integer);
	*length = text.length;
	return text.failed ? NULL : text.at;
}

/* The value as the rules take it, as text. False, with what was expected instead, when it has another type. */
static bool take_value(struct decoding *decoding, enum member_field field, const json_t *value,
	struct slice *taken, const char **expected)
{
	switch (field) {
	case MEMBER_NON_DISCLOSURE:
	case MEMBER_SELF_INFORMATION_STOPPED:
		*expected = "expected true or false";
		*taken = json_is_true(value) ? SLICE_LITERAL("true") : SLICE_LITERAL("false");
		return json_is_boolean(value);
	case MEMBER_RATIO_PERCENT:
	case MEMBER_DISEASE_SELF_PAY:
		*expected = "expected a whole number";
		if (!json_is_integer(value))
			return false;
		taken->at = put_integer(decoding->arena, json_integer_value(value), &taken->length);
		decoding->errors->no_memory |= taken->at == NULL;
		return true;
	default:
		*expected = "expected a string";
		*taken = (struct slice){ json_string_value(value), json_string_length(value) };
		return json_is_string(value);
	}
}

/* `prefix` is the object's own pointer. Fields that it does not name stay as they are in the row. */
static void decode_fields_of(struct decoding *decoding, json_t *object, const char *prefix,
	enum member_group group, struct member_row *row)
{
	const char *name = NULL;
	json_t *value = NULL;
	json_object_foreach(object, name, value)
	{
		const char *expected = NULL;
		enum member_field field = field_named(group, name);
		if (is_only_shown(group, name) || is_list_of_parts(group, name))
			continue;
		if (field == MEMBER_FIELDS)
			field_errors_add(decoding->errors,
				decode_pointer(decoding->arena, prefix, name, decoding->errors),
				FIELD_UNKNOWN, "there is no such field");
		else if (json_is_null(value))
			row->values[field] = (struct slice){ NULL, 0 };
		else if (!take_value(decoding, field, value, &row->values[field], &expected))
			field_errors_add(decoding->errors,
				decode_pointer(decoding->arena, prefix, name, decoding->errors),
				FIELD_WRONG_TYPE, expected);
	}
}

static const char *pointer_to_part(struct arena *arena, enum member_group group, size_t place,
	const char *key, struct field_errors *errors)
{
	struct text pointer;
	text_open(&pointer, arena, POINTER_BYTES_MAX, POINTER_BYTES_MAX);
	if (group != MEMBER_GROUP_PERSON)
		text_printf(&pointer, "/%s/%zu", record_part_names[group], place);
	if (key != NULL)
		text_printf(&pointer, "/%s", key);
	text_put_char(&pointer, '\0');
	errors->no_memory |= pointer.failed;
	return pointer.failed ? "" : pointer.at;
}

static void decode_parts(
	struct decoding *decoding, const json_t *list, enum member_group group, struct record_parts *parts)
{
	size_t count = json_array_size(list);
	parts->rows = arena_take(decoding->arena, count * sizeof *parts->rows);
	parts->count = parts->rows == NULL ? 0 : count;
	decoding->errors->no_memory |= parts->rows == NULL;
	for (size_t i = 0; i < parts->count; i++) {
		json_t *part = json_array_get(list, i);
		const char *pointer = pointer_to_part(decoding->arena, group, i, NULL, decoding->errors);
		if (json_is_object(part))
			decode_fields_of(decoding, part, pointer, group, &parts->rows[i]);
		else
			field_errors_add(decoding->errors, pointer, FIELD_WRONG_TYPE, "expected an object");
	}
}

static void decode_list(
	struct decoding *decoding, json_t *list, enum member_group group, struct record_parts *parts)
{
	const char *pointer = decode_pointer(decoding->arena, "", record_part_names[group], decoding->errors);
	*parts = (struct record_parts){ NULL, 0 };
	if (json_is_null(list)) {
		/* Forgotten it must not mean that all are withdrawn. */
		if (group == MEMBER_GROUP_PERIOD)
			field_errors_add(decoding->errors, pointer, FIELD_REQUIRED, "required");
	} else if (!json_is_array(list)) {
		field_errors_add(decoding->errors, pointer, FIELD_WRONG_TYPE, "expected a list");
	} else if (json_array_size(list) > RECORD_PARTS_MAX) {
		field_errors_add(
			decoding->errors, pointer, FIELD_TOO_LONG, "expected at most 100 in the list");
	} else {
		decode_parts(decoding, list, group, parts);
	}
}

static bool is_same(struct slice one, struct slice other)
{
	return one.length == other.length && memcmp(one.at, other.at, one.length) == 0;
}

void member_body_merge(
	struct arena *arena, json_t *body, struct whole_record *record, struct field_errors *errors)
{
	struct decoding decoding = { .arena = arena, .errors = errors };
	struct slice *member_id = &record->person.values[MEMBER_MEMBER_ID];
	const struct slice known = *member_id;
	decode_fields_of(&decoding, body, "", MEMBER_GROUP_PERSON, &record->person);
	if (known.at != NULL) {
		if (member_id->at != NULL && !is_same(*member_id, known))
			field_errors_add(
				errors, "/member_id", FIELD_NOT_ONE_OF, "expected the member_id of the path");
		*member_id = known;
	}
	for (enum member_group group = MEMBER_GROUP_PERIOD; group < MEMBER_GROUPS; group++) {
		json_t *list = json_object_get(body, record_part_names[group]);
		if (list != NULL)
			decode_list(&decoding, list, group, &record->parts[group]);
	}
}

void member_body_decode(struct arena *arena, json_t *body, struct slice member_id,
	struct whole_record *record, struct field_errors *errors)
{
	*record = (struct whole_record){ .person = { .values = { { NULL, 0 } } } };
	record->person.values[MEMBER_MEMBER_ID] = member_id;
	if (json_object_get(body, record_part_names[MEMBER_GROUP_PERIOD]) == NULL)
		field_errors_add(errors, "/memberships", FIELD_REQUIRED, "required");
	member_body_merge(arena, body, record, errors);
}

static enum field_error_code code_of(enum member_fault fault)
{
	static const enum field_error_code codes[] = {
		[MEMBER_FAULT_MISSING] = FIELD_REQUIRED,
		[MEMBER_FAULT_WRONG_FORM] = FIELD_WRONG_FORM,
		[MEMBER_FAULT_TOO_LONG] = FIELD_TOO_LONG,
		[MEMBER_FAULT_CHECK_DIGIT] = FIELD_CHECK_DIGIT,
		[MEMBER_FAULT_NOT_ONE_OF] = FIELD_NOT_ONE_OF,
		[MEMBER_FAULT_OUT_OF_RANGE] = FIELD_OUT_OF_RANGE,
		[MEMBER_FAULT_NOT_TOGETHER] = FIELD_NOT_TOGETHER,
		[MEMBER_FAULT_NOT_FOUND] = FIELD_NOT_FOUND,
		[MEMBER_FAULT_NOT_ACCEPTED] = FIELD_NOT_ACCEPTED,
	};
	return codes[fault];
}

void member_body_note_fault(struct arena *arena, const char *pointer, const struct record_fault *fault,
	struct field_errors *errors)
{
	struct text expected;
	text_open(&expected, arena, EXPECTED_BYTES_MAX, EXPECTED_BYTES_MAX);
	text_put_terminated(&expected, "expected ");
	text_put_terminated(&expected, fault->expected);
	text_put_char(&expected, '\0');
	errors->no_memory |= expected.failed;
	if (!expected.failed)
		field_errors_add(errors, pointer, code_of(fault->fault), expected.at);
}

void member_body_note_faults(
	struct arena *arena, const struct record_faults *faults, struct field_errors *errors)
{
	for (size_t i = 0; i < faults->count; i++) {
		const struct record_fault *fault = &faults->list[i];
		const struct member_field_kind *kind = &member_fields[fault->field];
		const char *pointer = pointer_to_part(arena, kind->group, fault->place, kind->key, errors);
		member_body_note_fault(arena, pointer, fault, errors);
	}
}
