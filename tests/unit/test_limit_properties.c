/* What holds of a month's ceiling whatever the numbers are, and which numbers are refused: rules/limit.c (R7.3 to R7.7). */
#include "limit_tables.h"

#include <inttypes.h>

#define CASES 20000

/* splitmix64: the same cases in every run. */
static uint64_t random_state;

static uint64_t random_bits(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int64_t random_up_to(int64_t most)
{
	return (int64_t)(random_bits() % ((uint64_t)most + 1));
}

/* As often small as large, and often a bound. */
static int64_t random_amount(int64_t most)
{
	switch (random_up_to(9)) {
	case 0:
		return 0;
	case 1:
		return most;
	case 2:
		return random_up_to(most);
	default:
		return random_up_to(most >> random_up_to(20));
	}
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static struct limit_item random_item(void)
{
	return (struct limit_item){ .total = random_amount(LIMIT_COST_MAX),
		.ratio_percent = 10 * (int)(1 + random_up_to(2)),
		.care = (enum care)random_up_to(1) };
}

static struct limit_month random_month(void)
{
	return (struct limit_month){ .prior_ceiling_months = (int)random_up_to(CEILING_MONTHS_MAX),
		.halved = random_up_to(1) == 1 };
}

/* One that could be published: what 1 % of the threshold is, is not more than the base, and the lower amounts are lower. */
static struct limit_amounts random_table(void)
{
	struct limit_amounts amounts = { .base = random_amount(LIMIT_AMOUNT_MAX),
		.rate_percent = (int)random_up_to(1) };
	if (amounts.rate_percent > 0)
		amounts.threshold =
			random_amount(smaller(LIMIT_AMOUNT_MAX, amounts.base * 100 / amounts.rate_percent));
	if (random_up_to(1) == 1)
		amounts.multiple = yen(random_amount(amounts.base));
	if (random_up_to(1) == 1)
		amounts.outpatient = yen(random_amount(LIMIT_AMOUNT_MAX));
	return amounts;
}

static struct limit_amounts any_table(void)
{
	return random_up_to(1) == 1 ? random_table()
				    : limit_lines[random_up_to((int64_t)limit_line_count - 1)].amounts;
}

static void no_patient_pays_more_than_the_share_or_a_ceiling_R7_7(void **state)
{
	(void)state;
	random_state = 1;
	for (int i = 0; i < CASES; i++) {
		struct limit_amounts amounts = any_table();
		struct limit_item item = random_item();
		struct limit_month month = random_month();
		struct paid paid = paid_for(&amounts, &item, &month);
		int64_t disease = random_amount(LIMIT_AMOUNT_MAX);
		int64_t with_disease = limit_patient_pays(paid.share, yen(paid.ceiling.amount), yen(disease));

		assert_true(paid.pays >= 0 && paid.pays <= paid.share);
		assert_true(paid.pays <= paid.ceiling.amount);
		assert_true(paid.pays == paid.share || paid.pays == paid.ceiling.amount);
		assert_true(with_disease <= paid.pays && with_disease <= disease);
		/* The share is the cost's, to ten yen. */
		assert_int_equal(paid.share % 10, 0);
		int64_t off = paid.share * 100 - item.total * item.ratio_percent;
		assert_true(off > -500 && off <= 500);
	}
}

static void more_care_never_costs_a_patient_less_R7_7(void **state)
{
	(void)state;
	random_state = 2;
	for (int i = 0; i < CASES; i++) {
		struct limit_amounts amounts = any_table();
		struct limit_item item = random_item();
		struct limit_month month = random_month();
		struct optional_yen disease = random_up_to(1) == 1 ? yen(random_amount(100000)) : no_yen;
		/* Often about the threshold, where the formula bends. */
		if (random_up_to(1) == 1)
			item.total = smaller(LIMIT_COST_MAX, amounts.threshold / (month.halved ? 2 : 1));
		struct paid less = paid_for(&amounts, &item, &month);
		item.total += random_amount(LIMIT_COST_MAX - item.total);
		struct paid more = paid_for(&amounts, &item, &month);

		assert_true(more.share >= less.share);
		assert_true(more.ceiling.amount >= less.ceiling.amount);
		assert_true(more.pays >= less.pays);
		assert_true(limit_patient_pays(more.share, yen(more.ceiling.amount), disease) >=
			    limit_patient_pays(less.share, yen(less.ceiling.amount), disease));
	}
}

static void a_halved_month_is_never_dearer_than_a_whole_one_R7_5(void **state)
{
	(void)state;
	random_state = 3;
	for (int i = 0; i < CASES; i++) {
		/* Each published category in turn, too. */
		struct limit_amounts amounts =
			i % 2 == 0 ? random_table() : limit_lines[(size_t)i / 2 % limit_line_count].amounts;
		struct limit_item item = random_item();
		struct limit_month month = random_month();
		if (random_up_to(1) == 1)
			item.total = smaller(LIMIT_COST_MAX, amounts.threshold / 2 + random_up_to(1000));
		month.halved = false;
		struct paid whole = paid_for(&amounts, &item, &month);
		month.halved = true;
		struct paid half = paid_for(&amounts, &item, &month);

		if (half.ceiling.amount > whole.ceiling.amount)
			fail_msg("base %" PRId64 ", threshold %" PRId64 ", total %" PRId64 ": half is dearer",
				amounts.base, amounts.threshold, item.total);
		assert_true(half.pays <= whole.pays);
		assert_int_equal(half.ceiling.multiple_months, whole.ceiling.multiple_months);
		/* Asked with the halved amounts themselves, the same. */
		struct limit_amounts halved = limit_amounts_halved(&amounts);
		month.halved = false;
		assert_int_equal(paid_for(&halved, &item, &month).ceiling.amount, half.ceiling.amount);
	}
}

static void a_fourth_ceiling_month_is_never_dearer_than_a_third_R7_3(void **state)
{
	(void)state;
	random_state = 4;
	for (int i = 0; i < CASES; i++) {
		struct limit_amounts amounts =
			i % 2 == 0 ? random_table() : limit_lines[(size_t)i / 2 % limit_line_count].amounts;
		struct limit_item item = random_item();
		struct limit_month month = random_month();
		month.prior_ceiling_months = 2;
		struct paid third = paid_for(&amounts, &item, &month);
		month.prior_ceiling_months = 3;
		struct paid fourth = paid_for(&amounts, &item, &month);
		assert_false(third.ceiling.multiple_months);
		assert_true(fourth.ceiling.amount <= third.ceiling.amount);
		assert_true(fourth.pays <= third.pays);
		if (fourth.ceiling.multiple_months)
			assert_int_equal(
				fourth.ceiling.amount, amounts.multiple.amount / (month.halved ? 2 : 1));
	}
}

/* --- What is refused. */

static const struct limit_amounts sound_amounts = { .base = 80100, .threshold = 267000, .rate_percent = 1 };
static const struct limit_item sound_item = { .total = 1000000, .ratio_percent = 30 };
static const struct limit_month sound_month = { .prior_ceiling_months = 2 };

/* Refused, and nothing written that could pass for an answer. */
static void expect_ceiling_refused(
	const struct limit_amounts *amounts, const struct limit_item *item, const struct limit_month *month)
{
	struct limit_ceiling ceiling = { .amount = -7, .multiple_months = true };
	assert_int_equal(limit_ceiling_of(amounts, item, month, &ceiling), OUTCOME_INVALID);
	assert_int_equal(ceiling.amount, -7);
	assert_true(ceiling.multiple_months);
}

static void expect_item_refused(struct limit_item item)
{
	int64_t share = -7;
	assert_int_equal(limit_share(&item, &share), OUTCOME_INVALID);
	assert_int_equal(share, -7);
	expect_ceiling_refused(&sound_amounts, &item, &sound_month);
}

static void a_cost_or_ratio_that_cannot_be_is_refused_and_not_calculated_with(void **state)
{
	(void)state;
	static const int64_t totals[] = { -1, LIMIT_COST_MAX + 1, INT64_MIN, INT64_MAX };
	static const int ratios[] = { 0, 1, 5, 9, 11, 15, 25, 35, 40, 100, -10, -30, INT32_MAX, INT32_MIN };
	for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
		struct limit_item item = sound_item;
		item.total = totals[i];
		expect_item_refused(item);
	}
	for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
		struct limit_item item = sound_item;
		item.ratio_percent = ratios[i];
		expect_item_refused(item);
	}
}

static void a_count_of_ceiling_months_that_cannot_be_is_refused_R7_11(void **state)
{
	(void)state;
	static const int months[] = { -1, 12, INT32_MAX, INT32_MIN };
	for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
		struct limit_month month = { .prior_ceiling_months = months[i] };
		expect_ceiling_refused(&sound_amounts, &sound_item, &month);
	}
}

static void a_table_with_an_absurd_amount_anywhere_is_refused_R7_2(void **state)
{
	(void)state;
	static const int64_t absurd[] = { -1, LIMIT_AMOUNT_MAX + 1, INT64_MIN, INT64_MAX };
	static const int rates[] = { -1, 101, INT32_MAX, INT32_MIN };
	for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
		struct limit_amounts tables[7];
		for (size_t j = 0; j < 7; j++)
			tables[j] = sound_amounts;
		tables[0].base = absurd[i];
		tables[1].threshold = absurd[i];
		tables[2].multiple = yen(absurd[i]);
		tables[3].outpatient = yen(absurd[i]);
		tables[4].annual = yen(absurd[i]);
		tables[5].annual_low_income = yen(absurd[i]);
		tables[6].outpatient_annual = yen(absurd[i]);
		for (size_t j = 0; j < 7; j++)
			expect_ceiling_refused(&tables[j], &sound_item, &sound_month);
	}
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		struct limit_amounts table = sound_amounts;
		table.rate_percent = rates[i];
		expect_ceiling_refused(&table, &sound_item, &sound_month);
	}
	/* What is not known is not looked at. */
	struct limit_amounts table = sound_amounts;
	table.multiple = (struct optional_yen){ .known = false, .amount = -1 };
	assert_int_equal(ceiling_at(&table, 1000000, false), 87430);
}

static void the_greatest_cost_with_the_greatest_amounts_is_still_calculated(void **state)
{
	(void)state;
	struct limit_amounts greatest = { .base = LIMIT_AMOUNT_MAX,
		.threshold = 0,
		.rate_percent = 100,
		.multiple = yen(LIMIT_AMOUNT_MAX),
		.outpatient = yen(LIMIT_AMOUNT_MAX) };
	assert_int_equal(ceiling_at(&greatest, LIMIT_COST_MAX, false), LIMIT_AMOUNT_MAX + LIMIT_COST_MAX);
	assert_int_equal(ceiling_at(&greatest, 0, false), LIMIT_AMOUNT_MAX);
	greatest.threshold = LIMIT_AMOUNT_MAX;
	assert_int_equal(ceiling_at(&greatest, LIMIT_COST_MAX, false), LIMIT_COST_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_patient_pays_more_than_the_share_or_a_ceiling_R7_7),
		TEST(more_care_never_costs_a_patient_less_R7_7),
		TEST(a_halved_month_is_never_dearer_than_a_whole_one_R7_5),
		TEST(a_fourth_ceiling_month_is_never_dearer_than_a_third_R7_3),
		TEST(a_cost_or_ratio_that_cannot_be_is_refused_and_not_calculated_with),
		TEST(a_count_of_ceiling_months_that_cannot_be_is_refused_R7_11),
		TEST(a_table_with_an_absurd_amount_anywhere_is_refused_R7_2),
		TEST(the_greatest_cost_with_the_greatest_amounts_is_still_calculated),
	};
	return cmocka_run_group_tests_name("limit_properties", tests, limit_tables_read, NULL);
}
