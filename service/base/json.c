#include "base/json.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Refused memory in the middle of a text, jansson 2.14 goes on without the characters that found no room, or writes beyond what it
 * has (lex_save). So it is never told: while it reads, its memory is the arena's, and where that ends the reading ends. */
struct reading {
	struct arena *arena;
	jmp_buf ended;
};

static _Thread_local struct reading *reading;
static pthread_once_t allocator_chosen = PTHREAD_ONCE_INIT;

static void *take(size_t size)
{
	if (reading == NULL)
		return malloc(size);
	void *piece = arena_take_raw(reading->arena, size);
	if (piece == NULL)
		longjmp(reading->ended, 1);
	return piece;
}

static void give_back(void *piece)
{
	if (reading == NULL)
		free(piece);
}

static void choose_allocator(void)
{
	json_set_alloc_funcs(take, give_back);
	json_object_seed(0);
}

/* OUTCOME_NO_MEMORY, or a tree or an error. */
static enum outcome load(struct arena *arena, struct slice body, json_t **tree, json_error_t *error)
{
	struct reading here = { .arena = arena };
	(void)pthread_once(&allocator_chosen, choose_allocator);
	reading = &here;
	if (setjmp(here.ended) != 0) {
		reading = NULL;
		return OUTCOME_NO_MEMORY;
	}
	/* Those of "\\u0000" are let in here and refused where the field is named. */
	*tree = json_loadb(
		body.at == NULL ? "" : body.at, body.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, error);
	reading = NULL;
	return OUTCOME_OK;
}

static enum json_fault fault_of(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		return JSON_FAULT_DUPLICATE_KEY;
	case json_error_invalid_utf8:
		return JSON_FAULT_UTF8;
	default:
		return JSON_FAULT_SYNTAX;
	}
}

static const char *sentence_of(enum json_error_code code)
{
	switch (code) {
	case json_error_duplicate_key:
		return "an object names one field twice";
	case json_error_invalid_utf8:
		return "the bytes are not UTF-8";
	case json_error_premature_end_of_input:
		return "the body ends in the middle";
	case json_error_end_of_input_expected:
		return "something follows the object";
	case json_error_null_byte_in_key:
		return "a field's name holds a NUL character";
	case json_error_numeric_overflow:
		return "a number is too large";
	case json_error_stack_overflow:
		return "the body is nested too deeply";
	default:
		return "the body is not JSON";
	}
}

enum outcome json_read_object(
	struct arena *arena, struct slice body, json_t **object, enum json_fault *fault, const char **where)
{
	json_error_t error = { 0 };
	json_t *tree = NULL;
	const char *sentence = NULL;
	/* jansson 2.14 overlooks a NUL byte behind a number. */
	bool has_nul = body.length > 0 && memchr(body.at, '\0', body.length) != NULL;
	enum outcome outcome = has_nul ? OUTCOME_OK : load(arena, body, &tree, &error);
	*object = NULL;
	*fault = JSON_FAULT_NONE;
	if (has_nul) {
		*fault = JSON_FAULT_SYNTAX;
		sentence = "the body holds a NUL byte";
	} else if (outcome == OUTCOME_OK && tree == NULL) {
		*fault = fault_of(&error);
		sentence = sentence_of(json_error_code(&error));
	} else if (outcome == OUTCOME_OK && !json_is_object(tree)) {
		*fault = JSON_FAULT_SYNTAX;
		sentence = "the body is not a JSON object";
	}
	if (where != NULL)
		*where = sentence;
	if (sentence != NULL)
		return OUTCOME_INVALID;
	*object = tree;
	return outcome;
}

static void separate(struct json_writer *json)
{
	if (json->comma)
		text_put_char(json->out, ',');
	json->comma = true;
}

static void open_with(struct json_writer *json, char bracket)
{
	separate(json);
	text_put_char(json->out, bracket);
	json->comma = false;
}

static void close_with(struct json_writer *json, char bracket)
{
	text_put_char(json->out, bracket);
	json->comma = true;
}

void json_open_object(struct json_writer *json)
{
	open_with(json, '{');
}

void json_close_object(struct json_writer *json)
{
	close_with(json, '}');
}

void json_open_array(struct json_writer *json)
{
	open_with(json, '[');
}

void json_close_array(struct json_writer *json)
{
	close_with(json, ']');
}

static bool must_escape(char c)
{
	return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static void put_escaped(struct text *out, char c)
{
	switch (c) {
	case '"':
		text_put(out, "\\\"", 2);
		return;
	case '\\':
		text_put(out, "\\\\", 2);
		return;
	case '\n':
		text_put(out, "\\n", 2);
		return;
	case '\t':
		text_put(out, "\\t", 2);
		return;
	default:
		text_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
		return;
	}
}

void json_put_slice(struct json_writer *json, struct slice value)
{
	if (value.at == NULL) {
		json_put_null(json);
		return;
	}
	separate(json);
	text_put_char(json->out, '"');
	size_t from = 0;
	for (size_t i = 0; i < value.length; i++) {
		if (!must_escape(value.at[i]))
			continue;
		text_put(json->out, value.at + from, i - from);
		put_escaped(json->out, value.at[i]);
		from = i + 1;
	}
	text_put(json->out, value.at + from, value.length - from);
	text_put_char(json->out, '"');
}

void json_put_terminated(struct json_writer *json, const char *value)
{
	json_put_slice(json, slice_of(value));
}

void json_put_number(struct json_writer *json, int64_t value)
{
	separate(json);
	text_put_integer(json->out, value);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The length of what begins at `at` and may be copied as it stands: a string with its quotes, or what lies up to a blank or a string. */
static size_t span_without_blanks(const char *at, size_t length)
{
	size_t end = 0;
	if (at[0] != '"') {
		while (end < length && at[end] != '"' && !is_blank(at[end]))
			end++;
		return end;
	}
	for (end = 1; end < length && at[end] != '"'; end++)
		end += at[end] == '\\';
	return end < length ? end + 1 : length;
}

void json_put_packed(struct json_writer *json, struct slice value)
{
	separate(json);
	for (size_t at = 0; at < value.length;) {
		size_t length = span_without_blanks(value.at + at, value.length - at);
		text_put(json->out, value.at + at, length);
		at += length == 0 ? 1 : length;
	}
}

void json_put_boolean(struct json_writer *json, bool value)
{
	separate(json);
	text_put_terminated(json->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *json)
{
	separate(json);
	text_put(json->out, "null", 4);
}
