/* Bodies in, answers out. What is taken as a JSON object is one to a second, plainer reader too (RFC 8259: grammar, UTF-8, names
 * only once), and what is not taken is none or beyond a stated bound; what was read and is written again reads as the same. */
#include "target.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/json.h"

#define BODY_MAX ((size_t)8 * 1024)
/* jansson's: values within values, the innermost counted. */
#define DEPTH_MAX 2048
#define NAMES_MAX 4096

/* The plainer reader: by recursion over the bytes, keeping nothing but the names. */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
	size_t depth;
	bool too_much; /* grammatical, but deeper or larger than we take */
	bool twice; /* a name of an object is there again */
	char *text; /* of names, decoded; room for all */
	size_t text_length;
	struct slice names[NAMES_MAX];
	size_t name_count;
};

static bool read_value(struct reader *reader);

static void skip_space(struct reader *reader)
{
	while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4) != NULL)
		reader->at++;
}

static bool take(struct reader *reader, char c)
{
	if (reader->at == reader->end || *reader->at != (uint8_t)c)
		return false;
	reader->at++;
	return true;
}

static bool take_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);
	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static size_t take_digits(struct reader *reader)
{
	const uint8_t *from = reader->at;
	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		reader->at++;
	return (size_t)(reader->at - from);
}

/* Beyond 64 bits, or beyond what a double holds. */
static bool is_too_large(const uint8_t *from, size_t length, bool whole)
{
	char *copy = malloc(length + 1);
	MUST_HOLD(copy != NULL);
	memcpy(copy, from, length);
	copy[length] = '\0';
	bool large;
	if (whole) {
		bool negative = copy[0] == '-';
		const char *most = negative ? "9223372036854775808" : "9223372036854775807";
		const char *digits = copy + negative;
		large = strlen(digits) > 19 || (strlen(digits) == 19 && strcmp(digits, most) > 0);
	} else {
		double value = strtod(copy, NULL);
		large = value > 1.7976931348623157e308 || value < -1.7976931348623157e308;
	}
	free(copy);
	return large;
}

static bool read_number(struct reader *reader)
{
	const uint8_t *from = reader->at;
	bool whole = true;
	(void)take(reader, '-');
	if (!take(reader, '0') && take_digits(reader) == 0)
		return false;
	if (take(reader, '.')) {
		whole = false;
		if (take_digits(reader) == 0)
			return false;
	}
	if (take(reader, 'e') || take(reader, 'E')) {
		whole = false;
		if (!take(reader, '+'))
			(void)take(reader, '-');
		if (take_digits(reader) == 0)
			return false;
	}
	if (is_too_large(from, (size_t)(reader->at - from), whole))
		reader->too_much = true;
	return true;
}

static int hex_at(const uint8_t *at)
{
	char digits[5] = { (char)at[0], (char)at[1], (char)at[2], (char)at[3], '\0' };
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return -1;
	return (int)strtol(digits, NULL, 16);
}

/* Behind the "u" of an escape; a pair of surrogates is one character. */
static bool read_unicode(struct reader *reader, ucs4_t *character)
{
	int first = reader->end - reader->at < 4 ? -1 : hex_at(reader->at);
	if (first < 0 || (first >= 0xdc00 && first <= 0xdfff))
		return false;
	reader->at += 4;
	*character = (ucs4_t)first;
	if (first < 0xd800 || first > 0xdbff)
		return true;
	int second = reader->end - reader->at < 6 || reader->at[0] != '\\' || reader->at[1] != 'u'
			     ? -1
			     : hex_at(reader->at + 2);
	if (second < 0xdc00 || second > 0xdfff)
		return false;
	reader->at += 6;
	*character = 0x10000 + (((ucs4_t)first & 0x3ff) << 10) + ((ucs4_t)second & 0x3ff);
	return true;
}

static bool read_escape(struct reader *reader, ucs4_t *character)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	if (reader->at == reader->end)
		return false;
	uint8_t letter = *reader->at++;
	const char *known = letter == '\0' ? NULL : strchr(letters, letter);
	if (known != NULL)
		*character = (unsigned char)meanings[known - letters];
	return known != NULL || (letter == 'u' && read_unicode(reader, character));
}

static void keep(struct reader *reader, ucs4_t character)
{
	int bytes = u8_uctomb((uint8_t *)reader->text + reader->text_length, character, 8);
	MUST_HOLD(bytes > 0);
	reader->text_length += (size_t)bytes;
}

/* The bytes are UTF-8: that was looked at before. */
static bool read_string(struct reader *reader, struct slice *string)
{
	size_t from = reader->text_length;
	if (!take(reader, '"'))
		return false;
	while (!take(reader, '"')) {
		ucs4_t character;
		if (reader->at == reader->end || *reader->at < 0x20)
			return false;
		if (take(reader, '\\')) {
			if (!read_escape(reader, &character))
				return false;
		} else {
			reader->at += u8_mbtouc(&character, reader->at, (size_t)(reader->end - reader->at));
		}
		keep(reader, character);
	}
	*string = (struct slice){ reader->text + from, reader->text_length - from };
	return true;
}

static void look_for_name(struct reader *reader, size_t first, struct slice name)
{
	for (size_t i = first; i < reader->name_count; i++) {
		const struct slice *other = &reader->names[i];
		if (other->length == name.length && memcmp(other->at, name.at, name.length) == 0)
			reader->twice = true;
	}
	MUST_HOLD(reader->name_count < NAMES_MAX);
	reader->names[reader->name_count++] = name;
}

static bool read_object(struct reader *reader)
{
	size_t first = reader->name_count;
	if (!take(reader, '{'))
		return false;
	skip_space(reader);
	if (take(reader, '}'))
		return true;
	do {
		struct slice name;
		skip_space(reader);
		if (!read_string(reader, &name) || memchr(name.at, '\0', name.length) != NULL)
			return false;
		look_for_name(reader, first, name);
		skip_space(reader);
		if (!take(reader, ':') || !read_value(reader))
			return false;
		skip_space(reader);
	} while (take(reader, ','));
	reader->name_count = first;
	return take(reader, '}');
}

static bool read_array(struct reader *reader)
{
	(void)take(reader, '[');
	skip_space(reader);
	if (take(reader, ']'))
		return true;
	do {
		if (!read_value(reader))
			return false;
		skip_space(reader);
	} while (take(reader, ','));
	return take(reader, ']');
}

static bool read_one(struct reader *reader)
{
	struct slice string;
	if (reader->at == reader->end)
		return false;
	switch (*reader->at) {
	case '{':
		return read_object(reader);
	case '[':
		return read_array(reader);
	case '"':
		return read_string(reader, &string);
	case 't':
		return take_word(reader, "true");
	case 'f':
		return take_word(reader, "false");
	case 'n':
		return take_word(reader, "null");
	default:
		return read_number(reader);
	}
}

static bool read_value(struct reader *reader)
{
	skip_space(reader);
	if (++reader->depth > DEPTH_MAX) {
		reader->too_much = true;
		return false;
	}
	bool read = read_one(reader);
	reader->depth--;
	return read;
}

/* OUTCOME_OK: an object that we must take; OUTCOME_BUSY: one that is too much; OUTCOME_CONFLICT: a name is there twice. */
static enum outcome what_it_is(struct slice body)
{
	struct reader *reader = calloc(1, sizeof *reader);
	MUST_HOLD(reader != NULL && (reader->text = malloc(body.length + 16)) != NULL);
	reader->at = (const uint8_t *)body.at;
	reader->end = reader->at + body.length;
	enum outcome what = OUTCOME_INVALID;
	if (u8_check(reader->at, body.length) == NULL) {
		skip_space(reader);
		reader->depth = 1;
		bool read = read_object(reader);
		skip_space(reader);
		if (read && reader->at == reader->end)
			what = reader->twice ? OUTCOME_CONFLICT : OUTCOME_OK;
		if (reader->too_much && what != OUTCOME_INVALID)
			what = OUTCOME_BUSY;
	}
	free(reader->text);
	free(reader);
	return what;
}

/* Our own names need no escape; these are a stranger's. */
static void write_name(struct json_writer *json, const char *name)
{
	size_t plain = 0;
	while ((unsigned char)name[plain] >= 0x20 && name[plain] != '"' && name[plain] != '\\')
		plain++;
	if (name[plain] == '\0') {
		json_put_key(json, name);
		return;
	}
	json_put_terminated(json, name);
	text_put_char(json->out, ':');
	json->comma = false;
}

static void write_tree(struct json_writer *json, json_t *tree)
{
	const char *name;
	json_t *value;
	size_t index;
	switch (json_typeof(tree)) {
	case JSON_OBJECT:
		json_open_object(json);
		json_object_foreach(tree, name, value)
		{
			write_name(json, name);
			write_tree(json, value);
		}
		json_close_object(json);
		return;
	case JSON_ARRAY:
		json_open_array(json);
		json_array_foreach(tree, index, value) write_tree(json, value);
		json_close_array(json);
		return;
	case JSON_STRING:
		json_put_slice(json, (struct slice){ json_string_value(tree), json_string_length(tree) });
		return;
	case JSON_INTEGER:
		json_put_number(json, json_integer_value(tree));
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		json_put_boolean(json, json_is_true(tree));
		return;
	default:
		json_put_null(json);
		return;
	}
}

/* We write no fractions: null stands for them, here and above. */
static bool is_same(json_t *was, json_t *is)
{
	const char *name;
	json_t *value;
	size_t index;
	if (json_is_real(was))
		return json_is_null(is);
	if (json_is_array(was)) {
		bool same = json_is_array(is) && json_array_size(is) == json_array_size(was);
		json_array_foreach(was, index, value) same =
			same && is_same(value, json_array_get(is, index));
		return same;
	}
	if (json_is_object(was)) {
		bool same = json_is_object(is) && json_object_size(is) == json_object_size(was);
		json_object_foreach(was, name, value) same =
			same && is_same(value, json_object_get(is, name));
		return same;
	}
	return json_equal(was, is) == 1;
}

static void open_text(struct text *out, struct arena *arena, size_t max)
{
	text_open(out, arena, max < 16 ? max : 16, max);
	MUST_HOLD(!out->failed);
}

/* Once with room enough, once with exactly what it takes, once with a byte less. */
static void look_at_writing(struct arena *arena, json_t *tree)
{
	struct text out;
	enum json_fault fault;
	json_t *again = NULL;
	open_text(&out, arena, BODY_MAX * 8);
	struct json_writer json = { .out = &out };
	write_tree(&json, tree);
	MUST_HOLD(!out.failed);
	struct slice written = text_slice(&out);
	MUST_HOLD(json_read_object(arena, written, &again, &fault, NULL) == OUTCOME_OK);
	MUST_HOLD(is_same(tree, again));
	for (size_t less = 0; less < 2; less++) {
		open_text(&out, arena, written.length - less);
		json = (struct json_writer){ .out = &out };
		write_tree(&json, tree);
		MUST_HOLD(out.failed == (less == 1) && out.length <= written.length - less);
		MUST_HOLD(memcmp(out.at, written.at, out.length) == 0 || out.failed);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct slice body = { size == 0 ? "" : (const char *)data, size };
	json_t *tree = (json_t *)&arena; /* to be overwritten */
	enum json_fault fault = JSON_FAULT_NONE;
	const char *where = NULL;
	if (size > BODY_MAX)
		return -1;
	arena_open(&arena, (size_t)1024 * 1024);
	enum outcome outcome = json_read_object(&arena, body, &tree, &fault, &where);
	enum outcome what = what_it_is(body);
	MUST_HOLD((outcome == OUTCOME_OK) == (what == OUTCOME_OK));
	if (outcome == OUTCOME_OK) {
		MUST_HOLD(json_is_object(tree) && fault == JSON_FAULT_NONE && where == NULL);
		look_at_writing(&arena, tree);
	} else {
		MUST_HOLD(outcome == OUTCOME_INVALID && tree == NULL);
		MUST_HOLD(fault != JSON_FAULT_NONE && where != NULL && where[0] != '\0');
		MUST_HOLD(fault != JSON_FAULT_UTF8 || u8_check((const uint8_t *)body.at, size) != NULL);
		MUST_HOLD(what != OUTCOME_CONFLICT || fault == JSON_FAULT_DUPLICATE_KEY);
	}
	arena_close(&arena);
	arena_free_spares();
	return 0;
}
