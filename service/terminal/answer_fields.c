#include "terminal/answer_fields.h"

#include <string.h>

void field_refuse(struct fields *fields, const char *key)
{
	if (fields->wrong == NULL)
		fields->wrong = key;
}

const char *field_text(struct fields *fields, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	if (text == NULL)
		field_refuse(fields, key);
	return text;
}

const char *field_text_or_null(struct fields *fields, const json_t *object, const char *key)
{
	if (json_is_null(json_object_get(object, key)))
		return NULL;
	return field_text(fields, object, key);
}

struct day field_day(struct fields *fields, const json_t *object, const char *key)
{
	struct day day = { 0 };
	const char *text = field_text(fields, object, key);
	if (text != NULL && day_parse(text, strlen(text), &day) != OUTCOME_OK)
		field_refuse(fields, key);
	return day;
}

struct optional_day field_day_or_null(struct fields *fields, const json_t *object, const char *key)
{
	if (json_is_null(json_object_get(object, key)))
		return (struct optional_day){ .known = false };
	return (struct optional_day){ .known = true, .day = field_day(fields, object, key) };
}

bool field_flag(struct fields *fields, const json_t *object, const char *key)
{
	const json_t *flag = json_object_get(object, key);
	if (!json_is_boolean(flag))
		field_refuse(fields, key);
	return json_is_true(flag);
}

int field_choice(struct fields *fields, const json_t *object, const char *key, const char *const *choices)
{
	const char *text = field_text(fields, object, key);
	for (int i = 0; text != NULL && choices[i] != NULL; i++) {
		if (strcmp(text, choices[i]) == 0)
			return i;
	}
	field_refuse(fields, key);
	return 0;
}

json_t *field_object_or_null(struct fields *fields, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	if (json_is_null(value))
		return NULL;
	if (!json_is_object(value))
		field_refuse(fields, key);
	return value;
}

int field_ratio(struct fields *fields, const json_t *object, const char *key)
{
	const json_t *percent = json_object_get(object, key);
	json_int_t value = json_integer_value(percent);
	if (!json_is_null(percent) && value != 10 && value != 20 && value != 30)
		field_refuse(fields, key);
	return (int)value;
}

json_t *answer_document(const char *body, size_t length, const char **why)
{
	if (length == 0) {
		*why = "the body is empty";
		return NULL;
	}
	json_t *document = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(document))
		return document;
	json_decref(document);
	*why = "the body is not a JSON object";
	return NULL;
}
