/* A month is judged on its last covered day: rules/covered_day.c (R3, R7.11, R7.13). */
#include "vectors.h"

#include "rules/covered_day.h"

static struct optional_day day_or_none(const char *text)
{
	return text == NULL ? (struct optional_day){ .known = false } : vector_known_day(text);
}

/* A membership from 2026-01-15, in words; dates that are NULL are not known. */
struct words {
	enum scheme scheme;
	const char *born;
	const char *lost_on;
	const char *insured_born; /* a dependant's */
	const char *insured_lost_on;
};

static struct membership membership_of(const struct words *words)
{
	return (struct membership){
		.person = 1,
		.scheme = words->scheme,
		.born = vector_day(words->born),
		.acquired_on = vector_day("2026-01-15"),
		.lost_on = day_or_none(words->lost_on),
		.dependent = words->insured_born != NULL,
		.insured_born = day_or_none(words->insured_born),
		.insured_lost_on = day_or_none(words->insured_lost_on),
	};
}

struct expectation {
	const char *shows;
	const char *month;
	const char *last; /* NULL: no day of it is covered */
	struct words membership;
};

static void expect(const struct expectation *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct membership membership = membership_of(&rows[i].membership);
		struct optional_day last = last_covered_day(&membership, vector_day(rows[i].month));
		char text[DAY_TEXT_SIZE] = "none";
		if (last.known)
			day_format(last.day, text);
		if (last.known != (rows[i].last != NULL) ||
			(last.known && day_compare(last.day, vector_day(rows[i].last)) != 0))
			fail_msg("%s: %s, expected %s", rows[i].shows, text,
				rows[i].last == NULL ? "none" : rows[i].last);
	}
}

#define YOUNG "1990-06-01"

static void a_month_counts_from_the_first_covered_day_to_the_last_R3_1(void **state)
{
	(void)state;
	static const struct words open = { SCHEME_EMPLOYEES, YOUNG, NULL, NULL, NULL };
	static const struct words lost = { SCHEME_EMPLOYEES, YOUNG, "2026-03-10", NULL, NULL };
	static const struct words on_1st = { SCHEME_EMPLOYEES, YOUNG, "2026-03-01", NULL, NULL };
	static const struct words at_once = { SCHEME_EMPLOYEES, YOUNG, "2026-01-16", NULL, NULL };
	const struct expectation rows[] = {
		{ "before it began", "2025-12-31", NULL, open },
		{ "the month in which it began, asked on a day before", "2026-01-01", "2026-01-31", open },
		{ "a whole month", "2026-02-10", "2026-02-28", open },
		{ "a leap year's February", "2028-02-01", "2028-02-29", open },
		{ "the month before the loss", "2026-02-01", "2026-02-28", lost },
		{ "the month of the loss", "2026-03-31", "2026-03-09", lost },
		{ "the month after the loss", "2026-04-01", NULL, lost },
		{ "lost on the 1st: the month before", "2026-02-01", "2026-02-28", on_1st },
		{ "lost on the 1st: that month has no day", "2026-03-15", NULL, on_1st },
		{ "one day only", "2026-01-31", "2026-01-15", at_once },
	};
	expect(rows, sizeof rows / sizeof *rows);
}

static void a_75th_birthday_and_the_insured_persons_end_are_an_end_as_in_a_check_R3_2_R3_3(void **state)
{
	(void)state;
	static const struct words turns = { SCHEME_EMPLOYEES, "1951-11-20", NULL, NULL, NULL };
	static const struct words on_1st = { SCHEME_EMPLOYEES, "1951-11-01", NULL, NULL, NULL };
	static const struct words late = { SCHEME_LATE_ELDERLY, "1951-11-20", NULL, NULL, NULL };
	static const struct words with_insured = { SCHEME_EMPLOYEES, YOUNG, NULL, "1951-11-20", NULL };
	static const struct words left = { SCHEME_EMPLOYEES, YOUNG, "2026-12-24", "1960-01-01",
		"2026-11-05" };
	const struct expectation rows[] = {
		{ "the own birthday", "2026-11-30", "2026-11-19", turns },
		{ "the month after it", "2026-12-01", NULL, turns },
		{ "a birthday on the 1st", "2026-11-01", NULL, on_1st },
		{ "late elderly care goes on", "2026-11-01", "2026-11-30", late },
		{ "the insured person's birthday", "2026-11-01", "2026-11-19", with_insured },
		{ "the insured person's loss before the own", "2026-11-30", "2026-11-04", left },
		{ "the own loss after the insured person's", "2026-12-01", NULL, left },
	};
	expect(rows, sizeof rows / sizeof *rows);
}

static void of_several_memberships_the_one_that_covers_last_decides(void **state)
{
	(void)state;
	static const struct words words[] = {
		{ SCHEME_EMPLOYEES, YOUNG, "2026-03-20", NULL, NULL },
		{ SCHEME_EMPLOYEES, YOUNG, "2026-04-03", NULL, NULL },
		{ SCHEME_EMPLOYEES, YOUNG, "2026-03-10", NULL, NULL },
	};
	struct membership memberships[3];
	for (size_t i = 0; i < 3; i++)
		memberships[i] = membership_of(&words[i]);
	struct day march = vector_day("2026-03-01");
	struct day april = vector_day("2026-04-30");
	assert_int_equal(
		last_covered_day_of(memberships, 3, march).day.number, vector_day("2026-03-31").number);
	assert_int_equal(
		last_covered_day_of(memberships, 3, april).day.number, vector_day("2026-04-02").number);
	assert_int_equal(
		last_covered_day_of(memberships, 1, march).day.number, vector_day("2026-03-19").number);
	assert_false(last_covered_day_of(memberships, 1, april).known);
	assert_false(last_covered_day_of(memberships, 0, march).known);
}

static void it_is_the_day_that_a_look_at_each_day_of_the_month_finds(void **state)
{
	(void)state;
	for (int began = 0; began < 70; began += 3) {
		for (int lasts = 0; lasts < 70; lasts++) {
			struct membership membership = { .person = 1,
				.scheme = SCHEME_EMPLOYEES,
				.born = vector_day(YOUNG),
				.acquired_on = day_plus(vector_day("2028-01-01"), began) };
			membership.lost_on = (struct optional_day){ .known = lasts > 0,
				.day = day_plus(membership.acquired_on, lasts) };
			for (int months = -1; months < 6; months++) {
				struct day month = day_plus_months(vector_day("2028-01-01"), months);
				struct day looked = day_last_of_month(month);
				while (day_compare(looked, month) >= 0 &&
					!cover_on(&membership, looked).covers)
					looked = day_plus(looked, -1);
				struct optional_day last = last_covered_day(&membership, month);
				assert_int_equal(last.known, day_compare(looked, month) >= 0);
				if (last.known)
					assert_int_equal(last.day.number, looked.number);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_month_counts_from_the_first_covered_day_to_the_last_R3_1),
		TEST(a_75th_birthday_and_the_insured_persons_end_are_an_end_as_in_a_check_R3_2_R3_3),
		TEST(of_several_memberships_the_one_that_covers_last_decides),
		TEST(it_is_the_day_that_a_look_at_each_day_of_the_month_finds),
	};
	return cmocka_run_group_tests_name("covered_day", tests, NULL, NULL);
}
