/* Base64 of JSON fields: trust/base64.c. */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

#include "trust/base64.h"

static enum outcome decode(struct arena *arena, const char *text, size_t length, struct slice *bytes)
{
	return base64_decode(arena, (struct slice){ text, length }, bytes);
}

static void assert_decodes(const char *text, const char *bytes, size_t length)
{
	struct arena arena;
	struct slice decoded;
	arena_open(&arena, 65536);
	assert_int_equal(decode(&arena, text, strlen(text), &decoded), OUTCOME_OK);
	assert_int_equal(decoded.length, length);
	assert_memory_equal(decoded.at, bytes, length);
	arena_close(&arena);
}

static void assert_refused(const char *text, size_t length)
{
	struct arena arena;
	struct slice decoded;
	arena_open(&arena, 65536);
	enum outcome outcome = decode(&arena, text, length, &decoded);
	if (outcome != OUTCOME_INVALID)
		print_error("taken though it is not base64: \"%.*s\"\n", (int)length, text);
	assert_int_equal(outcome, OUTCOME_INVALID);
	assert_null(decoded.at);
	assert_int_equal(decoded.length, 0);
	arena_close(&arena);
}

/* RFC 4648, 10. */
static void what_a_terminal_encodes_by_the_standard_is_read(void **state)
{
	(void)state;
	assert_decodes("Zg==", "f", 1);
	assert_decodes("Zm8=", "fo", 2);
	assert_decodes("Zm9v", "foo", 3);
	assert_decodes("Zm9vYg==", "foob", 4);
	assert_decodes("Zm9vYmE=", "fooba", 5);
	assert_decodes("Zm9vYmFy", "foobar", 6);
	assert_decodes("AAAA", "\0\0\0", 3);
	assert_decodes("AA==", "\0", 1);
	assert_decodes("++//", "\xfb\xef\xff", 3);
}

static void every_byte_value_comes_through(void **state)
{
	(void)state;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (unsigned value = 0; value < 256; value++) {
		const char bytes[] = { (char)value, (char)(255 - value), (char)(value ^ 0x5a) };
		unsigned three = (value << 16) | ((255 - value) << 8) | (value ^ 0x5a);
		const char text[] = { alphabet[three >> 18], alphabet[three >> 12 & 63],
			alphabet[three >> 6 & 63], alphabet[three & 63], '\0' };
		assert_decodes(text, bytes, 3);
	}
}

static void what_is_cut_or_padded_wrongly_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "Z", "Zg", "Zg=", "Zm8", "Zm9vY", "Zm9vYg", "Zm9vYg=", "=",
		"==", "====", "Z===", "A===", "Zg==Zg==", "Zm8=Zm9v", "Zg==\n",
		"Zm9v=", "Zm9v==", "Zm9v====", "=Zm9", "Z=g=", "Zm=8", "Zm9vZ===" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_refused(wrong[i], strlen(wrong[i]));
}

/* Every character that is not of the alphabet, at every place: white space, base64url's, NUL, and the upper half. */
static void foreign_characters_are_refused_everywhere(void **state)
{
	(void)state;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (unsigned c = 0; c < 256; c++) {
		if (c != 0 && strchr(alphabet, (int)c) != NULL)
			continue;
		for (size_t at = 0; at < 8; at++) {
			char text[] = "Zm9vYmFy";
			text[at] = (char)c;
			if (c == '=' && at == 7)
				continue; /* padding; whether its bits are zero is another test's */
			assert_refused(text, 8);
		}
	}
}

/* Bits that no byte holds must be zero, or one certificate would have several spellings. */
static void one_value_has_one_spelling(void **state)
{
	(void)state;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (int i = 0; i < 64; i++) {
		const char one[] = { 'Z', alphabet[i], '=', '=' };
		const char two[] = { 'Z', 'm', alphabet[i], '=' };
		struct arena arena;
		struct slice decoded;
		arena_open(&arena, 65536);
		assert_int_equal(
			decode(&arena, one, 4, &decoded), i % 16 == 0 ? OUTCOME_OK : OUTCOME_INVALID);
		assert_int_equal(decode(&arena, two, 4, &decoded), i % 4 == 0 ? OUTCOME_OK : OUTCOME_INVALID);
		arena_close(&arena);
	}
}

static void a_text_longer_than_the_arena_is_no_crash(void **state)
{
	(void)state;
	struct arena arena;
	struct slice decoded;
	static char text[65536];
	memset(text, 'A', sizeof text);
	arena_open(&arena, 4096);
	assert_int_equal(decode(&arena, text, sizeof text, &decoded), OUTCOME_NO_MEMORY);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_terminal_encodes_by_the_standard_is_read),
		TEST(every_byte_value_comes_through),
		TEST(what_is_cut_or_padded_wrongly_is_refused),
		TEST(foreign_characters_are_refused_everywhere),
		TEST(one_value_has_one_spelling),
		TEST(a_text_longer_than_the_arena_is_no_crash),
	};
	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
