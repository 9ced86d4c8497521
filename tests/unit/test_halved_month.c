/* In the month of a 75th birthday a patient is asked for half by each insurer: rules/halved_month.c (R7.5). */
#include "vectors.h"

#include "rules/halved_month.h"

static struct optional_day day_or_none(const char *text)
{
	return text == NULL ? (struct optional_day){ .known = false } : vector_known_day(text);
}

/* A membership in words; dates that are NULL are not known. */
struct words {
	enum scheme scheme;
	const char *born;
	const char *acquired_on;
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
		.acquired_on = vector_day(words->acquired_on),
		.lost_on = day_or_none(words->lost_on),
		.dependent = words->insured_born != NULL,
		.insured_born = day_or_none(words->insured_born),
		.insured_lost_on = day_or_none(words->insured_lost_on),
	};
}

struct expectation {
	const char *shows;
	const char *month;
	bool halved;
	struct words chosen;
	struct words others[2]; /* those with a scheme and dates */
};

static void expect(const struct expectation *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct membership chosen = membership_of(&rows[i].chosen);
		struct membership others[2];
		size_t other_count = 0;
		while (other_count < 2 && rows[i].others[other_count].born != NULL) {
			others[other_count] = membership_of(&rows[i].others[other_count]);
			other_count++;
		}
		bool halved = month_is_halved(vector_day(rows[i].month), &chosen, others, other_count);
		if (halved != rows[i].halved)
			fail_msg("%s: expected %s", rows[i].shows, rows[i].halved ? "half" : "the whole");
	}
}

/* Turned 75 on 2026-11-20, 2026-11-01 or 2026-11-02. */
#define BORN "1951-11-20"
#define BORN_ON_THE_1ST "1951-11-01"
#define BORN_ON_THE_2ND "1951-11-02"
#define TURNED_75 "2026-11-20"

static void a_person_who_turns_75_pays_up_to_half_under_both_insurers_R7_5(void **state)
{
	(void)state;
	static const struct words company = { SCHEME_EMPLOYEES, BORN, "2010-04-01", NULL, NULL, NULL };
	static const struct words late = { SCHEME_LATE_ELDERLY, BORN, TURNED_75, NULL, NULL, NULL };
	const struct expectation rows[] = {
		{ "before, alone known", "2026-11-05", true, company, { { 0 } } },
		{ "before, both known", "2026-11-05", true, company, { late } },
		{ "after, alone known", "2026-11-25", true, late, { { 0 } } },
		{ "after, both known", "2026-11-25", true, late, { company } },
		{ "any day of the month: the first", "2026-11-01", true, company, { late } },
		{ "any day of the month: the last", "2026-11-30", true, company, { late } },
		{ "the month before", "2026-10-31", false, company, { late } },
		{ "the month after", "2026-12-01", false, late, { company } },
		{ "the same month of the year before", "2025-11-20", false, company, { late } },
		{ "the same month of the year after", "2027-11-20", false, late, { company } },
		{ "国保 before", "2026-11-05", true,
			{ SCHEME_NATIONAL, BORN, "2010-04-01", TURNED_75, NULL, NULL }, { late } },
		{ "a dependant's own birthday", "2026-11-05", true,
			{ SCHEME_EMPLOYEES, BORN, "2010-04-01", NULL, "1955-01-01", NULL }, { late } },
	};
	expect(rows, sizeof rows / sizeof *rows);
}

static void a_month_wholly_under_one_insurer_is_not_halved_R7_5(void **state)
{
	(void)state;
	const struct expectation rows[] = {
		{ "born on the 1st, before", "2026-11-01", false,
			{ SCHEME_EMPLOYEES, BORN_ON_THE_1ST, "2010-04-01", NULL, NULL, NULL }, { { 0 } } },
		{ "born on the 1st, after", "2026-11-01", false,
			{ SCHEME_LATE_ELDERLY, BORN_ON_THE_1ST, "2026-11-01", NULL, NULL, NULL },
			{ { SCHEME_EMPLOYEES, BORN_ON_THE_1ST, "2010-04-01", "2026-11-01", NULL, NULL } } },
		{ "born on the 1st: nor the month in which 75 is reached", "2026-10-31", false,
			{ SCHEME_EMPLOYEES, BORN_ON_THE_1ST, "2010-04-01", NULL, NULL, NULL }, { { 0 } } },
		{ "born on the 2nd", "2026-11-30", true,
			{ SCHEME_LATE_ELDERLY, BORN_ON_THE_2ND, "2026-11-02", NULL, NULL, NULL }, { { 0 } } },
		{ "born on the last day of a month", "2026-11-01", true,
			{ SCHEME_EMPLOYEES, "1951-11-30", "2010-04-01", NULL, NULL, NULL }, { { 0 } } },
		{ "born on 29 February: the birthday is 1 March", "2027-03-01", false,
			{ SCHEME_LATE_ELDERLY, "1952-02-29", "2027-03-01", NULL, NULL, NULL }, { { 0 } } },
		{ "born on 29 February: nothing in February", "2027-02-28", false,
			{ SCHEME_EMPLOYEES, "1952-02-29", "2010-04-01", NULL, NULL, NULL }, { { 0 } } },
		{ "born on 28 February", "2027-02-28", true,
			{ SCHEME_EMPLOYEES, "1952-02-28", "2010-04-01", NULL, NULL, NULL }, { { 0 } } },
	};
	expect(rows, sizeof rows / sizeof *rows);
}

static void whoever_entered_late_elderly_care_before_by_disability_is_asked_for_the_whole_R7_5(void **state)
{
	(void)state;
	static const struct words company = { SCHEME_EMPLOYEES, BORN, "2010-04-01", "2020-06-01", NULL,
		NULL };
	static const struct words disabled = { SCHEME_LATE_ELDERLY, BORN, "2020-06-01", NULL, NULL, NULL };
	const struct expectation rows[] = {
		{ "years before", "2026-11-25", false, disabled, { company } },
		{ "years before, of the old insurer", "2026-11-05", false, company, { disabled } },
		{ "the day before the birthday", "2026-11-25", false,
			{ SCHEME_LATE_ELDERLY, BORN, "2026-11-19", NULL, NULL, NULL }, { { 0 } } },
		{ "on the birthday", "2026-11-25", true,
			{ SCHEME_LATE_ELDERLY, BORN, TURNED_75, NULL, NULL, NULL }, { { 0 } } },
		{ "moved from one 広域連合 to another on the birthday", "2026-11-25", false,
			{ SCHEME_LATE_ELDERLY, BORN, TURNED_75, NULL, NULL, NULL },
			{ company, { SCHEME_LATE_ELDERLY, BORN, "2020-06-01", TURNED_75, NULL, NULL } } },
		{ "in the month itself: the birthday falls under one insurer", "2026-11-05", false,
			{ SCHEME_EMPLOYEES, BORN, "2010-04-01", "2026-11-10", NULL, NULL },
			{ { SCHEME_LATE_ELDERLY, BORN, "2026-11-10", NULL, NULL, NULL } } },
	};
	expect(rows, sizeof rows / sizeof *rows);
}

/* The dependant of somebody who turned 75 on 2026-11-20, and what came after. */
#define SPOUSE "1958-03-03"
#define DEPENDANT(lost_on, insured_lost_on) \
	{ \
		SCHEME_EMPLOYEES, SPOUSE, "2010-04-01", (lost_on), BORN, (insured_lost_on), \
	}
#define JOINED(scheme, day) \
	{ \
		(scheme), SPOUSE, (day), NULL, NULL, NULL, \
	}

static void a_dependant_who_lost_cover_because_the_insured_turned_75_pays_up_to_half_R7_5(void **state)
{
	(void)state;
	static const struct words dependant = DEPENDANT(NULL, NULL);
	static const struct words recorded = DEPENDANT(TURNED_75, TURNED_75);
	static const struct words national = JOINED(SCHEME_NATIONAL, TURNED_75);
	const struct expectation rows[] = {
		{ "before, no loss recorded", "2026-11-05", true, dependant, { { 0 } } },
		{ "before, the loss recorded", "2026-11-05", true, recorded, { { 0 } } },
		{ "before, the insurers' records a day late", "2026-11-05", true,
			DEPENDANT("2026-11-21", "2026-11-21"), { { 0 } } },
		{ "before, both known", "2026-11-05", true, recorded, { national } },
		{ "after, in 国保", "2026-11-25", true, national, { recorded } },
		{ "after, no loss recorded", "2026-11-25", true, national, { dependant } },
		{ "after, with another insurer, ten days later", "2026-11-30", true,
			JOINED(SCHEME_EMPLOYEES, "2026-11-30"), { dependant } },
		{ "after, the second of the others", "2026-11-25", true, national,
			{ JOINED(SCHEME_EMPLOYEES, "2005-04-01"), recorded } },
		{ "after, as a dependant of another person", "2026-11-25", true,
			{ SCHEME_EMPLOYEES, SPOUSE, TURNED_75, NULL, "1980-01-01", NULL }, { recorded } },
		{ "of 国保 before", "2026-11-05", true,
			{ SCHEME_NATIONAL, SPOUSE, "2010-04-01", NULL, BORN, NULL }, { { 0 } } },
		{ "the month before", "2026-10-20", false, dependant, { { 0 } } },
		{ "the month after", "2026-12-01", false, national, { recorded } },
		{ "joined only the month after", "2026-12-05", false, JOINED(SCHEME_NATIONAL, "2026-12-01"),
			{ recorded } },
		{ "joined only the month after, and asked about this one", "2026-11-25", false,
			JOINED(SCHEME_NATIONAL, "2026-12-01"), { recorded } },
		{ "had another insurer besides since earlier that month", "2026-11-25", false,
			JOINED(SCHEME_NATIONAL, "2026-11-19"), { dependant } },
	};
	expect(rows, sizeof rows / sizeof *rows);
}

static void a_dependant_who_lost_cover_otherwise_is_asked_for_the_whole_R7_5(void **state)
{
	(void)state;
	static const struct words national = JOINED(SCHEME_NATIONAL, TURNED_75);
	static const struct words on_the_1st = { SCHEME_EMPLOYEES, SPOUSE, "2010-04-01", NULL,
		BORN_ON_THE_1ST, NULL };
	/* Born a day before the insured person, and 75 on the 1st: gone before. */
	static const struct words older = { SCHEME_EMPLOYEES, BORN_ON_THE_1ST, "2010-04-01", NULL,
		BORN_ON_THE_2ND, NULL };
	const struct expectation rows[] = {
		{ "the insured person was born on the 1st", "2026-11-01", false, on_the_1st, { { 0 } } },
		{ "the insured person was born on the 1st, after", "2026-11-01", false,
			JOINED(SCHEME_NATIONAL, "2026-11-01"), { on_the_1st } },
		{ "the insured person turns 76", "2027-11-05", false, DEPENDANT(NULL, NULL), { { 0 } } },
		{ "left the day before", "2026-11-05", false, DEPENDANT("2026-11-19", NULL), { { 0 } } },
		{ "left the day before, after", "2026-11-25", false, national,
			{ DEPENDANT("2026-11-19", NULL) } },
		{ "the insured person left before, by 障害認定", "2026-11-05", false,
			DEPENDANT(NULL, "2026-11-19"), { { 0 } } },
		{ "the insured person left before, after", "2026-11-25", false, national,
			{ DEPENDANT(NULL, "2020-06-01") } },
		{ "no dependant before", "2026-11-25", false, national,
			{ { SCHEME_EMPLOYEES, SPOUSE, "2010-04-01", TURNED_75, NULL, NULL } } },
		{ "a dependant only since that day: nothing was lost", "2026-11-25", false,
			{ SCHEME_EMPLOYEES, SPOUSE, TURNED_75, NULL, BORN, NULL }, { { 0 } } },
		{ "prefix 39 has no dependants", "2026-11-25", false,
			{ SCHEME_LATE_ELDERLY, SPOUSE, "2020-04-01", NULL, BORN, NULL }, { { 0 } } },
		{ "had turned 75 before, on the 1st", "2026-11-01", false, older, { { 0 } } },
		{ "had turned 75 before, on the 1st, after", "2026-11-25", false,
			{ SCHEME_LATE_ELDERLY, BORN_ON_THE_1ST, "2026-11-02", NULL, NULL, NULL }, { older } },
	};
	expect(rows, sizeof rows / sizeof *rows);
}

static void nobody_but_a_dependant_follows_the_insured_person_R7_5(void **state)
{
	(void)state;
	struct membership own = membership_of(&(struct words)DEPENDANT(NULL, NULL));
	own.dependent = false;
	assert_false(month_is_halved(vector_day("2026-11-05"), &own, NULL, 0));
	struct membership unknown = membership_of(&(struct words)DEPENDANT(NULL, NULL));
	unknown.insured_born.known = false;
	assert_false(month_is_halved(vector_day("2026-11-05"), &unknown, NULL, 0));
}

/* Every birthday of four years, a leap day among them: one month of the life is halved, and none for those whose birthday is a 1st. */
static void exactly_one_month_of_a_life_is_halved_whatever_the_birthday_R7_5(void **state)
{
	(void)state;
	for (struct day born = vector_day("1949-01-01"); day_compare(born, vector_day("1952-12-31")) <= 0;
		born = day_plus(born, 1)) {
		struct day birthday = day_birthday(born, 75);
		struct membership before = { .person = 1,
			.scheme = SCHEME_EMPLOYEES,
			.born = born,
			.acquired_on = vector_day("2010-04-01") };
		struct membership after = {
			.person = 1, .scheme = SCHEME_LATE_ELDERLY, .born = born, .acquired_on = birthday
		};
		struct civil_date date = day_to_civil(birthday);
		for (struct day month = vector_day("2023-12-15");
			day_compare(month, vector_day("2028-02-15")) <= 0;
			month = day_plus_months(month, 1)) {
			struct civil_date asked = day_to_civil(month);
			bool halved = asked.year == date.year && asked.month == date.month && date.day != 1;
			assert_int_equal(month_is_halved(month, &before, &after, 1), halved);
			assert_int_equal(month_is_halved(month, &after, &before, 1), halved);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_person_who_turns_75_pays_up_to_half_under_both_insurers_R7_5),
		TEST(a_month_wholly_under_one_insurer_is_not_halved_R7_5),
		TEST(whoever_entered_late_elderly_care_before_by_disability_is_asked_for_the_whole_R7_5),
		TEST(a_dependant_who_lost_cover_because_the_insured_turned_75_pays_up_to_half_R7_5),
		TEST(a_dependant_who_lost_cover_otherwise_is_asked_for_the_whole_R7_5),
		TEST(nobody_but_a_dependant_follows_the_insured_person_R7_5),
		TEST(exactly_one_month_of_a_life_is_halved_whatever_the_birthday_R7_5),
	};
	return cmocka_run_group_tests_name("halved_month", tests, NULL, NULL);
}
