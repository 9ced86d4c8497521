/* An answer is whole or known not to be: base/text.c. */
#include "vectors.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int open_arena(void **state)
{
	struct arena *arena = malloc(sizeof *arena);
	if (arena == NULL)
		return -1;
	arena_open(arena, 65536);
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	arena_close(*state);
	free(*state);
	return 0;
}

static void a_text_grows_to_its_maximum_and_not_a_byte_beyond(void **state)
{
	struct text text;
	text_open(&text, *state, 4, 1000);
	for (int i = 0; i < 1000; i++)
		text_put_char(&text, (char)('a' + i % 26));
	assert_false(text.failed);
	assert_int_equal(text_slice(&text).length, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(text_slice(&text).at[i], 'a' + i % 26);
	text_put_char(&text, 'x');
	assert_true(text.failed);
	assert_int_equal(text_slice(&text).length, 1000);
}

static void one_piece_larger_than_twice_the_room_fits_when_the_maximum_allows_it(void **state)
{
	char bytes[900];
	struct text text;
	memset(bytes, 'z', sizeof bytes);
	text_open(&text, *state, 16, 901);
	text_put_char(&text, 'a');
	text_put(&text, bytes, sizeof bytes);
	assert_false(text.failed);
	assert_int_equal(text_slice(&text).length, 901);
	assert_memory_equal(text_slice(&text).at + 1, bytes, sizeof bytes);
}

static void an_answer_that_once_did_not_fit_is_never_taken_for_a_whole_one(void **state)
{
	struct text text;
	text_open(&text, *state, 8, 8);
	text_put_terminated(&text, "123456789");
	assert_true(text.failed);
	text_put_char(&text, 'a'); /* would fit, and would leave a hole */
	text_put_integer(&text, 1);
	text_put(&text, "", 0);
	assert_true(text.failed);
	assert_int_equal(text_slice(&text).length, 0);
}

static void memory_that_ran_out_is_noticed_and_what_was_written_stays(void **state)
{
	(void)state;
	struct arena arena;
	struct text text;
	arena_open(&arena, 1024);
	text_open(&text, &arena, 512, 65536);
	for (int i = 0; i < 2000; i++)
		text_put_char(&text, 'a');
	assert_true(text.failed);
	assert_true(text_slice(&text).length <= 1024);
	arena_close(&arena);
	arena_open(&arena, 0);
	text_open(&text, &arena, 512, 65536);
	assert_true(text.failed);
	text_put_char(&text, 'a');
	assert_int_equal(text.length, 0);
	arena_close(&arena);
}

static void a_length_that_no_text_has_does_not_wrap(void **state)
{
	struct text text;
	text_open(&text, *state, 16, 4096);
	text_put_char(&text, 'a');
	/* Unknown to the compiler, which would warn of it. */
	const volatile size_t length = SIZE_MAX;
	text_put(&text, "b", length);
	assert_true(text.failed);
	assert_int_equal(text.length, 1);
}

static void every_amount_is_written_as_it_is(void **state)
{
	static const struct {
		int64_t number;
		const char *written;
	} rows[] = {
		{ 0, "0" },
		{ 9, "9" },
		{ 10, "10" },
		{ -1, "-1" },
		{ 80100, "80100" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
		{ INT64_MIN + 1, "-9223372036854775807" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text text;
		text_open(&text, *state, 1, 20);
		text_put_integer(&text, rows[i].number);
		assert_false(text.failed);
		assert_true(text.length == strlen(rows[i].written));
		assert_memory_equal(text.at, rows[i].written, text.length);
	}
}

static void a_formatted_line_that_is_cut_is_a_failure_and_not_a_cut_line(void **state)
{
	struct text text;
	text_open(&text, *state, 16, 4096);
	text_printf(&text, "%s=%d", "status", 200);
	assert_false(text.failed);
	assert_true(slice_is(text_slice(&text), "status=200"));
	text_printf(&text, "%*s", 4000, "x");
	assert_true(text.failed);
	assert_true(slice_is(text_slice(&text), "status=200"));
}

static void no_value_is_not_the_empty_text(void **state)
{
	(void)state;
	const struct slice none = { NULL, 0 };
	assert_false(slice_is(none, ""));
	assert_false(slice_is_any_case(none, ""));
	assert_null(slice_of(NULL).at);
	assert_true(slice_is(slice_of(""), ""));
	assert_null(slice_trim(none).at);
	assert_non_null(slice_trim(slice_of(" \t ")).at);
	assert_int_equal(slice_trim(slice_of(" \t ")).length, 0);
}

static void a_word_is_not_taken_for_one_that_begins_alike(void **state)
{
	(void)state;
	assert_true(slice_is(SLICE_LITERAL("card"), "card"));
	assert_false(slice_is(SLICE_LITERAL("card"), "cards"));
	assert_false(slice_is(SLICE_LITERAL("cards"), "card"));
	assert_false(slice_is(SLICE_LITERAL("Card"), "card"));
	assert_false(slice_is(SLICE_LITERAL("card\0"), "card"));
	assert_true(slice_is_any_case(SLICE_LITERAL("cHuNKed"), "chunked"));
	assert_false(slice_is_any_case(SLICE_LITERAL("chunked\0"), "chunked"));
	assert_false(slice_is_any_case(SLICE_LITERAL("chunke"), "chunked"));
	assert_true(slice_is(slice_trim(SLICE_LITERAL("\t a b \t")), "a b"));
}

static void a_digest_is_written_in_lower_case_with_its_zeros(void **state)
{
	(void)state;
	const uint8_t bytes[] = { 0x00, 0x0f, 0xa0, 0xff };
	char hex[9];
	memset(hex, 'x', sizeof hex);
	text_hex(bytes, sizeof bytes, hex);
	assert_string_equal(hex, "000fa0ff");
	text_hex(bytes, 0, hex);
	assert_string_equal(hex, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_text_grows_to_its_maximum_and_not_a_byte_beyond),
		TEST(one_piece_larger_than_twice_the_room_fits_when_the_maximum_allows_it),
		TEST(an_answer_that_once_did_not_fit_is_never_taken_for_a_whole_one),
		TEST(memory_that_ran_out_is_noticed_and_what_was_written_stays),
		TEST(a_length_that_no_text_has_does_not_wrap),
		TEST(every_amount_is_written_as_it_is),
		TEST(a_formatted_line_that_is_cut_is_a_failure_and_not_a_cut_line),
		TEST(no_value_is_not_the_empty_text),
		TEST(a_word_is_not_taken_for_one_that_begins_alike),
		TEST(a_digest_is_written_in_lower_case_with_its_zeros),
	};
	return cmocka_run_group_tests_name("text", tests, open_arena, close_arena);
}
