/* Reading the fields of a JSON object by a table: what is there, of which type, and what is not known. Every fault is noted
 * with its JSON pointer, so that one answer names them all. `null` equals absent (design: the API's fixed shapes). */
#ifndef SHIKAKU_API_DECODE_H
#define SHIKAKU_API_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/problems.h"
#include "base/arena.h"
#include "base/calendar.h"
#include "base/json.h"

enum field_type { FIELD_OBJECT, FIELD_TEXT, FIELD_BOOLEAN, FIELD_INTEGER };

struct field {
	const char *name;
	enum field_type type;
	bool required;
};

/* The request's body as a JSON object, which belongs to the request's arena. NULL when it is none: then the request has been
 * answered with the problem. */
json_t *decode_body(struct request *request);

/* Looks at one object by a table of at most 64 fields: notes missing, unknown and wrongly typed fields. values[i] is what field i holds, NULL where it is
 * absent, null or of the wrong type. `prefix` is the object's own pointer ("" for the whole body); pointers of unknown fields
 * are made in the arena. */
void decode_fields(struct arena *arena, json_t *object, const char *prefix, const struct field fields[],
	size_t count, json_t *values[], struct field_errors *errors);

/* The JSON pointer of a field of the object whose own is `prefix`, in the arena; a long name is cut. */
const char *decode_pointer(
	struct arena *arena, const char *prefix, const char *name, struct field_errors *errors);

/* The bytes of a text value; no value for NULL. A NUL character is noted as FIELD_WRONG_FORM and gives no value. */
struct slice decode_text(const json_t *value, const char *pointer, struct field_errors *errors);

/* A date, FIELD_WRONG_FORM otherwise. False when there is none or it was wrong. */
bool decode_day(const json_t *value, const char *pointer, struct field_errors *errors, struct day *day);
/* A month as YYYY-MM, the same way. */
bool decode_month(
	const json_t *value, const char *pointer, struct field_errors *errors, struct day *first_day);
bool decode_instant(const json_t *value, const char *pointer, struct field_errors *errors, int64_t *wall);

/* A whole number from `least` to `most`, FIELD_OUT_OF_RANGE otherwise; `standard` for NULL and for one that is not. */
int64_t decode_integer(const json_t *value, const char *pointer, int64_t least, int64_t most,
	int64_t standard, const char *expected, struct field_errors *errors);

/* false for NULL. */
bool decode_boolean(const json_t *value);

/* Index into `codes`, or `standard` for NULL and for a text that is none of them (noted as FIELD_NOT_ONE_OF; `expected` lists
 * them in words). */
int decode_code(const json_t *value, const char *pointer, const char *const codes[], size_t count,
	int standard, const char *expected, struct field_errors *errors);

#endif
