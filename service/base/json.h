/* JSON in and out. Reading is jansson's, held strictly (no duplicate keys, valid UTF-8); writing appends to a bounded text,
 * because building a tree for each answer cost 6 % of the rate (see shared measurements, jansson against appended). */
#ifndef SHIKAKU_BASE_JSON_H
#define SHIKAKU_BASE_JSON_H

#include <jansson.h>

#include "base/arena.h"
#include "base/text.h"

enum json_fault { JSON_FAULT_NONE, JSON_FAULT_SYNTAX, JSON_FAULT_DUPLICATE_KEY, JSON_FAULT_UTF8 };

/* Reads one JSON object that fills the whole body. The tree belongs to the arena. On OUTCOME_INVALID `fault` says which
 * fault, and `where` (may be NULL) holds a short English sentence without any value of the body. */
enum outcome MUST_CHECK json_read_object(
	struct arena *arena, struct slice body, json_t **object, enum json_fault *fault, const char **where);

/* Appends JSON; a comma is put where one is due. */
struct json_writer {
	struct text *out;
	bool comma;
};

void json_open_object(struct json_writer *json);
void json_close_object(struct json_writer *json);
void json_open_array(struct json_writer *json);
void json_close_array(struct json_writer *json);
/* `key` is written as it stands: a literal without characters to escape. */
static inline void json_put_key(struct json_writer *json, const char *key)
{
	text_put(json->out, ",\"", json->comma ? 2 : 0);
	if (!json->comma)
		text_put_char(json->out, '"');
	text_put_terminated(json->out, key);
	text_put(json->out, "\":", 2);
	json->comma = false;
}

/* null where the slice has no value. The slice is valid UTF-8. */
void json_put_slice(struct json_writer *json, struct slice value);
void json_put_terminated(struct json_writer *json, const char *value);
void json_put_number(struct json_writer *json, int64_t value);
/* A value that is JSON already, without the blanks between its tokens. */
void json_put_packed(struct json_writer *json, struct slice value);
void json_put_boolean(struct json_writer *json, bool value);
void json_put_null(struct json_writer *json);

#endif
