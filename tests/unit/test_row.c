/* What PostgreSQL said is read as it said it, and what it did not say is not invented: store/row.c. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "store/parameters.h"
#include "store/row.h"

#define ARRAY(oid, elements) "\0\0\0\1\0\0\0\1\0\0" oid "\0\0\0" elements "\0\0\0\1"
#define COLUMNS 1

static PGresult *result;

static int begin(void **state)
{
	(void)state;
	char name[] = "c";
	PGresAttDesc column = { .name = name, .format = 1, .typid = 25, .typlen = -1, .atttypmod = -1 };
	result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	return result != NULL && PQsetResultAttrs(result, COLUMNS, &column) != 0 ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	PQclear(result);
	return 0;
}

/* A row more, with this in its only column; at NULL: a NULL. */
static struct row row_of(const char *at, size_t length)
{
	int number = PQntuples(result);
	char *bytes = malloc(length == 0 ? 1 : length);
	assert_non_null(bytes);
	if (length > 0)
		memcpy(bytes, at, length);
	assert_true(
		PQsetvalue(result, number, 0, at == NULL ? NULL : bytes, at == NULL ? -1 : (int)length) != 0);
	free(bytes);
	return (struct row){ .result = result, .number = number };
}

#define ROW(literal) row_of((literal), sizeof(literal) - 1)

static void a_null_column_has_no_value_of_any_kind(void **state)
{
	(void)state;
	struct row row = row_of(NULL, 0);
	assert_false(row_has(&row, 0));
	assert_null(row_text(&row, 0).at);
	assert_false(row_bool(&row, 0));
	assert_true(row_integer(&row, 0) == 0);
	assert_false(row_day(&row, 0).known);
	assert_true(row_instant(&row, 0) == 0);
	assert_int_equal(row_array_length(&row, 0), 0);
	assert_null(row_array_element(&row, 0, 0).at);
}

static void an_empty_text_is_a_value(void **state)
{
	(void)state;
	struct row row = row_of("", 0);
	assert_true(row_has(&row, 0));
	assert_non_null(row_text(&row, 0).at);
	assert_int_equal(row_text(&row, 0).length, 0);
	row = ROW("資格\0太郎");
	assert_int_equal(row_text(&row, 0).length, 13);
}

static void numbers_keep_their_sign_in_every_size(void **state)
{
	(void)state;
	struct row row = ROW("\x01\x02");
	assert_true(row_integer(&row, 0) == 258);
	row = ROW("\xff\xfe");
	assert_true(row_integer(&row, 0) == -2);
	row = ROW("\x7f\xff\xff\xff");
	assert_true(row_integer(&row, 0) == INT32_MAX);
	row = ROW("\x80\0\0\0");
	assert_true(row_integer(&row, 0) == INT32_MIN);
	row = ROW("\x80\0\0\0\0\0\0\0");
	assert_true(row_integer(&row, 0) == INT64_MIN);
	row = ROW("\x7f\xff\xff\xff\xff\xff\xff\xff");
	assert_true(row_integer(&row, 0) == INT64_MAX);
	row = ROW("\1");
	assert_true(row_bool(&row, 0));
	row = ROW("\0");
	assert_false(row_bool(&row, 0));
	assert_true(row_has(&row, 0));
}

static void a_number_of_another_size_is_no_value_and_not_a_part_of_one(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 3, 5, 6, 7, 9, 16 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct row row = row_of("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", sizes[i]);
		assert_true(row_integer(&row, 0) == 0);
		assert_false(row_bool(&row, 0));
		assert_false(row_day(&row, 0).known);
	}
	struct row eight = ROW("\0\0\0\0\0\0\0\1");
	assert_false(row_day(&eight, 0).known);
	struct row two = ROW("\0\1");
	assert_false(row_day(&two, 0).known);
}

static void a_day_is_the_day_that_was_stored(void **state)
{
	(void)state;
	struct row row = ROW("\0\0\0\0");
	assert_true(row_day(&row, 0).known);
	assert_int_equal(row_day(&row, 0).day.number, vector_day("2000-01-01").number);
	row = ROW("\xff\xff\xff\xff");
	assert_int_equal(row_day(&row, 0).day.number, vector_day("1999-12-31").number);
	row = ROW("\0\0\x26\x5e");
	assert_int_equal(row_day(&row, 0).day.number, vector_day("2026-11-22").number);
}

static void a_time_without_end_is_open_and_not_the_year_5881610(void **state)
{
	(void)state;
	struct row row = ROW("\x7f\xff\xff\xff");
	assert_false(row_day(&row, 0).known);
	row = ROW("\x80\0\0\0");
	assert_false(row_day(&row, 0).known);
}

static void an_instant_counts_from_1970_again(void **state)
{
	(void)state;
	struct row row = ROW("\0\0\0\0\0\0\0\0");
	assert_true(row_instant(&row, 0) == INT64_C(946684800000000));
	row = ROW("\xff\xfc\xa2\xfe\xc4\xc8\x20\0");
	assert_true(row_instant(&row, 0) == 0);
}

static void an_array_is_read_with_its_nulls_and_empty_texts(void **state)
{
	(void)state;
	struct row row = ROW(ARRAY("\0\x19", "\4") "\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0\0\0\0\1c");
	assert_int_equal(row_array_length(&row, 0), 4);
	assert_true(slice_is(row_array_element(&row, 0, 0), "ab"));
	assert_null(row_array_element(&row, 0, 1).at);
	assert_true(slice_is(row_array_element(&row, 0, 2), ""));
	assert_true(slice_is(row_array_element(&row, 0, 3), "c"));
	assert_null(row_array_element(&row, 0, 4).at);
	assert_null(row_array_element(&row, 0, SIZE_MAX).at);
}

static void an_array_without_elements_is_empty(void **state)
{
	(void)state;
	struct row row = ROW("\0\0\0\0\0\0\0\0\0\0\0\x19"); /* PostgreSQL's: no dimension */
	assert_int_equal(row_array_length(&row, 0), 0);
	assert_null(row_array_element(&row, 0, 0).at);
	row = ROW(ARRAY("\0\x19", "\0"));
	assert_int_equal(row_array_length(&row, 0), 0);
}

static void an_array_in_two_dimensions_is_not_read_as_one(void **state)
{
	(void)state;
	struct row row = ROW("\0\0\0\2\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1a");
	assert_int_equal(row_array_length(&row, 0), 0);
	assert_null(row_array_element(&row, 0, 0).at);
}

/* Cut at every byte: what is whole is read, the rest is no value; the address sanitizer watches the end. */
static void an_array_that_was_cut_ends_where_it_was_cut(void **state)
{
	(void)state;
	static const char whole[] = ARRAY("\0\x19", "\3") "\0\0\0\2ab\0\0\0\1c\0\0\0\3def";
	static const size_t ends[] = { 26, 31, 38 };
	assert_int_equal(sizeof whole - 1, 38);
	for (size_t length = 0; length < sizeof whole - 1; length++) {
		char *exact = malloc(length + 1);
		assert_non_null(exact);
		memcpy(exact, whole, length);
		struct row row = row_of(exact, length);
		free(exact);
		for (size_t i = 0; i < 3; i++) {
			if ((row_array_element(&row, 0, i).at != NULL) != (length >= ends[i]))
				fail_msg("element %zu of an array cut to %zu bytes", i, length);
		}
	}
}

static void an_array_that_claims_more_than_it_holds_is_not_believed(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
		{ "\0\0\0\1\0\0\0\1\0\0\0\x19\x7f\xff\xff\xff\0\0\0\1\0\0\0\1a", 25 },
		{ "\0\0\0\1\0\0\0\1\0\0\0\x19\xff\xff\xff\xff\0\0\0\1\0\0\0\1a", 25 },
		{ "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\2\0\0\0\1\x7f\xff\xff\xff"
		  "a",
			25 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct row row = row_of(rows[i].bytes, rows[i].length);
		for (size_t element = 1; element < 4; element++)
			assert_null(row_array_element(&row, 0, element).at);
		assert_null(row_array_element(&row, 0, 1000000).at);
	}
}

/* Our own writer and reader, which are written apart, agree. */
static void what_is_sent_and_stored_comes_back(void **state)
{
	(void)state;
	struct parameters parameters;
	parameters_open(&parameters);
	parameters_array(&parameters, PARAMETER_DATE, 4);
	parameters_day(&parameters, vector_day("1868-01-25"));
	parameters_null(&parameters);
	parameters_day(&parameters, vector_day("2026-11-22"));
	parameters_day(&parameters, vector_day("9999-12-31"));
	parameters_array(&parameters, PARAMETER_INT2, 2);
	parameters_int2(&parameters, 30);
	parameters_int2(&parameters, INT16_MIN);
	assert_true(parameters_ok(&parameters));
	struct row days = row_of(parameters.values[0], (size_t)parameters.lengths[0]);
	struct row numbers = row_of(parameters.values[1], (size_t)parameters.lengths[1]);
	parameters_close(&parameters);

	assert_int_equal(row_array_length(&days, 0), 4);
	assert_int_equal(
		slice_day(row_array_element(&days, 0, 0)).day.number, vector_day("1868-01-25").number);
	assert_false(slice_day(row_array_element(&days, 0, 1)).known);
	assert_int_equal(
		slice_day(row_array_element(&days, 0, 2)).day.number, vector_day("2026-11-22").number);
	assert_int_equal(
		slice_day(row_array_element(&days, 0, 3)).day.number, vector_day("9999-12-31").number);
	assert_int_equal(row_array_length(&numbers, 0), 2);
	assert_true(slice_integer(row_array_element(&numbers, 0, 0)) == 30);
	assert_true(slice_integer(row_array_element(&numbers, 0, 1)) == INT16_MIN);
}

int main(void)
{
#define ROW_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		ROW_TEST(a_null_column_has_no_value_of_any_kind),
		ROW_TEST(an_empty_text_is_a_value),
		ROW_TEST(numbers_keep_their_sign_in_every_size),
		ROW_TEST(a_number_of_another_size_is_no_value_and_not_a_part_of_one),
		ROW_TEST(a_day_is_the_day_that_was_stored),
		ROW_TEST(a_time_without_end_is_open_and_not_the_year_5881610),
		ROW_TEST(an_instant_counts_from_1970_again),
		ROW_TEST(an_array_is_read_with_its_nulls_and_empty_texts),
		ROW_TEST(an_array_without_elements_is_empty),
		ROW_TEST(an_array_in_two_dimensions_is_not_read_as_one),
		ROW_TEST(an_array_that_was_cut_ends_where_it_was_cut),
		ROW_TEST(an_array_that_claims_more_than_it_holds_is_not_believed),
		ROW_TEST(what_is_sent_and_stored_comes_back),
	};
	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
