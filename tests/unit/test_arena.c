/* A request's memory has an end, and nothing that hangs on it is forgotten: base/arena.c. */
#include "vectors.h"

#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

#define UNIT alignof(max_align_t)

static void a_request_never_takes_more_memory_than_its_maximum(void **state)
{
	(void)state;
	struct arena arena;
	arena_open(&arena, 64 * UNIT);
	for (size_t taken = 0; taken < 64; taken++)
		assert_non_null(arena_take_raw(&arena, UNIT));
	assert_null(arena_take_raw(&arena, 1));
	assert_null(arena_take(&arena, 1));
	assert_null(arena_copy(&arena, "", 0));
	assert_true(arena.taken <= 64 * UNIT);
	arena_close(&arena);
}

static void the_maximum_holds_over_many_blocks_of_any_size(void **state)
{
	(void)state;
	struct arena arena;
	size_t sizes[] = { 1, 40000, 12288, 7, 300, 13000, 90000, 12289 };
	size_t got = 0;
	arena_open(&arena, 200000);
	for (size_t i = 0; i < 100; i++) {
		size_t size = sizes[i % (sizeof sizes / sizeof *sizes)];
		void *piece = arena_take_raw(&arena, size);
		if (piece != NULL) {
			memset(piece, 0xa5, size);
			got += size;
		}
		assert_true(arena.taken <= 200000);
	}
	assert_true(got > 100000); /* refusing everything would hold it too */
	assert_true(got <= 200000);
	arena_close(&arena);
}

static void a_size_that_no_machine_has_is_refused_and_does_not_wrap(void **state)
{
	(void)state;
	struct arena arena;
	arena_open(&arena, 4096);
	for (size_t less = 0; less < 64; less++) {
		assert_null(arena_take_raw(&arena, SIZE_MAX - less));
		assert_null(arena_take(&arena, SIZE_MAX - less));
	}
	assert_null(arena_copy(&arena, "x", SIZE_MAX));
	assert_non_null(arena_take(&arena, 4000)); /* and the arena is as good as before */
	arena_close(&arena);
}

static void a_refused_piece_does_not_spend_what_is_left(void **state)
{
	(void)state;
	struct arena arena;
	arena_open(&arena, 8 * UNIT);
	assert_non_null(arena_take_raw(&arena, 4 * UNIT));
	assert_null(arena_take_raw(&arena, 5 * UNIT));
	assert_non_null(arena_take_raw(&arena, 4 * UNIT));
	arena_close(&arena);
}

static void what_another_request_wrote_is_never_seen(void **state)
{
	(void)state;
	struct arena arena;
	arena_open(&arena, 65536);
	for (size_t size = 1; size < 3000; size += 97) {
		unsigned char *dirty = arena_take_raw(&arena, size);
		assert_non_null(dirty);
		memset(dirty, 0xff, size);
		arena_close(&arena);
		const unsigned char *clean = arena_take(&arena, size);
		assert_non_null(clean);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(clean[i], 0);
	}
	arena_close(&arena);
}

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
	(void)state;
	struct arena arena;
	unsigned char *pieces[200];
	arena_open(&arena, 65536);
	for (size_t i = 0; i < 200; i++) {
		pieces[i] = arena_take_raw(&arena, i);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % UNIT, 0);
		memset(pieces[i], (int)i, i);
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t byte = 0; byte < i; byte++)
			assert_int_equal(pieces[i][byte], i);
	}
	arena_close(&arena);
}

static void a_copy_keeps_nul_bytes_and_ends_with_one(void **state)
{
	(void)state;
	struct arena arena;
	arena_open(&arena, 4096);
	const char *copy = arena_copy(&arena, "a\0b", 3);
	assert_non_null(copy);
	assert_memory_equal(copy, "a\0b\0", 4);
	const char *empty = arena_copy(&arena, NULL, 0);
	assert_non_null(empty);
	assert_string_equal(empty, "");
	arena_close(&arena);
}

/* What hooks were called with, in order. */
static int called[8];
static size_t calls;

static void note(void *object)
{
	assert_true(calls < sizeof called / sizeof *called);
	called[calls++] = *(int *)object;
}

static void what_was_hung_on_last_is_released_first_and_once(void **state)
{
	(void)state;
	struct arena arena;
	int numbers[] = { 1, 2, 3 };
	calls = 0;
	arena_open(&arena, 4096);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(arena_on_close(&arena, note, &numbers[i]), OUTCOME_OK);
	assert_int_equal(calls, 0);
	arena_close(&arena);
	assert_int_equal(calls, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(called[i], numbers[2 - i]);
	arena_close(&arena);
	assert_int_equal(calls, 3);
}

static void an_object_may_lie_in_the_arena_it_hangs_on(void **state)
{
	(void)state;
	struct arena arena;
	calls = 0;
	arena_open(&arena, 65536);
	int *object = arena_take(&arena, sizeof *object);
	assert_non_null(object);
	*object = 42;
	assert_int_equal(arena_on_close(&arena, note, object), OUTCOME_OK);
	assert_non_null(
		arena_take_raw(&arena, 30000)); /* another block, so that the order of release shows */
	arena_close(&arena);
	assert_int_equal(calls, 1);
	assert_int_equal(called[0], 42);
}

static void an_object_that_cannot_be_hung_on_is_released_at_once(void **state)
{
	(void)state;
	struct arena arena;
	int number = 7;
	calls = 0;
	arena_open(&arena, 4 * UNIT);
	assert_non_null(arena_take_raw(&arena, 4 * UNIT));
	assert_int_equal(arena_on_close(&arena, note, &number), OUTCOME_NO_MEMORY);
	assert_int_equal(calls, 1);
	assert_int_equal(called[0], 7);
	arena_close(&arena);
	assert_int_equal(calls, 1);
}

static void a_closed_arena_is_empty_and_serves_the_next_with_its_whole_maximum(void **state)
{
	(void)state;
	struct arena arena;
	arena_open(&arena, 20000);
	for (int round = 0; round < 3; round++) {
		assert_non_null(arena_take_raw(&arena, 12000));
		assert_non_null(arena_take_raw(&arena, 7000));
		assert_null(arena_take_raw(&arena, 7000));
		arena_close(&arena);
		assert_int_equal(arena.taken, 0);
		assert_null(arena.blocks);
		assert_null(arena.hooks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_never_takes_more_memory_than_its_maximum),
		TEST(the_maximum_holds_over_many_blocks_of_any_size),
		TEST(a_size_that_no_machine_has_is_refused_and_does_not_wrap),
		TEST(a_refused_piece_does_not_spend_what_is_left),
		TEST(what_another_request_wrote_is_never_seen),
		TEST(pieces_are_aligned_and_do_not_overlap),
		TEST(a_copy_keeps_nul_bytes_and_ends_with_one),
		TEST(what_was_hung_on_last_is_released_first_and_once),
		TEST(an_object_may_lie_in_the_arena_it_hangs_on),
		TEST(an_object_that_cannot_be_hung_on_is_released_at_once),
		TEST(a_closed_arena_is_empty_and_serves_the_next_with_its_whole_maximum),
	};
	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
