/* Times as terminals write them and as answers show them: base/clock.c. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define SECOND INT64_C(1000000)

/* From memory that ends where the text ends, so that reading on is noticed. */
static enum outcome parse(const char *text, int64_t *wall)
{
	size_t length = strlen(text);
	char *exact = malloc(length == 0 ? 1 : length);
	assert_non_null(exact);
	memcpy(exact, text, length);
	enum outcome outcome = instant_parse(exact, length, wall);
	free(exact);
	return outcome;
}

static void every_way_to_write_a_time_names_the_same_moment(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t wall;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T09:00:00+09:00", 0 },
		{ "1969-12-31T23:59:59Z", -SECOND },
		{ "1969-12-31T15:00:00-09:00", 0 },
		{ "2026-11-22T10:15:30+09:00", 1795310130 * SECOND },
		{ "2026-11-22T01:15:30Z", 1795310130 * SECOND },
		{ "2026-11-22t01:15:30z", 1795310130 * SECOND },
		{ "2026-11-22T01:15:30+00:00", 1795310130 * SECOND },
		{ "2026-11-22T01:15:30-00:00", 1795310130 * SECOND },
		{ "2026-11-21T20:15:30-05:00", 1795310130 * SECOND },
		{ "2026-11-22T07:00:30+05:45", 1795310130 * SECOND },
		{ "2026-11-23T01:14:30+23:59", 1795310130 * SECOND },
		{ "2026-11-21T01:16:30-23:59", 1795310130 * SECOND },
		{ "2026-11-22T01:15:30.1Z", 1795310130 * SECOND + 100000 },
		{ "2026-11-22T01:15:30.123456Z", 1795310130 * SECOND + 123456 },
		{ "2026-11-22T10:15:30.000001+09:00", 1795310130 * SECOND + 1 },
		{ "2026-11-22T01:15:30.123456999Z", 1795310130 * SECOND + 123456 },
		{ "1969-12-31T23:59:59.999999Z", -1 },
		{ "2024-02-29T00:00:00Z", 1709164800 * SECOND },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t wall = -7;
		if (parse(rows[i].text, &wall) != OUTCOME_OK)
			fail_msg("refused: %s", rows[i].text);
		if (wall != rows[i].wall)
			fail_msg("%s is %lld", rows[i].text, (long long)wall);
	}
}

static void a_leap_second_is_the_next_days_first(void **state)
{
	(void)state;
	int64_t leap = 0;
	int64_t next = 0;
	assert_int_equal(parse("2016-12-31T23:59:60Z", &leap), OUTCOME_OK);
	assert_int_equal(parse("2017-01-01T00:00:00Z", &next), OUTCOME_OK);
	assert_true(leap == next);
	assert_int_equal(parse("2017-01-01T08:59:60+09:00", &leap), OUTCOME_OK);
	assert_true(leap == next);
	assert_int_equal(parse("2016-12-31T23:59:61Z", &leap), OUTCOME_INVALID);
}

static void what_is_no_time_is_refused_and_not_guessed(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "Z", "2026-11-22", "2026-11-22T10:15:30",
		"2026-11-22T10:15Z", "2026-11-22 10:15:30Z", "2026-11-22T10:15:30+0900",
		"2026-11-22T10:15:30+09", "2026-11-22T10:15:30+9:00", "2026-11-22T10:15:30+24:00",
		"2026-11-22T10:15:30+09:60", "2026-11-22T10:15:30 +09:00", "2026-11-22T10:15:30Z ",
		" 2026-11-22T10:15:30Z", "2026-11-22T10:15:30ZZ", "2026-11-22T10:15:30JST",
		"2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T1:15:30Z", "2026-11-22T10:15:3Z",
		"2026-11-22T10:15:30.Z", "2026-11-22T10:15:30.", "2026-11-22T10:15:30.1",
		"2026-11-22T10:15:30,1Z", "2026-11-22T10:15:30.1.2Z", "2026-11-22T-1:15:30Z",
		"2026-11-22T10:15:+3Z", "2026-02-29T10:15:30Z", "2026-13-01T10:15:30Z",
		"2026-00-01T10:15:30Z", "2026-11-31T10:15:30Z", "1867-12-31T10:15:30Z",
		"26-11-22T10:15:30+09:00", "+2026-11-22T10:15:30Z", "20261122T101530Z00000",
		"2026-W47-7T10:15:30Z", "2026-11-22T10.15.30Z", "2026-11-22T１０:15:30Z",
		"令和8年11月22日10時15分30秒", "2026-11-22T10:15:30−09:00" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int64_t wall = 0;
		if (parse(texts[i], &wall) != OUTCOME_INVALID)
			fail_msg("taken: \"%s\"", texts[i]);
	}
	int64_t wall = 0;
	assert_int_equal(instant_parse("2026-11-22T10:15:30\0", 20, &wall), OUTCOME_INVALID);
}

static void answers_show_the_time_of_japan(void **state)
{
	(void)state;
	static const struct {
		const char *utc;
		const char *japan;
	} rows[] = {
		{ "2026-11-22T01:15:30.123Z", "2026-11-22T10:15:30.123+09:00" },
		{ "2025-12-31T14:59:59.999Z", "2025-12-31T23:59:59.999+09:00" },
		{ "2025-12-31T15:00:00Z", "2026-01-01T00:00:00.000+09:00" },
		{ "2024-02-28T15:00:00Z", "2024-02-29T00:00:00.000+09:00" },
		{ "2024-02-29T15:00:00Z", "2024-03-01T00:00:00.000+09:00" },
		{ "2026-02-28T15:00:00Z", "2026-03-01T00:00:00.000+09:00" },
		{ "2026-03-31T14:59:59.9999Z", "2026-03-31T23:59:59.999+09:00" }, /* not rounded into April */
		{ "1970-01-01T00:00:00Z", "1970-01-01T09:00:00.000+09:00" },
		{ "1969-12-31T23:59:59.999999Z", "1970-01-01T08:59:59.999+09:00" },
		{ "1969-12-31T15:00:00Z", "1970-01-01T00:00:00.000+09:00" },
		{ "1969-12-31T14:59:59.999999Z", "1969-12-31T23:59:59.999+09:00" },
		{ "1926-12-24T15:00:00.001Z", "1926-12-25T00:00:00.001+09:00" },
		{ "1899-12-31T15:00:00Z", "1900-01-01T00:00:00.000+09:00" },
		{ "9999-12-31T14:59:59Z", "9999-12-31T23:59:59.000+09:00" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t wall = 0;
		char text[INSTANT_TEXT_SIZE];
		assert_int_equal(parse(rows[i].utc, &wall), OUTCOME_OK);
		memset(text, '?', sizeof text);
		instant_format(wall, text);
		assert_string_equal(text, rows[i].japan);
	}
}

static void what_an_answer_shows_can_be_asked_for_again(void **state)
{
	(void)state;
	/* Steps that meet every hour, minute, and month from 1868 on. */
	for (int64_t wall = INT64_C(-3200000000) * SECOND; wall < INT64_C(5000000000) * SECOND;
		wall += INT64_C(2617267123) * 1000) {
		char text[INSTANT_TEXT_SIZE];
		int64_t again = 0;
		instant_format(wall, text);
		assert_int_equal(instant_parse(text, strlen(text), &again), OUTCOME_OK);
		assert_true(again == wall - ((wall % 1000) + 1000) % 1000);
	}
}

static void the_first_and_the_last_moment_of_all_have_a_text(void **state)
{
	(void)state;
	char text[INSTANT_TEXT_SIZE];
	instant_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T13:00:54.775+09:00");
	instant_format(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T04:59:05.224+09:00");
}

static void a_fixed_clock_stops_the_date_and_not_the_time_outs(void **state)
{
	(void)state;
	struct clock_reading before = clock_read();
	assert_true(
		before.wall > 1700000000 * SECOND); /* a running clock is later than when this was written */
	clock_fix(-5);
	struct clock_reading after = clock_read();
	assert_true(after.wall == -5);
	assert_true(after.monotonic >= before.monotonic);
	for (int64_t from = after.monotonic; after.monotonic == from;)
		after = clock_read();
	assert_true(after.wall == -5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_way_to_write_a_time_names_the_same_moment),
		TEST(a_leap_second_is_the_next_days_first), TEST(what_is_no_time_is_refused_and_not_guessed),
		TEST(answers_show_the_time_of_japan), TEST(what_an_answer_shows_can_be_asked_for_again),
		TEST(the_first_and_the_last_moment_of_all_have_a_text),
		TEST(a_fixed_clock_stops_the_date_and_not_the_time_outs), /* last: it stays fixed */
	};
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
