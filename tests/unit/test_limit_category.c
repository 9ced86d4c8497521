/* Which income class counts, and who may be told: rules/limit_category.c (R7.8, R7.9, R7.11). */
#include "vectors.h"

#include "rules/limit_category.h"

/* National table 012, written out once more. */
static const struct {
	enum limit_category category;
	const char *code;
	const char *label;
} table_012[] = {
	{ LIMIT_A01, "A01", "ア" },
	{ LIMIT_A02, "A02", "イ" },
	{ LIMIT_A03, "A03", "ウ" },
	{ LIMIT_A04, "A04", "エ" },
	{ LIMIT_A05, "A05", "オ" },
	{ LIMIT_A06, "A06", "オ(境)" },
	{ LIMIT_B01, "B01", "現役並みⅢ" },
	{ LIMIT_B02, "B02", "現役並みⅡ" },
	{ LIMIT_B03, "B03", "現役並みⅠ" },
	{ LIMIT_B04, "B04", "一般" },
	{ LIMIT_B05, "B05", "低所得Ⅱ" },
	{ LIMIT_B06, "B06", "低所得Ⅰ" },
	{ LIMIT_B07, "B07", "低所得Ⅰ(老福)" },
	{ LIMIT_B08, "B08", "低所得Ⅰ(境)" },
	{ LIMIT_B09, "B09", "一般Ⅱ" },
	{ LIMIT_B10, "B10", "一般Ⅰ" },
};

static void a_category_is_read_and_said_as_in_the_national_table(void **state)
{
	(void)state;
	assert_int_equal(sizeof table_012 / sizeof *table_012, LIMIT_CATEGORIES - 1);
	for (size_t i = 0; i < sizeof table_012 / sizeof *table_012; i++) {
		assert_int_equal(limit_category_of(slice_of(table_012[i].code)), table_012[i].category);
		assert_string_equal(limit_category_code(table_012[i].category), table_012[i].code);
		assert_string_equal(limit_category_label(table_012[i].category), table_012[i].label);
	}
}

static void what_is_no_category_is_taken_for_none(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "A", "A0", "A00", "A07", "B00", "B11", "C01", "a01", "A1",
		"A010", "A01 ", " A01", "Ａ01", "ア", "01" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(limit_category_of(slice_of(texts[i])), LIMIT_CATEGORY_NONE);
	assert_int_equal(limit_category_of((struct slice){ NULL, 0 }), LIMIT_CATEGORY_NONE);
	/* Only as much as was given is looked at. */
	assert_int_equal(limit_category_of((struct slice){ "B101", 3 }), LIMIT_B10);
	assert_int_equal(limit_category_of((struct slice){ "B10", 2 }), LIMIT_CATEGORY_NONE);
	assert_null(limit_category_code(LIMIT_CATEGORY_NONE));
	assert_null(limit_category_label(LIMIT_CATEGORY_NONE));
}

static void the_ratio_of_an_elderly_person_carries_the_category_and_no_other_does_R7_8(void **state)
{
	(void)state;
	static const struct {
		enum copayment_basis basis;
		int percent;
		enum limit_category category;
	} rows[] = {
		{ COPAYMENT_LATE_ELDERLY, 30, LIMIT_B01 },
		{ COPAYMENT_LATE_ELDERLY, 20, LIMIT_B09 },
		{ COPAYMENT_LATE_ELDERLY, 10, LIMIT_B10 },
		{ COPAYMENT_LATE_ELDERLY, 0, LIMIT_CATEGORY_NONE },
		{ COPAYMENT_ELDERLY, 30, LIMIT_B01 },
		{ COPAYMENT_ELDERLY, 20, LIMIT_B04 },
		{ COPAYMENT_ELDERLY, 10, LIMIT_CATEGORY_NONE },
		{ COPAYMENT_ELDERLY, 0, LIMIT_CATEGORY_NONE },
		{ COPAYMENT_STANDARD, 30, LIMIT_CATEGORY_NONE },
		{ COPAYMENT_STANDARD, 20, LIMIT_CATEGORY_NONE },
		{ COPAYMENT_STANDARD, 10, LIMIT_CATEGORY_NONE },
		{ COPAYMENT_PRESCHOOL, 20, LIMIT_CATEGORY_NONE },
		{ COPAYMENT_PRESCHOOL, 30, LIMIT_CATEGORY_NONE },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct copayment copayment = { .basis = rows[i].basis, .percent = rows[i].percent };
		assert_int_equal(limit_category_from_ratio(&copayment), rows[i].category);
	}
}

static void a_category_of_the_young_ends_with_their_youth_and_one_of_the_elderly_begins_with_age_R7_13(
	void **state)
{
	(void)state;
	for (int category = LIMIT_A01; category < LIMIT_CATEGORIES; category++) {
		bool of_the_young = category <= LIMIT_A06;
		enum limit_category fitting = (enum limit_category)category;
		assert_int_equal(limit_category_fits(fitting, COPAYMENT_STANDARD), of_the_young);
		assert_int_equal(limit_category_fits(fitting, COPAYMENT_PRESCHOOL), of_the_young);
		assert_int_equal(limit_category_fits(fitting, COPAYMENT_ELDERLY), !of_the_young);
		assert_int_equal(limit_category_fits(fitting, COPAYMENT_LATE_ELDERLY), !of_the_young);
	}
	assert_false(limit_category_fits(LIMIT_CATEGORY_NONE, COPAYMENT_STANDARD));
	assert_false(limit_category_fits(LIMIT_CATEGORY_NONE, COPAYMENT_ELDERLY));
}

static void limit_information_goes_to_a_card_from_october_2024_else_only_with_consent_R7_9(void **state)
{
	(void)state;
	struct day last_asked = vector_day("2024-09-30");
	struct day first_given = vector_day("2024-10-01");
	assert_false(limit_may_be_told(true, false, last_asked));
	assert_true(limit_may_be_told(true, false, first_given));
	assert_true(limit_may_be_told(true, true, last_asked));
	assert_true(limit_may_be_told(true, true, first_given));
	/* Typed keys. */
	assert_false(limit_may_be_told(false, false, last_asked));
	assert_false(limit_may_be_told(false, false, first_given));
	assert_true(limit_may_be_told(false, true, last_asked));
	assert_true(limit_may_be_told(false, true, first_given));
}

static void a_month_that_reached_only_the_outpatient_ceiling_of_the_elderly_does_not_count_R7_11(void **state)
{
	(void)state;
	for (int category = LIMIT_A01; category < LIMIT_CATEGORIES; category++) {
		enum copayment_basis basis = category < LIMIT_B01   ? COPAYMENT_STANDARD
					     : category < LIMIT_B09 ? COPAYMENT_ELDERLY
								    : COPAYMENT_LATE_ELDERLY;
		assert_true(ceiling_month_counts((enum limit_category)category, basis, CARE_INPATIENT));
		assert_int_equal(ceiling_month_counts((enum limit_category)category, basis, CARE_OUTPATIENT),
			category < LIMIT_B04);
	}
}

static void without_a_category_only_outpatient_care_of_the_elderly_does_not_count_R7_11(void **state)
{
	(void)state;
	static const struct {
		enum copayment_basis basis;
		bool outpatient;
	} rows[] = {
		{ COPAYMENT_STANDARD, true },
		{ COPAYMENT_PRESCHOOL, true },
		{ COPAYMENT_ELDERLY, false },
		{ COPAYMENT_LATE_ELDERLY, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(ceiling_month_counts(LIMIT_CATEGORY_NONE, rows[i].basis, CARE_INPATIENT));
		assert_int_equal(ceiling_month_counts(LIMIT_CATEGORY_NONE, rows[i].basis, CARE_OUTPATIENT),
			rows[i].outpatient);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_category_is_read_and_said_as_in_the_national_table),
		TEST(what_is_no_category_is_taken_for_none),
		TEST(the_ratio_of_an_elderly_person_carries_the_category_and_no_other_does_R7_8),
		TEST(a_category_of_the_young_ends_with_their_youth_and_one_of_the_elderly_begins_with_age_R7_13),
		TEST(limit_information_goes_to_a_card_from_october_2024_else_only_with_consent_R7_9),
		TEST(a_month_that_reached_only_the_outpatient_ceiling_of_the_elderly_does_not_count_R7_11),
		TEST(without_a_category_only_outpatient_care_of_the_elderly_does_not_count_R7_11),
	};
	return cmocka_run_group_tests_name("limit_category", tests, NULL, NULL);
}
