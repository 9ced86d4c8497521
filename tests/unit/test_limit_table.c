/* A table of amounts by which a patient would pay something impossible is not believed: rules/limit_table.c (R7.2). */
#include "limit_tables.h"

#include <string.h>

#include "rules/limit_table.h"

static struct limit_table_line lines[LIMIT_TABLE_LINES];
static struct limit_table table;
static struct limit_table_faults faults;

/* The published table of that month. */
static void take_published(const char *month)
{
	for (int category = LIMIT_A01; category < LIMIT_CATEGORIES; category++)
		lines[category - LIMIT_A01] = (struct limit_table_line){ (enum limit_category)category,
			*amounts_of((enum limit_category)category, month) };
	table = (struct limit_table){
		.first_month = vector_day("2027-08-01"), .lines = lines, .line_count = LIMIT_TABLE_LINES
	};
}

static int begin(void **state)
{
	(void)state;
	take_published("2026-08");
	return 0;
}

static void check(void)
{
	memset(&faults, 0xff, sizeof faults);
	limit_table_check(&table, &faults);
}

static struct limit_amounts *of(enum limit_category category)
{
	return &lines[category - LIMIT_A01].amounts;
}

static void assert_right(void)
{
	check();
	if (faults.count > 0)
		fail_msg("field %d of line %zu: expected %s", (int)faults.list[0].field, faults.list[0].line,
			faults.list[0].expected);
}

/* The only fault. */
static void assert_fault(enum limit_table_fault_kind kind, enum limit_table_field field, size_t line)
{
	check();
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.list[0].kind, kind);
	assert_int_equal(faults.list[0].field, field);
	assert_int_equal(faults.list[0].line, line);
	assert_non_null(faults.list[0].expected);
}

static void what_was_published_is_right(void **state)
{
	(void)state;
	take_published("2025-10");
	assert_right();
	take_published("2026-08");
	assert_right();
}

/* With any table that is taken. */
static void a_halved_month_is_never_dearer_than_a_full_one_R7_5(void **state)
{
	(void)state;
	struct limit_amounts *a01 = of(LIMIT_A01);
	a01->multiple = no_yen;
	for (int64_t base = 1; base < 40; base++) {
		for (int64_t threshold = 0; threshold <= 4000; threshold += 13) {
			a01->base = base;
			a01->threshold = threshold;
			a01->rate_percent = threshold == 0 ? 0 : 1;
			check();
			if (faults.count > 0)
				continue;
			for (int64_t total = 0; total <= 8000; total += 37)
				assert_true(ceiling_at(a01, total, true) <= ceiling_at(a01, total, false));
		}
	}
}

static void each_amount_has_its_bounds(void **state)
{
	(void)state;
	static const int64_t wrong[] = { 0, -1, LIMIT_AMOUNT_MAX + 1, INT64_MIN, INT64_MAX };
	const size_t line = LIMIT_B04 - LIMIT_A01;
	struct limit_amounts *amounts = of(LIMIT_B04);
	const struct {
		struct optional_yen *yen;
		enum limit_table_field field;
	} optional[] = {
		{ &amounts->multiple, LIMIT_TABLE_MULTIPLE },
		{ &amounts->outpatient, LIMIT_TABLE_OUTPATIENT },
		{ &amounts->outpatient_annual, LIMIT_TABLE_OUTPATIENT_ANNUAL },
		{ &amounts->annual_low_income, LIMIT_TABLE_ANNUAL_LOW_INCOME },
		{ &amounts->annual, LIMIT_TABLE_ANNUAL },
	};
	const struct optional_yen most = yen(LIMIT_AMOUNT_MAX);
	*amounts = (struct limit_amounts){ LIMIT_AMOUNT_MAX, 0, 0, most, most, most, most, most };
	assert_right();
	for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
		for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
			*optional[i].yen = yen(wrong[k]);
			assert_fault(LIMIT_TABLE_OUT_OF_RANGE, optional[i].field, line);
			*optional[i].yen = most;
		}
		amounts->base = wrong[k];
		assert_fault(LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_BASE, line);
		amounts->base = LIMIT_AMOUNT_MAX;
		amounts->threshold = wrong[k];
		if (wrong[k] != 0)
			assert_fault(LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_THRESHOLD, line);
		amounts->threshold = 0;
	}
	const struct optional_yen least = yen(1);
	*amounts = (struct limit_amounts){ 1, 100, 1, least, least, least, least, least };
	assert_right();
	for (int rate = -1; rate <= 11; rate++) {
		amounts->rate_percent = rate;
		if (rate < 0 || rate > LIMIT_RATE_PERCENT_MAX)
			assert_fault(LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_RATE_PERCENT, line);
	}
}

static void what_hangs_on_another_amount_does_not_stand_alone(void **state)
{
	(void)state;
	const size_t a04 = LIMIT_A04 - LIMIT_A01;
	of(LIMIT_A04)->annual = no_yen;
	assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_ANNUAL_LOW_INCOME, a04);
	of(LIMIT_A04)->annual = yen(of(LIMIT_A04)->annual_low_income.amount - 1);
	assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_ANNUAL_LOW_INCOME, a04);
	of(LIMIT_A04)->annual = of(LIMIT_A04)->annual_low_income;
	assert_right();
	of(LIMIT_A04)->multiple = yen(of(LIMIT_A04)->base + 1);
	assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_MULTIPLE, a04);
	of(LIMIT_A04)->multiple = yen(of(LIMIT_A04)->base);
	assert_right();
	of(LIMIT_A04)->threshold = 1;
	assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_THRESHOLD, a04);
	of(LIMIT_A04)->rate_percent = 1;
	assert_right();
	of(LIMIT_A04)->threshold = of(LIMIT_A04)->base * 100;
	assert_right();
	of(LIMIT_A04)->threshold++;
	assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_THRESHOLD, a04);
	of(LIMIT_A04)->threshold = 0;
	assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_THRESHOLD, a04);
}

static void only_those_from_70_on_have_an_outpatient_ceiling_R7_4(void **state)
{
	(void)state;
	for (int category = LIMIT_A01; category < LIMIT_CATEGORIES; category++) {
		take_published("2026-08");
		struct limit_amounts *amounts = of((enum limit_category)category);
		size_t line = (size_t)(category - LIMIT_A01);
		bool has_one = category >= LIMIT_B04;
		amounts->outpatient = yen(1);
		if (has_one)
			assert_right();
		else
			assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_OUTPATIENT, line);
		amounts->outpatient = no_yen;
		amounts->outpatient_annual = yen(1);
		assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_OUTPATIENT_ANNUAL, line);
		amounts->outpatient_annual = no_yen;
		assert_right();
	}
}

static void every_category_stands_in_a_table_once(void **state)
{
	(void)state;
	for (size_t line = 0; line < LIMIT_TABLE_LINES; line++) {
		take_published("2026-08");
		enum limit_category gone = lines[line].category;
		lines[line] = lines[LIMIT_TABLE_LINES - 1];
		table.line_count = LIMIT_TABLE_LINES - 1;
		if (line == LIMIT_TABLE_LINES - 1)
			gone = LIMIT_B10;
		assert_fault(LIMIT_TABLE_MISSING, LIMIT_TABLE_AMOUNTS, 0);
		assert_string_equal(faults.list[0].expected, limit_category_code(gone));
	}
	take_published("2026-08");
	lines[3] = lines[7];
	check();
	assert_int_equal(faults.count, 2);
	assert_int_equal(faults.list[0].field, LIMIT_TABLE_CATEGORY);
	assert_int_equal(faults.list[0].line, 7);
	assert_string_equal(faults.list[1].expected, "A04");
	table.line_count = 0;
	check();
	assert_int_equal(faults.count, LIMIT_TABLE_LINES);
}

static void the_months_are_in_order_and_another_can_follow(void **state)
{
	(void)state;
	table.last_month = (struct optional_day){ true, vector_day("2027-08-01") };
	assert_right();
	table.last_month.day = vector_day("2027-07-01");
	assert_fault(LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_UNTIL, 0);
	table.last_month.day = vector_day("9999-11-01");
	assert_right();
	table.last_month.day = vector_day("9999-12-01");
	assert_fault(LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_UNTIL, 0);
	table.last_month.known = false;
	table.first_month = vector_day("9999-11-01");
	assert_right();
	table.first_month = vector_day("9999-12-01");
	assert_fault(LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_FROM, 0);
}

/* Each of 16 lines with more faults than fit together. */
static void a_hundred_faults_are_no_more_than_the_first_ones(void **state)
{
	(void)state;
	for (size_t line = 0; line < LIMIT_TABLE_LINES; line++) {
		lines[line].category = LIMIT_A01;
		lines[line].amounts = (struct limit_amounts){ .threshold = -1, .rate_percent = -1 };
	}
	check();
	assert_int_equal(faults.count, LIMIT_TABLE_FAULTS_MAX);
}

int main(void)
{
#define TABLE_TEST(function) cmocka_unit_test_setup(function, begin)
	const struct CMUnitTest tests[] = {
		TABLE_TEST(what_was_published_is_right),
		TABLE_TEST(a_halved_month_is_never_dearer_than_a_full_one_R7_5),
		TABLE_TEST(each_amount_has_its_bounds),
		TABLE_TEST(what_hangs_on_another_amount_does_not_stand_alone),
		TABLE_TEST(only_those_from_70_on_have_an_outpatient_ceiling_R7_4),
		TABLE_TEST(every_category_stands_in_a_table_once),
		TABLE_TEST(the_months_are_in_order_and_another_can_follow),
		TABLE_TEST(a_hundred_faults_are_no_more_than_the_first_ones),
	};
	return cmocka_run_group_tests_name("limit_table", tests, limit_tables_read, NULL);
}
