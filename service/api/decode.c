#include "api/decode.h"

#include <string.h>

#include "base/clock.h"

#define POINTER_MAX 160

json_t *decode_body(struct request *request)
{
	json_t *body = NULL;
	enum json_fault fault = JSON_FAULT_NONE;
	const char *where = NULL;
	if (json_read_object(&request->arena, request->body, &body, &fault, &where) == OUTCOME_OK)
		return body;
	enum problem problem = fault == JSON_FAULT_NONE            ? PROBLEM_OVERLOADED
			       : fault == JSON_FAULT_DUPLICATE_KEY ? PROBLEM_DUPLICATE_KEY
			       : fault == JSON_FAULT_UTF8          ? PROBLEM_BAD_UTF8
								   : PROBLEM_NOT_JSON;
	problem_answer(request, problem, where);
	return NULL;
}

static bool is_of_type(const json_t *value, enum field_type type)
{
	switch (type) {
	case FIELD_OBJECT:
		return json_is_object(value);
	case FIELD_TEXT:
		return json_is_string(value);
	case FIELD_BOOLEAN:
		return json_is_boolean(value);
	case FIELD_INTEGER:
		return json_is_integer(value);
	}
	return false;
}

static const char *expectation_of(enum field_type type)
{
	switch (type) {
	case FIELD_OBJECT:
		return "expected an object";
	case FIELD_TEXT:
		return "expected a string";
	case FIELD_BOOLEAN:
		return "expected true or false";
	case FIELD_INTEGER:
		return "expected a whole number";
	}
	return "";
}

static size_t length_of_character(const char *c)
{
	unsigned char first = (unsigned char)*c;
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* JSON pointers write "~" as "~0" and "/" as "~1". A long name is cut between characters: it only says where to look. */
const char *decode_pointer(
	struct arena *arena, const char *prefix, const char *name, struct field_errors *errors)
{
	struct text pointer;
	text_open(&pointer, arena, POINTER_MAX, POINTER_MAX);
	text_put_terminated(&pointer, prefix);
	text_put_char(&pointer, '/');
	while (*name != '\0' && !pointer.failed) {
		size_t length = length_of_character(name);
		if (pointer.length + (length < 2 ? 2 : length) >= POINTER_MAX)
			break;
		if (*name == '~' || *name == '/')
			text_put(&pointer, *name == '~' ? "~0" : "~1", 2);
		else
			text_put(&pointer, name, length);
		name += length;
	}
	text_put_char(&pointer, '\0');
	errors->no_memory |= pointer.failed;
	return pointer.failed ? prefix : pointer.at;
}

static size_t index_of(const struct field fields[], size_t count, const char *name)
{
	size_t i = 0;
	while (i < count && strcmp(fields[i].name, name) != 0)
		i++;
	return i;
}

void decode_fields(struct arena *arena, json_t *object, const char *prefix, const struct field fields[],
	size_t count, json_t *values[], struct field_errors *errors)
{
	const char *name = NULL;
	json_t *value = NULL;
	uint64_t wrong = 0;
	for (size_t i = 0; i < count; i++)
		values[i] = NULL;
	json_object_foreach(object, name, value)
	{
		size_t i = index_of(fields, count, name);
		if (i == count) {
			field_errors_add(errors, decode_pointer(arena, prefix, name, errors), FIELD_UNKNOWN,
				"there is no such field");
		} else if (json_is_null(value)) {
			continue;
		} else if (is_of_type(value, fields[i].type)) {
			values[i] = value;
		} else {
			wrong |= UINT64_C(1) << i;
			field_errors_add(errors, decode_pointer(arena, prefix, name, errors),
				FIELD_WRONG_TYPE, expectation_of(fields[i].type));
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (fields[i].required && values[i] == NULL && (wrong >> i & 1) == 0)
			field_errors_add(errors, decode_pointer(arena, prefix, fields[i].name, errors),
				FIELD_REQUIRED, "required");
	}
}

struct slice decode_text(const json_t *value, const char *pointer, struct field_errors *errors)
{
	struct slice text = { NULL, 0 };
	if (value == NULL)
		return text;
	text = (struct slice){ json_string_value(value), json_string_length(value) };
	if (memchr(text.at, '\0', text.length) != NULL) {
		field_errors_add(errors, pointer, FIELD_WRONG_FORM, "a NUL character is not taken");
		text = (struct slice){ NULL, 0 };
	}
	return text;
}

bool decode_day(const json_t *value, const char *pointer, struct field_errors *errors, struct day *day)
{
	if (value == NULL)
		return false;
	if (day_parse(json_string_value(value), json_string_length(value), day) == OUTCOME_OK)
		return true;
	field_errors_add(errors, pointer, FIELD_WRONG_FORM, "expected a date that exists, as YYYY-MM-DD");
	return false;
}

bool decode_month(
	const json_t *value, const char *pointer, struct field_errors *errors, struct day *first_day)
{
	if (value == NULL)
		return false;
	if (month_parse(json_string_value(value), json_string_length(value), first_day) == OUTCOME_OK)
		return true;
	field_errors_add(errors, pointer, FIELD_WRONG_FORM, "expected a month, as YYYY-MM");
	return false;
}

bool decode_instant(const json_t *value, const char *pointer, struct field_errors *errors, int64_t *wall)
{
	if (value == NULL)
		return false;
	if (instant_parse(json_string_value(value), json_string_length(value), wall) == OUTCOME_OK)
		return true;
	field_errors_add(errors, pointer, FIELD_WRONG_FORM,
		"expected a time as RFC 3339 writes it, e.g. 2026-11-22T10:15:30+09:00");
	return false;
}

int64_t decode_integer(const json_t *value, const char *pointer, int64_t least, int64_t most,
	int64_t standard, const char *expected, struct field_errors *errors)
{
	if (value == NULL)
		return standard;
	int64_t number = json_integer_value(value);
	if (number >= least && number <= most)
		return number;
	field_errors_add(errors, pointer, FIELD_OUT_OF_RANGE, expected);
	return standard;
}

bool decode_boolean(const json_t *value)
{
	return value != NULL && json_is_true(value);
}

int decode_code(const json_t *value, const char *pointer, const char *const codes[], size_t count,
	int standard, const char *expected, struct field_errors *errors)
{
	if (value == NULL)
		return standard;
	struct slice text = { json_string_value(value), json_string_length(value) };
	for (size_t i = 0; i < count; i++) {
		if (codes[i] != NULL && slice_is(text, codes[i]))
			return (int)i;
	}
	field_errors_add(errors, pointer, FIELD_NOT_ONE_OF, expected);
	return standard;
}
