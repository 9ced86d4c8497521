/* What PostgreSQL is asked is what was meant, byte by byte: store/parameters.c. Expected bytes are written by hand after the
 * documentation of the binary forms. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "store/columns.h"
#include "store/lane.h"

#define HEADER(oid_high, oid_low, elements) \
	0, 0, 0, 1, 0, 0, 0, 1, 0, 0, oid_high, oid_low, 0, 0, 0, elements, 0, 0, 0, 1

static struct parameters parameters;

static int begin(void **state)
{
	(void)state;
	parameters_open(&parameters);
	return 0;
}

static int end(void **state)
{
	(void)state;
	parameters_close(&parameters);
	return 0;
}

static void assert_parameter(int index, const unsigned char *expected, size_t length)
{
	assert_true(parameters_ok(&parameters));
	assert_true(index < parameters.count);
	assert_int_equal(parameters.lengths[index], length);
	assert_memory_equal(parameters.values[index], expected, length);
	assert_int_equal(parameters.formats[index], 1);
}

static void numbers_are_sent_as_postgres_reads_them(void **state)
{
	(void)state;
	static const unsigned char int2[] = { HEADER(0, 21, 2), 0, 0, 0, 2, 0x01, 0x02, 0, 0, 0, 2, 0xff,
		0xfe };
	static const unsigned char int4[] = { HEADER(0, 23, 2), 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0,
		4, 0x80, 0, 0, 0 };
	static const unsigned char int8[] = { HEADER(0, 20, 2), 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0,
		8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	parameters_array(&parameters, PARAMETER_INT2, 2);
	parameters_int2(&parameters, 0x0102);
	parameters_int2(&parameters, -2);
	parameters_array(&parameters, PARAMETER_INT4, 2);
	parameters_int4(&parameters, INT32_MAX);
	parameters_int4(&parameters, INT32_MIN);
	parameters_array(&parameters, PARAMETER_INT8, 2);
	parameters_int8(&parameters, 0x0102030405060708);
	parameters_int8(&parameters, -1);
	assert_int_equal(parameters.count, 3);
	assert_parameter(0, int2, sizeof int2);
	assert_parameter(1, int4, sizeof int4);
	assert_parameter(2, int8, sizeof int8);
}

static void a_missing_text_is_null_and_an_empty_one_is_not(void **state)
{
	(void)state;
	static const unsigned char expected[] = { HEADER(0, 25, 4), 0, 0, 0, 6, 0xe8, 0xb3, 0x87, 0xe6, 0xa0,
		0xbc, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 2, '0', '0' };
	parameters_array(&parameters, PARAMETER_TEXT, 4);
	parameters_text(&parameters, slice_of("資格"));
	parameters_text(&parameters, (struct slice){ NULL, 0 });
	parameters_text(&parameters, SLICE_LITERAL(""));
	parameters_text(&parameters, (struct slice){ "00x", 2 });
	assert_parameter(0, expected, sizeof expected);
}

static void days_and_times_count_from_2000(void **state)
{
	(void)state;
	static const unsigned char days[] = { HEADER(4, 0x3a, 4), 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0xff,
		0xff, 0xff, 0xff, 0, 0, 0, 4, 0xff, 0xff, 0xd5, 0x33, 0, 0, 0, 4, 0, 0, 0x26, 0x5e };
	static const unsigned char instants[] = { HEADER(4, 0xa0, 3), 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 8, 0xff, 0xfc, 0xa2, 0xfe,
		0xc4, 0xc8, 0x20, 0 };
	parameters_array(&parameters, PARAMETER_DATE, 4);
	parameters_day(&parameters, vector_day("2000-01-01"));
	parameters_day(&parameters, vector_day("1999-12-31"));
	parameters_day(&parameters, vector_day("1970-01-01"));
	parameters_day(&parameters, vector_day("2026-11-22"));
	parameters_array(&parameters, PARAMETER_INSTANT, 3);
	parameters_instant(&parameters, INT64_C(946684800000000));
	parameters_instant(&parameters, INT64_C(946684799999999));
	parameters_instant(&parameters, 0);
	assert_parameter(0, days, sizeof days);
	assert_parameter(1, instants, sizeof instants);
}

static void digests_numbers_of_checks_and_flags_are_sent_as_they_are(void **state)
{
	(void)state;
	static const unsigned char bytes[] = { HEADER(0, 17, 2), 0, 0, 0, 3, 0, 0xff, 7, 0, 0, 0, 0 };
	static const unsigned char uuid[] = { HEADER(0x0b, 0x86, 1), 0, 0, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9,
		10, 11, 12, 13, 14, 15, 16 };
	static const unsigned char flags[] = { HEADER(0, 16, 3), 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0xff, 0xff,
		0xff, 0xff };
	parameters_array(&parameters, PARAMETER_BYTES, 2);
	parameters_bytes(&parameters, bytes + 24, 3);
	parameters_bytes(&parameters, bytes, 0);
	parameters_array(&parameters, PARAMETER_UUID, 1);
	parameters_bytes(&parameters, uuid + 24, 16);
	parameters_array(&parameters, PARAMETER_BOOL, 3);
	parameters_bool(&parameters, true);
	parameters_bool(&parameters, false);
	parameters_null(&parameters);
	assert_parameter(0, bytes, sizeof bytes);
	assert_parameter(1, uuid, sizeof uuid);
	assert_parameter(2, flags, sizeof flags);
}

static void an_empty_set_is_an_array_without_elements(void **state)
{
	(void)state;
	static const unsigned char expected[] = { HEADER(0, 25, 0) };
	parameters_array(&parameters, PARAMETER_TEXT, 0);
	assert_parameter(0, expected, sizeof expected);
}

/* The bytes move when they grow; what libpq is given must be where they are then. */
static void a_large_set_arrives_whole(void **state)
{
	(void)state;
	for (int array = 0; array < 4; array++) {
		parameters_array(&parameters, PARAMETER_INT8, 5000);
		for (int64_t i = 0; i < 5000; i++)
			parameters_int8(&parameters, array * 10000 + i);
	}
	assert_true(parameters_ok(&parameters));
	for (int array = 0; array < 4; array++) {
		assert_int_equal(parameters.lengths[array], 20 + 5000 * 12);
		for (int i = 0; i < 5000; i++) {
			const unsigned char *value =
				(const unsigned char *)parameters.values[array] + 20 + (size_t)i * 12 + 4;
			int number = array * 10000 + i;
			assert_int_equal(value[6], number / 256);
			assert_int_equal(value[7], number % 256);
		}
	}
}

static void a_set_that_is_too_large_is_noticed_and_the_next_is_not_harmed(void **state)
{
	(void)state;
	static const unsigned char expected[] = { HEADER(0, 25, 1), 0, 0, 0, 1, 'a' };
	static char large[1024 * 1024];
	memset(large, 'x', sizeof large);
	parameters_array(&parameters, PARAMETER_TEXT, 10);
	for (int i = 0; i < 10; i++)
		parameters_text(&parameters, (struct slice){ large, sizeof large });
	parameters_text(&parameters, SLICE_LITERAL("a")); /* would fit again */
	assert_false(parameters_ok(&parameters));
	assert_false(parameters_ok(&parameters));
	parameters_reset(&parameters);
	parameters_array(&parameters, PARAMETER_TEXT, 1);
	parameters_text(&parameters, SLICE_LITERAL("a"));
	assert_int_equal(parameters.count, 1);
	assert_parameter(0, expected, sizeof expected);
}

static void more_parameters_than_there_is_room_for_are_noticed(void **state)
{
	(void)state;
	for (int i = 0; i < PARAMETERS_MAX; i++)
		parameters_array(&parameters, PARAMETER_INT4, 0);
	assert_true(parameters_ok(&parameters));
	parameters_array(&parameters, PARAMETER_INT4, 0);
	assert_false(parameters_ok(&parameters));
	assert_int_equal(parameters.count, PARAMETERS_MAX);
	parameters_reset(&parameters);
	assert_true(parameters_ok(&parameters));
	parameters_array(&parameters, PARAMETER_INT4, (size_t)INT32_MAX + 1);
	assert_false(parameters_ok(&parameters));
}

struct example {
	struct lane_question question;
	struct slice text;
	uint8_t uuid[UUID_BYTES];
	uint8_t digest[DIGEST_SIZE];
	struct day day;
	int64_t instant;
	bool has_number;
	int64_t number;
	uint64_t bits;
	int code;
};

/* Both questions of a set, one with all values and one without what need not be there. */
static void each_column_takes_its_member_of_each_question(void **state)
{
	(void)state;
	static const struct parameter_column columns[] = {
		COLUMN_TEXT(struct example, text),
		COLUMN_UUID(struct example, uuid),
		COLUMN_DIGEST(struct example, digest),
		COLUMN_DAY(struct example, day),
		COLUMN_INSTANT(struct example, instant),
		COLUMN_NUMBER_IF(struct example, has_number, number),
		COLUMN_BITS(struct example, bits),
		COLUMN_CODE(struct example, code),
		COLUMN_FLAG(struct example, has_number),
	};
	enum { COLUMNS = sizeof columns / sizeof *columns };
	struct example examples[2] = {
		{ .text = SLICE_LITERAL("a"),
			.uuid = { 1 },
			.digest = { 2 },
			.day = vector_day("2000-01-04"),
			.instant = INT64_C(946684800000004),
			.has_number = true,
			.number = -5,
			.bits = UINT64_MAX,
			.code = 7 },
		{ .day = vector_day("2000-01-01"), .instant = INT64_C(946684800000000) },
	};
	struct lane_question *const questions[2] = { &examples[0].question, &examples[1].question };
	struct parameters expected;
	parameters_open(&expected);
	parameters_array(&expected, PARAMETER_TEXT, 2);
	parameters_text(&expected, SLICE_LITERAL("a"));
	parameters_null(&expected);
	parameters_array(&expected, PARAMETER_UUID, 2);
	parameters_bytes(&expected, examples[0].uuid, UUID_BYTES);
	parameters_bytes(&expected, examples[1].uuid, UUID_BYTES);
	parameters_array(&expected, PARAMETER_BYTES, 2);
	parameters_bytes(&expected, examples[0].digest, DIGEST_SIZE);
	parameters_bytes(&expected, examples[1].digest, DIGEST_SIZE);
	parameters_array(&expected, PARAMETER_DATE, 2);
	parameters_int4(&expected, 3);
	parameters_int4(&expected, 0);
	parameters_array(&expected, PARAMETER_INSTANT, 2);
	parameters_int8(&expected, 4);
	parameters_int8(&expected, 0);
	parameters_array(&expected, PARAMETER_INT8, 2);
	parameters_int8(&expected, -5);
	parameters_null(&expected);
	parameters_array(&expected, PARAMETER_INT8, 2);
	parameters_int8(&expected, -1);
	parameters_int8(&expected, 0);
	parameters_array(&expected, PARAMETER_INT2, 2);
	parameters_int2(&expected, 7);
	parameters_int2(&expected, 0);
	parameters_array(&expected, PARAMETER_BOOL, 2);
	parameters_bool(&expected, true);
	parameters_bool(&expected, false);
	assert_true(parameters_ok(&expected));
	columns_bind(&parameters, columns, COLUMNS, questions, 2);
	for (int i = 0; i < COLUMNS; i++)
		assert_parameter(i, (const unsigned char *)expected.values[i], (size_t)expected.lengths[i]);
	assert_int_equal(parameters.count, COLUMNS);
	parameters_close(&expected);
}

int main(void)
{
#define PARAMETERS_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		PARAMETERS_TEST(numbers_are_sent_as_postgres_reads_them),
		PARAMETERS_TEST(a_missing_text_is_null_and_an_empty_one_is_not),
		PARAMETERS_TEST(days_and_times_count_from_2000),
		PARAMETERS_TEST(digests_numbers_of_checks_and_flags_are_sent_as_they_are),
		PARAMETERS_TEST(each_column_takes_its_member_of_each_question),
		PARAMETERS_TEST(an_empty_set_is_an_array_without_elements),
		PARAMETERS_TEST(a_large_set_arrives_whole),
		PARAMETERS_TEST(a_set_that_is_too_large_is_noticed_and_the_next_is_not_harmed),
		PARAMETERS_TEST(more_parameters_than_there_is_room_for_are_noticed),
	};
	return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
