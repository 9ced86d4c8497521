/* What the patient pays at the desk: rules/copayment.c (R7.1). */
#include "vectors.h"

#include <string.h>

#include "rules/copayment.h"

static const char *const bases[] = { "standard", "preschool", "elderly", "late_elderly" };

static enum scheme scheme_in(const struct vectors *vectors)
{
	const char *text = vectors_get(vectors, "insurer_number");
	char number[INSURER_NUMBER_DIGITS + 1];
	if (insurer_number_normalise(text, strlen(text), number) != OUTCOME_OK)
		fail_msg("%s is no 保険者番号", text);
	return scheme_of(number);
}

static struct copayment copayment_in(const struct vectors *vectors, struct day_range registered_for)
{
	struct registered_ratio registered = { .valid = registered_for };
	bool is_registered = !vectors_is_empty(vectors, "registered_ratio");
	if (is_registered)
		registered.percent = vectors_get_int(vectors, "registered_ratio");
	return copayment_on(vectors_get_day(vectors, "visit_date"), vectors_get_day(vectors, "birth_date"),
		scheme_in(vectors), is_registered ? &registered : NULL);
}

static void expect_share(struct vectors *vectors, struct copayment copayment)
{
	int percent =
		vectors_is_empty(vectors, "ratio_percent") ? 0 : vectors_get_int(vectors, "ratio_percent");
	int basis = vectors_get_word(vectors, "basis", bases, 4);
	vectors_expect(vectors, copayment.percent == percent, "expected %d %%, got %d %%", percent,
		copayment.percent);
	vectors_expect(vectors, (int)copayment.basis == basis, "expected %s, got %s", bases[basis],
		bases[copayment.basis]);
}

static void a_patient_pays_the_share_of_their_age_and_scheme_R7_1(void **state)
{
	(void)state;
	struct vectors *vectors = vectors_open("ratios.csv");
	while (vectors_next(vectors))
		expect_share(
			vectors, copayment_in(vectors, (struct day_range){ .first = { .known = false } }));
	vectors_finish(vectors);
}

static bool is_same(struct optional_day a, struct optional_day b)
{
	return a.known == b.known && (!a.known || day_compare(a.day, b.day) == 0);
}

static void a_patient_is_told_until_when_the_share_holds_R7_1(void **state)
{
	(void)state;
	struct vectors *vectors = vectors_open_own("ratio_bounds.csv");
	while (vectors_next(vectors)) {
		struct day_range registered_for = { vectors_get_optional_day(vectors, "registered_from"),
			vectors_get_optional_day(vectors, "registered_until") };
		struct copayment copayment = copayment_in(vectors, registered_for);
		struct optional_day from = vectors_get_optional_day(vectors, "valid_from");
		struct optional_day until = vectors_get_optional_day(vectors, "valid_until");
		expect_share(vectors, copayment);
		vectors_expect(vectors, is_same(copayment.valid.first, from), "expected from %s, got %s",
			day_text(from), day_text(copayment.valid.first));
		vectors_expect(vectors, is_same(copayment.valid.last, until), "expected until %s, got %s",
			day_text(until), day_text(copayment.valid.last));
	}
	vectors_finish(vectors);
}

/* The three limits of age, for every birthday of a leap year and of the year after it. */
static void nobody_falls_between_two_shares_whatever_the_birthday_R7_1(void **state)
{
	(void)state;
	struct registered_ratio registered = { .percent = 20 };
	struct day last = vector_day("1957-12-31");
	for (struct day born = vector_day("1956-01-01"); day_compare(born, last) <= 0;
		born = day_plus(born, 1)) {
		struct copayment first_visit = copayment_on(born, born, SCHEME_EMPLOYEES, NULL);
		assert_int_equal(first_visit.basis, COPAYMENT_PRESCHOOL);
		assert_true(first_visit.valid.last.known);

		struct day school = day_plus(first_visit.valid.last.day, 1);
		struct civil_date school_date = day_to_civil(school);
		assert_int_equal(school_date.month, 4);
		assert_int_equal(school_date.day, 1);
		assert_int_equal(copayment_on(day_plus(school, -1), born, SCHEME_NATIONAL, NULL).percent, 20);
		assert_int_equal(copayment_on(school, born, SCHEME_NATIONAL, NULL).percent, 30);
		/* Whoever is seven on a 1 April went to school a year before. */
		assert_true(day_compare(school, day_birthday(born, 6)) >= 0);
		assert_true(day_compare(school, day_birthday(born, 7)) < 0);

		struct civil_date birthday = day_to_civil(day_birthday(born, 70));
		struct day elderly = day_from_civil((struct civil_date){ birthday.year, birthday.month, 1 });
		if (day_to_civil(born).day != 1 && birthday.day != 1)
			elderly = day_plus_months(elderly, 1);
		struct copayment before =
			copayment_on(day_plus(elderly, -1), born, SCHEME_EMPLOYEES, &registered);
		struct copayment after = copayment_on(elderly, born, SCHEME_EMPLOYEES, &registered);
		assert_int_equal(before.basis, COPAYMENT_STANDARD);
		assert_int_equal(before.percent, 30);
		assert_int_equal(after.basis, COPAYMENT_ELDERLY);
		assert_int_equal(after.percent, 20);
	}
}

static void a_share_that_no_insurer_registered_is_never_guessed_R7_1(void **state)
{
	(void)state;
	struct day visit = vector_day("2026-11-22");
	struct copayment elderly = copayment_on(visit, vector_day("1955-01-01"), SCHEME_NATIONAL, NULL);
	assert_int_equal(elderly.basis, COPAYMENT_ELDERLY);
	assert_int_equal(elderly.percent, 0);
	struct copayment late = copayment_on(visit, vector_day("1940-01-01"), SCHEME_LATE_ELDERLY, NULL);
	assert_int_equal(late.basis, COPAYMENT_LATE_ELDERLY);
	assert_int_equal(late.percent, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_patient_pays_the_share_of_their_age_and_scheme_R7_1),
		TEST(a_patient_is_told_until_when_the_share_holds_R7_1),
		TEST(nobody_falls_between_two_shares_whatever_the_birthday_R7_1),
		TEST(a_share_that_no_insurer_registered_is_never_guessed_R7_1),
	};
	return cmocka_run_group_tests_name("copayment", tests, NULL, NULL);
}
