/* What a terminal sent is read strictly, and what it gets back is JSON whatever is stored: base/json.c. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define BODY(literal) SLICE_LITERAL(literal)

static int open_arena(void **state)
{
	struct arena *arena = malloc(sizeof *arena);
	if (arena == NULL)
		return -1;
	arena_open(arena, (size_t)1024 * 1024);
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	arena_close(*state);
	free(*state);
	return 0;
}

/* From memory that ends where the body ends, so that reading on is noticed. */
static enum outcome read_exactly(
	struct arena *arena, struct slice body, json_t **object, enum json_fault *fault, const char **where)
{
	char *exact = malloc(body.length == 0 ? 1 : body.length);
	assert_non_null(exact);
	if (body.length > 0)
		memcpy(exact, body.at, body.length);
	enum outcome outcome =
		json_read_object(arena, (struct slice){ exact, body.length }, object, fault, where);
	free(exact);
	return outcome;
}

static void assert_refused(struct arena *arena, struct slice body, enum json_fault expected)
{
	json_t *object = json_null();
	enum json_fault fault = JSON_FAULT_NONE;
	const char *where = NULL;
	if (read_exactly(arena, body, &object, &fault, &where) != OUTCOME_INVALID)
		fail_msg("taken: %.*s", (int)body.length, body.at);
	if (fault != expected)
		fail_msg(
			"fault %d instead of %d: %.*s", (int)fault, (int)expected, (int)body.length, body.at);
	assert_null(object);
	assert_non_null(where);
	assert_true(strlen(where) > 5);
}

static json_t *assert_taken(struct arena *arena, struct slice body)
{
	json_t *object = NULL;
	enum json_fault fault = JSON_FAULT_SYNTAX;
	const char *where = "";
	if (read_exactly(arena, body, &object, &fault, &where) != OUTCOME_OK)
		fail_msg("refused (%s): %.*s", where == NULL ? "?" : where, (int)body.length, body.at);
	assert_int_equal(fault, JSON_FAULT_NONE);
	assert_null(where);
	assert_true(json_is_object(object));
	return object;
}

static void an_object_is_read_with_white_space_around_it(void **state)
{
	const json_t *object = assert_taken(*state, BODY(" \r\n\t{\"a\" : [1, {\"b\": \"資格\"}]}\n \t\r\n"));
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(object, "a"), 1), "b")),
		"資格");
	assert_int_equal(json_object_size(assert_taken(*state, BODY("{}"))), 0);
}

/* Two readers of one body could see two different persons. */
static void a_field_named_twice_is_refused_at_any_depth(void **state)
{
	assert_refused(*state, BODY("{\"a\":1,\"a\":2}"), JSON_FAULT_DUPLICATE_KEY);
	assert_refused(*state, BODY("{\"a\":1,\"b\":2,\"a\":1}"), JSON_FAULT_DUPLICATE_KEY);
	assert_refused(*state, BODY("{\"a\":{\"b\":1,\"b\":2}}"), JSON_FAULT_DUPLICATE_KEY);
	assert_refused(*state, BODY("{\"a\":[0,[{\"c\":{\"b\":1,\"b\":null}}]]}"), JSON_FAULT_DUPLICATE_KEY);
	assert_refused(*state, BODY("{\"a\":1,\"\\u0061\":2}"), JSON_FAULT_DUPLICATE_KEY);
	assert_refused(*state, BODY("{\"\":1,\"\":2}"), JSON_FAULT_DUPLICATE_KEY);
	assert_taken(*state, BODY("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}],\"A\":1}"));
}

static void bytes_that_are_not_utf_8_are_refused_as_such(void **state)
{
	static const char *const wrong[] = {
		"\xff", "\xfe", "\x80", "\xbf", /* never a character's beginning */
		"\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", /* longer than needed */
		"\xed\xa0\x80", "\xed\xbf\xbf", /* surrogates */
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", /* beyond Unicode */
		"\xe8\xb3", "\xe8\xb3z", "\xc3(", /* cut short */
		"\x8e\x91\x8a\x69", /* 資格 in Shift_JIS */
		"\xbb\xf1\xb3\xca", /* and in EUC-JP */
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char body[64];
		int length = snprintf(body, sizeof body, "{\"name\":\"%s\"}", wrong[i]);
		assert_refused(*state, (struct slice){ body, (size_t)length }, JSON_FAULT_UTF8);
		length = snprintf(body, sizeof body, "{\"%s\":1}", wrong[i]);
		assert_refused(*state, (struct slice){ body, (size_t)length }, JSON_FAULT_UTF8);
	}
	assert_taken(*state, BODY("{\"a\":\"é資𠮷\xf4\x8f\xbf\xbf\"}"));
}

static void a_nul_byte_neither_ends_the_body_nor_hides_what_follows(void **state)
{
	assert_refused(*state, BODY("{}\0"), JSON_FAULT_SYNTAX);
	assert_refused(*state, BODY("\0{}"), JSON_FAULT_SYNTAX);
	assert_refused(*state, BODY("{\"a\":1}\0{\"a\":2}"), JSON_FAULT_SYNTAX);
	assert_refused(*state, BODY("{\"a\":\"x\0y\"}"), JSON_FAULT_SYNTAX);
	assert_refused(*state, BODY("{\"a\0\":1}"), JSON_FAULT_SYNTAX);
	assert_refused(*state, BODY("{\"a\":1\0}"), JSON_FAULT_SYNTAX);
	assert_refused(*state, BODY("{\"a\":[1.5\0,2]}"), JSON_FAULT_SYNTAX);
	assert_refused(*state, BODY("{\"a\\u0000b\":1}"), JSON_FAULT_SYNTAX);
}

static void a_written_nul_arrives_whole_so_that_its_field_can_be_named(void **state)
{
	const json_t *value = json_object_get(assert_taken(*state, BODY("{\"a\":\"x\\u0000y\"}")), "a");
	assert_int_equal(json_string_length(value), 3);
	assert_memory_equal(json_string_value(value), "x\0y", 3);
}

static void what_follows_the_object_is_refused(void **state)
{
	static const char *const bodies[] = { "{}{}", "{} x", "{}]", "{},", "{}}", "{}null",
		"{}\xef\xbb\xbf" };
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		assert_refused(*state, slice_of(bodies[i]), JSON_FAULT_SYNTAX);
}

static void what_is_no_object_is_refused(void **state)
{
	static const char *const bodies[] = { "", " ", "null", "true", "1", "\"{}\"", "[]", "[{}]", "{", "}",
		"{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{'a':1}", "{a:1}", "{\"a\":01}",
		"{\"a\":.5}", "{\"a\":+1}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":True}",
		"{\"a\":1 \"b\":2}", "{/**/}", "{\"a\":\"\n\"}", "{\"a\":\"\\x41\"}", "{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\udc00\\ud800\"}", "\xef\xbb\xbf{}", "{\"a\":1e400}",
		"{\"a\":18446744073709551616}" };
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		assert_refused(*state, slice_of(bodies[i]), JSON_FAULT_SYNTAX);
	assert_refused(*state, (struct slice){ NULL, 0 }, JSON_FAULT_SYNTAX);
}

/* A body of brackets shall not take the stack of the loop that serves everybody. */
static void a_hundred_thousand_brackets_are_refused(void **state)
{
	const size_t depth = 100000;
	char *body = malloc(6 * depth);
	assert_non_null(body);
	memset(body, '[', depth);
	assert_refused(*state, (struct slice){ body, depth }, JSON_FAULT_SYNTAX);
	memcpy(body, "{\"a\":", 5);
	memset(body + 5, '[', depth);
	assert_refused(*state, (struct slice){ body, depth + 5 }, JSON_FAULT_SYNTAX);
	for (size_t i = 0; i < depth; i++)
		memcpy(body + 5 * i, "{\"a\":", 5);
	memset(body + 5 * depth, '}', depth);
	assert_refused(*state, (struct slice){ body, 6 * depth }, JSON_FAULT_SYNTAX);
	free(body);
}

static void a_refusal_repeats_nothing_of_the_body(void **state)
{
	static const char *const bodies[] = { "{\"secret\":1,\"secret\":2}", "{\"secret\":\"\xff\"}",
		"{\"secret\": secret}", "{\"a\":1} secret", "{\"secret\\u0000\":1}" };
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		json_t *object = NULL;
		enum json_fault fault = JSON_FAULT_NONE;
		const char *where = NULL;
		assert_int_equal(json_read_object(*state, slice_of(bodies[i]), &object, &fault, &where),
			OUTCOME_INVALID);
		assert_null(strstr(where, "secret"));
	}
}

static void a_tree_that_the_arena_cannot_keep_is_released(void **state)
{
	(void)state;
	struct arena none;
	json_t *object = json_null();
	enum json_fault fault = JSON_FAULT_SYNTAX;
	arena_open(&none, 0);
	/* The address sanitizer finds what is not released. */
	assert_int_equal(
		json_read_object(&none, BODY("{\"a\":[1,2,3]}"), &object, &fault, NULL), OUTCOME_NO_MEMORY);
	assert_null(object);
	assert_int_equal(fault, JSON_FAULT_NONE);
	arena_close(&none);
}

/* Writes the value, lets jansson read it, and compares. */
static void assert_round_trip(struct arena *arena, const char *bytes, size_t length)
{
	struct text out;
	struct json_writer json = { .out = &out };
	text_open(&out, arena, 16, 8192);
	json_put_slice(&json, (struct slice){ bytes, length });
	assert_false(out.failed);
	json_t *value = json_loadb(out.at, out.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (value == NULL)
		fail_msg("not JSON: %.*s", (int)out.length, out.at);
	assert_int_equal(json_string_length(value), length);
	assert_memory_equal(json_string_value(value), bytes, length);
	json_decref(value);
}

/* A body that cannot be read now is not called malformed, and never read with something left out. */
static void a_body_that_finds_no_room_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	static const char begin[] = "{\"number\":\"1234567\",\"more\":{\"é\":[1,\"";
	static const char end[] = "\"]}}";
	char text[600];
	json_t *object = NULL;
	enum json_fault fault = JSON_FAULT_NONE;
	const char *where = NULL;
	memset(text, 'x', sizeof text);
	memcpy(text, begin, sizeof begin - 1);
	memcpy(text + sizeof text - sizeof end, end, sizeof end);
	struct slice body = { text, sizeof text - 1 };
	size_t refused = 0;
	enum outcome outcome = OUTCOME_NO_MEMORY;
	for (size_t room = 0; outcome != OUTCOME_OK; room += 16) {
		struct arena small;
		arena_open(&small, room);
		outcome = read_exactly(&small, body, &object, &fault, &where);
		assert_int_equal(fault, JSON_FAULT_NONE);
		if (outcome == OUTCOME_OK)
			assert_string_equal(json_string_value(json_object_get(object, "number")), "1234567");
		else
			refused++;
		assert_true(outcome == OUTCOME_OK || outcome == OUTCOME_NO_MEMORY);
		arena_close(&small);
	}
	assert_true(refused > 20);
}

static void every_character_of_a_stored_name_arrives_as_it_is(void **state)
{
	char bytes[8];
	for (int c = 0; c < 0x80; c++) {
		bytes[0] = (char)c;
		assert_round_trip(*state, bytes, 1);
		memcpy(bytes, "a?b??c", 6);
		bytes[1] = bytes[3] = bytes[4] = (char)c;
		assert_round_trip(*state, bytes, 6);
	}
	static const char *const texts[] = { "", "\"", "\\", "\\\"", "\\u0041", "資格 太郎", "𠮷野家",
		"é\"資\\格\n\t\r\b\f", "</script>", "\xe2\x80\xa8", "\xf4\x8f\xbf\xbf" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_round_trip(*state, texts[i], strlen(texts[i]));
}

static void a_comma_stands_between_any_two_and_nowhere_else(void **state)
{
	struct text out;
	struct json_writer json = { .out = &out };
	text_open(&out, *state, 16, 4096);
	json_open_object(&json);
	json_put_key(&json, "empty");
	json_open_array(&json);
	json_close_array(&json);
	json_put_key(&json, "none");
	json_open_object(&json);
	json_close_object(&json);
	json_put_key(&json, "all");
	json_open_array(&json);
	json_put_number(&json, INT64_MIN);
	json_put_boolean(&json, true);
	json_put_boolean(&json, false);
	json_put_null(&json);
	json_put_terminated(&json, "t");
	json_put_slice(&json, (struct slice){ NULL, 0 });
	json_put_slice(&json, (struct slice){ "", 0 });
	json_open_object(&json);
	json_put_key(&json, "a");
	json_put_number(&json, 0);
	json_put_key(&json, "b");
	json_put_null(&json);
	json_close_object(&json);
	json_open_array(&json);
	json_open_array(&json);
	json_close_array(&json);
	json_open_array(&json);
	json_close_array(&json);
	json_close_array(&json);
	json_close_array(&json);
	json_put_key(&json, "last");
	json_put_terminated(&json, NULL);
	json_close_object(&json);
	assert_false(out.failed);
	static const char expected[] =
		"{\"empty\":[],\"none\":{},\"all\":[-9223372036854775808,true,false,null,\"t\",null,\"\","
		"{\"a\":0,\"b\":null},[[],[]]],\"last\":null}";
	assert_int_equal(out.length, sizeof expected - 1);
	assert_memory_equal(out.at, expected, out.length);
}

static void packed_as(const char *value, const char *expected)
{
	struct arena arena;
	arena_open(&arena, 4096);
	struct text out;
	text_open(&out, &arena, 8, 4096);
	struct json_writer json = { .out = &out };
	json_open_array(&json);
	json_put_number(&json, 1);
	json_put_packed(&json, slice_of(value));
	json_put_null(&json);
	json_close_array(&json);
	assert_false(out.failed);
	assert_int_equal(out.length, strlen(expected));
	assert_memory_equal(out.at, expected, out.length);
	arena_close(&arena);
}

static void what_the_database_wrote_loses_its_blanks_and_nothing_else(void **state)
{
	(void)state;
	packed_as("{\"a b\" : [ 1 , -2.5 ],\n\t\"c\" : null}", "[1,{\"a b\":[1,-2.5],\"c\":null},null]");
	packed_as("\" two  blanks, a \\\" quote : and a \\\\\"",
		"[1,\" two  blanks, a \\\" quote : and a \\\\\",null]");
	packed_as("[ ]", "[1,[],null]");
	packed_as(" true ", "[1,true,null]");
	packed_as("\"資格 太郎\"", "[1,\"資格 太郎\",null]");
	packed_as("\"not ended \\", "[1,\"not ended \\,null]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_database_wrote_loses_its_blanks_and_nothing_else),
		TEST(an_object_is_read_with_white_space_around_it),
		TEST(a_field_named_twice_is_refused_at_any_depth),
		TEST(bytes_that_are_not_utf_8_are_refused_as_such),
		TEST(a_nul_byte_neither_ends_the_body_nor_hides_what_follows),
		TEST(a_written_nul_arrives_whole_so_that_its_field_can_be_named),
		TEST(what_follows_the_object_is_refused),
		TEST(what_is_no_object_is_refused),
		TEST(a_hundred_thousand_brackets_are_refused),
		TEST(a_refusal_repeats_nothing_of_the_body),
		TEST(a_tree_that_the_arena_cannot_keep_is_released),
		TEST(a_body_that_finds_no_room_is_read_whole_or_not_at_all),
		TEST(every_character_of_a_stored_name_arrives_as_it_is),
		TEST(a_comma_stands_between_any_two_and_nowhere_else),
	};
	return cmocka_run_group_tests_name("json", tests, open_arena, close_arena);
}
