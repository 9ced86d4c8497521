/* A cursor brings back the id that it was made of, and what was made up is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/cursor.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_open(&arena, (size_t)1024 * 1024);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_close(&arena);
	arena_free_spares();
	return 0;
}

static struct slice made_of(struct slice id)
{
	struct text out;
	text_open(&out, &arena, 16, CURSOR_TEXT_MAX);
	cursor_put(&out, id);
	assert_false(out.failed);
	return text_slice(&out);
}

static void a_cursor_brings_back_its_id(void **state)
{
	(void)state;
	char longest[64 * 4 + 1] = "";
	for (int i = 0; i < 64; i++)
		memcpy(longest + 4 * i, "\xf0\xa0\xae\xb7", 4); /* 𠮷 */
	const char *const ids[] = { "E", "E-", "E-1", "E-12", "大阪#1", "~?_-", longest };
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct slice read = { NULL, 0 };
		struct slice cursor = made_of(slice_of(ids[i]));
		assert_true(cursor.length <= CURSOR_TEXT_MAX);
		for (size_t k = 0; k < cursor.length; k++)
			assert_non_null(
				strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
					cursor.at[k]));
		assert_true(cursor_read(&arena, cursor, &read));
		assert_true(slice_is(read, ids[i]));
	}
}

static void what_was_made_up_is_no_cursor(void **state)
{
	(void)state;
	static const struct slice forged[] = {
		{ "", 0 },
		{ "M", 1 },
		{ "MQ", 2 },
		{ "MUUtMQ==", 8 },
		{ "MUUtMR", 6 } /* bits behind the end */,
		{ "MUUtM", 5 },
		{ "MkUtMQ", 6 } /* another sign */,
		{ "MUUt MQ", 7 },
		{ "MUUt/Q", 6 },
		{ "MUUt+Q", 6 },
		{ "MUUtMQ\0", 7 },
		{ "\0MUUtMQ", 7 },
		{ "MQAA", 4 } /* a NUL */,
		{ "MSAg", 4 } /* blanks */,
		{ "Mf__", 4 } /* no UTF-8 */,
		{ "MS4", 3 } /* "." */,
		{ "MeKAqA", 6 } /* U+2028 */,
	};
	struct slice read;
	for (size_t i = 0; i < sizeof forged / sizeof *forged; i++)
		assert_false(cursor_read(&arena, forged[i], &read));
	char longer[CURSOR_TEXT_MAX + 2];
	memset(longer, 'M', sizeof longer);
	assert_false(cursor_read(&arena, (struct slice){ longer, sizeof longer }, &read));
}

/* No bit of a cursor may be turned without its becoming another one, or none. */
static void two_cursors_never_mean_one_place(void **state)
{
	(void)state;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct slice cursor = made_of(SLICE_LITERAL("E-12"));
	for (size_t i = 0; i < cursor.length; i++) {
		for (size_t k = 0; alphabet[k] != '\0'; k++) {
			char changed[16];
			struct slice read;
			memcpy(changed, cursor.at, cursor.length);
			changed[i] = alphabet[k];
			if (changed[i] != cursor.at[i] &&
				cursor_read(&arena, (struct slice){ changed, cursor.length }, &read))
				assert_false(slice_is(read, "E-12"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_cursor_brings_back_its_id, begin, end),
		cmocka_unit_test_setup_teardown(what_was_made_up_is_no_cursor, begin, end),
		cmocka_unit_test_setup_teardown(two_cursors_never_mean_one_place, begin, end),
	};
	return cmocka_run_group_tests_name("cursors", tests, NULL, NULL);
}
