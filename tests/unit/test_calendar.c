/* Dates decide cover and share: base/calendar.c (R1). */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

static void assert_day(struct day day, const char *expected)
{
	char text[DAY_TEXT_SIZE];
	day_format(day, text);
	assert_string_equal(text, expected);
}

/* Walks the calendar day by day with nothing but the lengths of months, as one would with a finger. */
static void no_day_is_skipped_or_counted_twice_from_1868_to_2200(void **state)
{
	(void)state;
	struct civil_date expected = { 1868, 1, 1 };
	struct day day = day_from_civil(expected);

	for (; expected.year <= 2200; day = day_plus(day, 1)) {
		struct civil_date date = day_to_civil(day);
		assert_int_equal(date.year, expected.year);
		assert_int_equal(date.month, expected.month);
		assert_int_equal(date.day, expected.day);
		assert_int_equal(day_from_civil(date).number, day.number);

		bool leap = expected.year % 4 == 0 && (expected.year % 100 != 0 || expected.year % 400 == 0);
		int longest = expected.month == 2                            ? 28 + leap
			      : strchr("\4\6\11\13", expected.month) != NULL ? 30
									     : 31;
		assert_int_equal(day_last_of_month(day).number, day.number + longest - expected.day);
		assert_int_equal(day_first_of_month(day).number, day.number + 1 - expected.day);
		if (++expected.day > longest) {
			expected.day = 1;
			if (++expected.month > 12) {
				expected.month = 1;
				expected.year++;
			}
		}
	}
}

static void days_count_from_1970_as_postgres_and_the_clock_do(void **state)
{
	(void)state;
	assert_int_equal(day_from_civil((struct civil_date){ 1970, 1, 1 }).number, 0);
	assert_int_equal(day_from_civil((struct civil_date){ 1969, 12, 31 }).number, -1);
	assert_int_equal(day_from_civil((struct civil_date){ 2000, 1, 1 }).number, 10957);
	assert_int_equal(day_from_civil((struct civil_date){ 2000, 3, 1 }).number, 11017);
	assert_int_equal(day_from_civil((struct civil_date){ 9999, 12, 31 }).number, 2932896);
	assert_int_equal(day_from_civil((struct civil_date){ 0, 3, 1 }).number, -719468);
	assert_int_equal(day_from_civil((struct civil_date){ -1, 12, 31 }).number, -719529);
}

static void a_date_far_out_of_history_neither_overflows_nor_wraps(void **state)
{
	(void)state;
	struct day first = { INT32_MIN };
	struct day last = { INT32_MAX };
	assert_int_equal(day_from_civil(day_to_civil(first)).number, INT32_MIN);
	assert_int_equal(day_from_civil(day_to_civil(last)).number, INT32_MAX);
	assert_int_equal(day_plus(last, 1).number, INT32_MAX);
	assert_int_equal(day_plus(first, -1).number, INT32_MIN);
	assert_int_equal(day_plus_months(last, INT32_MAX).number, INT32_MAX);
	assert_int_equal(day_plus_months(first, INT32_MIN).number, INT32_MIN);
	assert_int_equal(day_last_of_month(last).number, INT32_MAX);
	assert_day(first, "0000-01-01");
	assert_day(last, "9999-12-31");
}

static void days_are_compared_by_the_calendar(void **state)
{
	(void)state;
	assert_true(day_compare(vector_day("2026-03-31"), vector_day("2026-04-01")) < 0);
	assert_true(day_compare(vector_day("2026-04-01"), vector_day("2026-03-31")) > 0);
	assert_int_equal(day_compare(vector_day("1969-12-31"), vector_day("1969-12-31")), 0);
	assert_true(day_compare((struct day){ INT32_MIN }, (struct day){ INT32_MAX }) < 0);
}

static void a_date_is_read_and_written_as_it_stands(void **state)
{
	(void)state;
	static const char *const dates[] = { "1868-01-01", "1900-02-28", "1969-12-31", "1970-01-01",
		"2000-02-29", "2024-02-29", "2026-11-22", "9999-12-31" };
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
		assert_day(vector_day(dates[i]), dates[i]);
}

static void a_date_that_does_not_exist_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "2026", "2026-1-01", "2026-01-1", "2026-11-220",
		"2026-11-22 ", " 2026-11-2", "2026/11/22", "20261122", "2026-11/22", "2026-00-10",
		"2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31", "2026-02-29", "1900-02-29",
		"1867-12-31", "0000-01-01", "-026-01-01", "+026-01-01", "2026-+1-01", "2026-01- 1",
		"2026-0a-01", "2026-1/-01", "2026-01-1/", "2026-01-1:", "２０２６-11-22" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct day day = { 7 };
		if (day_parse(texts[i], strlen(texts[i]), &day) != OUTCOME_INVALID)
			fail_msg("\"%s\" was read as a date", texts[i]);
		assert_int_equal(day.number, 7);
	}
	struct day day;
	assert_int_equal(day_parse("2026-11-\0002", 10, &day), OUTCOME_INVALID);
	/* Only as much as was given is looked at. */
	assert_int_equal(day_parse("2026-11-229", 10, &day), OUTCOME_OK);
	assert_int_equal(day_parse("2026-11-22", 9, &day), OUTCOME_INVALID);
}

static void a_month_is_read_as_its_first_day_and_written_of_any_R7_2(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "2026", "2026-1", "2026-001", "2026-00", "2026-13",
		"2026-08-01", "2026/08", "202608", "202608-", "1867-12", "-026-01", "2026- 1", "2026-1 " };
	struct day month = { 7 };
	char text[MONTH_TEXT_SIZE];
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (month_parse(wrong[i], strlen(wrong[i]), &month) != OUTCOME_INVALID)
			fail_msg("\"%s\" was read as a month", wrong[i]);
		assert_int_equal(month.number, 7);
	}
	assert_int_equal(month_parse("1868-01", 7, &month), OUTCOME_OK);
	assert_day(month, "1868-01-01");
	assert_int_equal(month_parse("9999-12", 7, &month), OUTCOME_OK);
	assert_day(month, "9999-12-01");
	month_format(vector_day("2027-02-28"), text);
	assert_string_equal(text, "2027-02");
	month_format((struct day){ INT32_MAX }, text);
	assert_string_equal(text, "9999-12");
}

static void months_are_added_and_clamped_to_the_end_of_a_shorter_one(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		int months;
		const char *to;
	} rows[] = {
		{ "2026-11-30", 3, "2027-02-28" },
		{ "2026-05-31", -3, "2026-02-28" },
		{ "2024-01-31", 1, "2024-02-29" },
		{ "2024-02-29", 12, "2025-02-28" },
		{ "2024-02-29", 48, "2028-02-29" },
		{ "2026-12-15", 1, "2027-01-15" },
		{ "2026-01-15", -1, "2025-12-15" },
		{ "2026-01-15", -25, "2023-12-15" },
		{ "2026-11-22", 0, "2026-11-22" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_day(day_plus_months(vector_day(rows[i].from), rows[i].months), rows[i].to);
}

static void an_age_is_reached_the_day_before_the_birthday_R1_1(void **state)
{
	(void)state;
	assert_day(day_age_reached(vector_day("2020-04-01"), 6), "2026-03-31");
	assert_day(day_age_reached(vector_day("2020-04-02"), 6), "2026-04-01");
	assert_day(day_age_reached(vector_day("1956-01-01"), 70), "2025-12-31");
}

static void a_person_born_on_29_february_reaches_an_age_on_the_28th_R1_1(void **state)
{
	(void)state;
	assert_day(day_age_reached(vector_day("1956-02-29"), 70), "2026-02-28");
	assert_day(day_age_reached(vector_day("1956-02-29"), 72), "2028-02-28");
}

static void a_person_born_on_29_february_has_the_birthday_on_1_march_of_a_common_year_R1_1(void **state)
{
	(void)state;
	assert_day(day_birthday(vector_day("1952-02-29"), 75), "2027-03-01");
	assert_day(day_birthday(vector_day("1952-02-29"), 76), "2028-02-29");
	assert_day(day_birthday(vector_day("1952-02-28"), 75), "2027-02-28");
	assert_day(day_birthday(vector_day("1951-11-22"), 75), "2026-11-22");
}

static void a_visit_after_midnight_in_japan_counts_for_the_new_day(void **state)
{
	(void)state;
	const int64_t second = 1000000;
	const int64_t hour = 3600 * second;
	const int64_t day = 24 * hour;
	const int64_t midnight = INT64_C(1795273200) * second; /* 2026-11-22T00:00:00+09:00 */
	assert_day(day_in_japan(midnight), "2026-11-22");
	assert_day(day_in_japan(midnight - 1), "2026-11-21");
	assert_day(day_in_japan(midnight + day - 1), "2026-11-22");
	assert_day(day_in_japan(midnight + day), "2026-11-23");
	assert_day(day_in_japan(0), "1970-01-01");
	assert_day(day_in_japan(-9 * hour), "1970-01-01");
	assert_day(day_in_japan(-9 * hour - 1), "1969-12-31");
}

static void a_broken_clock_does_not_overflow_the_japan_date(void **state)
{
	(void)state;
	assert_int_equal(day_in_japan(INT64_MAX).number, 106751991);
	assert_int_equal(day_in_japan(INT64_MIN).number, -106751991);
}

static void paper_shows_the_era_in_which_the_day_lies_R1_2(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "1868-01-25", "明治元年1月25日" },
		{ "1868-12-31", "明治元年12月31日" },
		{ "1869-01-01", "明治2年1月1日" },
		{ "1912-07-29", "明治45年7月29日" },
		{ "1912-07-30", "大正元年7月30日" },
		{ "1913-01-01", "大正2年1月1日" },
		{ "1926-12-24", "大正15年12月24日" },
		{ "1926-12-25", "昭和元年12月25日" },
		{ "1927-01-01", "昭和2年1月1日" },
		{ "1989-01-07", "昭和64年1月7日" },
		{ "1989-01-08", "平成元年1月8日" },
		{ "2019-04-30", "平成31年4月30日" },
		{ "2019-05-01", "令和元年5月1日" },
		{ "2020-01-01", "令和2年1月1日" },
		{ "2026-11-22", "令和8年11月22日" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[64];
		assert_int_equal(day_format_era(vector_day(rows[i][0]), text, sizeof text), OUTCOME_OK);
		assert_string_equal(text, rows[i][1]);
	}
}

static void a_day_without_an_era_is_not_printed_as_one_R1_2(void **state)
{
	(void)state;
	char text[64];
	assert_int_equal(day_format_era(vector_day("1868-01-24"), text, sizeof text), OUTCOME_INVALID);
}

static void a_cut_off_era_date_is_never_printed(void **state)
{
	(void)state;
	char text[sizeof "令和元年5月1日"];
	assert_int_equal(day_format_era(vector_day("2019-05-01"), text, sizeof text), OUTCOME_OK);
	assert_int_equal(day_format_era(vector_day("2019-05-01"), text, sizeof text - 1), OUTCOME_INVALID);
	assert_int_equal(day_format_era(vector_day("2019-05-01"), NULL, 0), OUTCOME_INVALID);
}

static void a_range_holds_its_first_and_its_last_day_R3_1(void **state)
{
	(void)state;
	struct day_range range = { vector_known_day("2026-08-01"), vector_known_day("2027-07-31") };
	assert_false(day_range_holds(range, vector_day("2026-07-31")));
	assert_true(day_range_holds(range, vector_day("2026-08-01")));
	assert_true(day_range_holds(range, vector_day("2027-07-31")));
	assert_false(day_range_holds(range, vector_day("2027-08-01")));

	struct day_range until = { .last = range.last };
	assert_true(day_range_holds(until, vector_day("1900-01-01")));
	assert_false(day_range_holds(until, vector_day("2027-08-01")));
	struct day_range from = { .first = range.first };
	assert_false(day_range_holds(from, vector_day("2026-07-31")));
	assert_true(day_range_holds(from, vector_day("9999-12-31")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_day_is_skipped_or_counted_twice_from_1868_to_2200),
		TEST(days_count_from_1970_as_postgres_and_the_clock_do),
		TEST(a_date_far_out_of_history_neither_overflows_nor_wraps),
		TEST(days_are_compared_by_the_calendar),
		TEST(a_date_is_read_and_written_as_it_stands),
		TEST(a_date_that_does_not_exist_is_refused),
		TEST(a_month_is_read_as_its_first_day_and_written_of_any_R7_2),
		TEST(months_are_added_and_clamped_to_the_end_of_a_shorter_one),
		TEST(an_age_is_reached_the_day_before_the_birthday_R1_1),
		TEST(a_person_born_on_29_february_reaches_an_age_on_the_28th_R1_1),
		TEST(a_person_born_on_29_february_has_the_birthday_on_1_march_of_a_common_year_R1_1),
		TEST(a_visit_after_midnight_in_japan_counts_for_the_new_day),
		TEST(a_broken_clock_does_not_overflow_the_japan_date),
		TEST(paper_shows_the_era_in_which_the_day_lies_R1_2),
		TEST(a_day_without_an_era_is_not_printed_as_one_R1_2),
		TEST(a_cut_off_era_date_is_never_printed),
		TEST(a_range_holds_its_first_and_its_last_day_R3_1),
	};
	return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
