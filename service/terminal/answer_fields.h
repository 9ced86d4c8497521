/* Reads the fields of an answer, strictly: the first one that is not what it should be is remembered, and the readers go on with
 * harmless values, so that they need no check each. Texts are borrowed from the document, as sent. */
#ifndef SHIKAKU_TERMINAL_ANSWER_FIELDS_H
#define SHIKAKU_TERMINAL_ANSWER_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/outcome.h"

struct fields {
	const char *
		wrong; /* the key of the first field that was, in the program's own memory; NULL while all are well */
};

void field_refuse(struct fields *fields, const char *key);

const char *field_text(struct fields *fields, const json_t *object, const char *key);
const char *field_text_or_null(struct fields *fields, const json_t *object, const char *key);
struct day field_day(struct fields *fields, const json_t *object, const char *key);
struct optional_day field_day_or_null(struct fields *fields, const json_t *object, const char *key);
bool field_flag(struct fields *fields, const json_t *object, const char *key);
/* The position of the text in a list that ends with NULL. */
int field_choice(struct fields *fields, const json_t *object, const char *key, const char *const *choices);
json_t *field_object_or_null(struct fields *fields, json_t *object, const char *key);
/* 10, 20 or 30; 0 for null. */
int field_ratio(struct fields *fields, const json_t *object, const char *key);

/* The body as a JSON object, owned by the caller. NULL: it is none, and `why` (English) says so. */
json_t *answer_document(const char *body, size_t length, const char **why);

#endif
