/* The number of a check: unique, in the order of time, and in the form that everybody reads: base/uuid.c. */
#include "vectors.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"

static void every_number_says_that_it_is_version_7(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint8_t uuid[UUID_BYTES];
		uuid_make(INT64_C(1795310130123456), uuid);
		assert_int_equal(uuid[6] >> 4, 7);
		assert_int_equal(uuid[8] >> 6, 2);
	}
}

static void the_time_stands_in_front_in_milliseconds(void **state)
{
	(void)state;
	static const uint8_t expected[] = { 0x01, 0xa2, 0x03, 0xf4, 0x4f, 0x2b };
	uint8_t uuid[UUID_BYTES];
	int64_t milliseconds = 0;
	for (size_t i = 0; i < sizeof expected; i++)
		milliseconds = milliseconds * 256 + expected[i];
	uuid_make(milliseconds * 1000 + 999, uuid);
	assert_memory_equal(uuid, expected, sizeof expected);
	uuid_make((milliseconds + 1) * 1000, uuid);
	assert_int_equal(uuid[5], 0x2c);
}

static void a_later_check_sorts_behind_an_earlier_one(void **state)
{
	(void)state;
	int64_t wall = INT64_C(1795310130123456);
	uint8_t before[UUID_BYTES];
	uuid_make(wall, before);
	for (int i = 0; i < 2000; i++) {
		uint8_t after[UUID_BYTES];
		wall += 1000 + (int64_t)i * i * i;
		uuid_make(wall, after);
		assert_true(memcmp(before, after, UUID_BYTES) < 0);
		memcpy(before, after, UUID_BYTES);
	}
}

#define A_THREAD 4000

static int order(const void *a, const void *b)
{
	return memcmp(a, b, UUID_BYTES);
}

static void *make_many(void *owner)
{
	uint8_t(*made)[UUID_BYTES] = owner;
	for (size_t i = 0; i < A_THREAD; i++)
		uuid_make(0, made[i]);
	return NULL;
}

/* All within one millisecond, by two loops. */
static void no_two_checks_get_the_same_number(void **state)
{
	(void)state;
	static uint8_t made[2 * A_THREAD][UUID_BYTES];
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, make_many, made), 0);
	make_many(made + A_THREAD);
	assert_int_equal(pthread_join(thread, NULL), 0);
	qsort(made, (size_t)2 * A_THREAD, UUID_BYTES, order);
	for (size_t i = 1; i < (size_t)2 * A_THREAD; i++)
		assert_true(memcmp(made[i - 1], made[i], UUID_BYTES) != 0);
}

/* A bit that never changes is not random. */
static void every_random_bit_is_sometimes_set_and_sometimes_not(void **state)
{
	(void)state;
	static const uint8_t fixed[UUID_BYTES] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0, 0, 0xc0 };
	uint8_t set[UUID_BYTES] = { 0 };
	uint8_t clear[UUID_BYTES] = { 0 };
	for (int i = 0; i < 200; i++) {
		uint8_t uuid[UUID_BYTES];
		uuid_make(0, uuid);
		for (int byte = 0; byte < UUID_BYTES; byte++) {
			set[byte] |= uuid[byte];
			clear[byte] |= (uint8_t)~uuid[byte];
		}
	}
	for (int byte = 0; byte < UUID_BYTES; byte++)
		assert_int_equal((set[byte] & clear[byte]) | fixed[byte], 0xff);
}

static void the_text_is_the_one_that_postgres_shows(void **state)
{
	(void)state;
	static const uint8_t uuid[UUID_BYTES] = { 0x01, 0x9a, 0x0b, 0xc0, 0xde, 0xf1, 0x72, 0x34, 0x85, 0x67,
		0x00, 0x0f, 0xff, 0xa0, 0x0a, 0x01 };
	char text[UUID_TEXT_SIZE];
	memset(text, '?', sizeof text);
	uuid_format(uuid, text);
	assert_string_equal(text, "019a0bc0-def1-7234-8567-000fffa00a01");
}

static void what_was_written_is_read_again_and_nothing_else_is(void **state)
{
	(void)state;
	static const char *const none[] = { "", "019a0bc0-def1-7234-8567-000fffa00a0",
		"019a0bc0-def1-7234-8567-000fffa00a011", "019a0bc0-def1-7234-8567-000fffa00a0g",
		"019a0bc0def1-7234-8567-000fffa00a01-", "019a0bc0-def1-7234-8567_000fffa00a01",
		"{19a0bc0-def1-7234-8567-000fffa00a0}", "019a0bc0-def1-7234-8567-000fffa00a0 ",
		"------------------------------------" };
	uint8_t made[UUID_BYTES];
	uint8_t read[UUID_BYTES];
	char text[UUID_TEXT_SIZE];
	uuid_make(INT64_C(1795310130123456), made);
	uuid_format(made, text);
	assert_true(uuid_parse(text, strlen(text), read));
	assert_memory_equal(read, made, UUID_BYTES);
	for (size_t i = 0; text[i] != '\0'; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	assert_true(uuid_parse(text, strlen(text), read));
	assert_memory_equal(read, made, UUID_BYTES);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(uuid_parse(none[i], strlen(none[i]), read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_number_says_that_it_is_version_7),
		TEST(the_time_stands_in_front_in_milliseconds),
		TEST(a_later_check_sorts_behind_an_earlier_one),
		TEST(no_two_checks_get_the_same_number),
		TEST(every_random_bit_is_sometimes_set_and_sometimes_not),
		TEST(the_text_is_the_one_that_postgres_shows),
		TEST(what_was_written_is_read_again_and_nothing_else_is),
	};
	return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
