/* What a patient pays for a month of care, to the yen: rules/limit.c (R7.3 to R7.7). The amounts come from a table, as the service's do
 * (vectors/limit_amounts.csv; facts 4.1 and 4.2). */
#include "limit_tables.h"

#include <inttypes.h>

static const char *const cares[] = { "inpatient", "outpatient" };

static int64_t share_of(int64_t total, int ratio_percent)
{
	struct limit_item item = { .total = total, .ratio_percent = ratio_percent };
	int64_t share = -1;
	assert_int_equal(limit_share(&item, &share), OUTCOME_OK);
	return share;
}

static void a_patient_pays_up_to_the_ceiling_of_category_and_month_R7_3(void **state)
{
	(void)state;
	struct vectors *vectors = vectors_open("limits.csv");
	while (vectors_next(vectors)) {
		struct limit_item item = {
			.total = yen_in(vectors, "total_medical_cost"),
			.ratio_percent = vectors_get_int(vectors, "ratio_percent"),
			.care = (enum care)vectors_get_word(vectors, "care", cares, 2),
		};
		struct limit_month month = {
			.prior_ceiling_months = vectors_get_int(vectors, "prior_ceiling_months"),
			.halved = vectors_get_bool(vectors, "halved_month"),
		};
		struct paid paid = paid_for(
			amounts_of(category_in(vectors), vectors_get(vectors, "care_month")), &item, &month);
		vectors_expect(vectors, paid.ceiling.amount == yen_in(vectors, "ceiling"),
			"ceiling: got %" PRId64, paid.ceiling.amount);
		vectors_expect(vectors,
			paid.ceiling.multiple_months == vectors_get_bool(vectors, "multiple_months"),
			"multiple_months: got %d", paid.ceiling.multiple_months);
		vectors_expect(vectors, paid.pays == yen_in(vectors, "patient_pays"),
			"patient_pays: got %" PRId64, paid.pays);
	}
	vectors_finish(vectors);
}

static void each_category_has_its_amounts_before_and_from_august_2026_R7_2(void **state)
{
	(void)state;
	for (int category = LIMIT_A01; category < LIMIT_CATEGORIES; category++) {
		const struct limit_amounts *before = amounts_of((enum limit_category)category, "2026-07");
		const struct limit_amounts *after = amounts_of((enum limit_category)category, "2026-08");
		assert_true(after->base > before->base);
		assert_int_equal(before->rate_percent, before->threshold > 0);
		assert_int_equal(after->rate_percent, after->threshold > 0);
		/* 多数回 came to 低所得Ⅱ only then; 低所得Ⅰ has none. */
		assert_int_equal(before->multiple.known, category < LIMIT_B05 || category > LIMIT_B08);
		assert_int_equal(after->multiple.known, category < LIMIT_B06 || category > LIMIT_B08);
		assert_int_equal(before->outpatient.known, category >= LIMIT_B04);
		assert_int_equal(after->outpatient.known, category >= LIMIT_B04);
		assert_false(before->annual.known);
		assert_true(after->annual.known);
	}
}

/* --- The formula and its roundings. */

static void the_worked_examples_come_out_to_the_yen_R7_3(void **state)
{
	(void)state;
	static const int64_t totals[] = { 300000, 1000000, 2000000 };
	static const struct {
		enum limit_category category;
		int64_t before[3];
		int64_t from_august[3];
	} rows[] = {
		{ LIMIT_A01, { 252600, 254180, 264180 }, { 270300, 271290, 281290 } },
		{ LIMIT_A02, { 167400, 171820, 181820 }, { 179100, 183130, 193130 } },
		{ LIMIT_A03, { 80430, 87430, 97430 }, { 85940, 92940, 102940 } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t j = 0; j < 3; j++) {
			const struct limit_amounts *old = amounts_of(rows[i].category, "2026-07");
			const struct limit_amounts *new = amounts_of(rows[i].category, "2026-08");
			assert_int_equal(ceiling_at(old, totals[j], false), rows[i].before[j]);
			assert_int_equal(ceiling_at(new, totals[j], false), rows[i].from_august[j]);
		}
	}
}

static void one_percent_above_the_threshold_is_rounded_half_up_to_the_yen_R7_3(void **state)
{
	(void)state;
	static const struct {
		int64_t above;
		int64_t percent;
	} rows[] = { { -267000, 0 }, { -1, 0 }, { 0, 0 }, { 1, 0 }, { 49, 0 }, { 50, 1 }, { 149, 1 },
		{ 150, 2 }, { 249, 2 }, { 250, 3 }, { LIMIT_COST_MAX - 267000, 99997330 } };
	const struct limit_amounts *amounts = amounts_of(LIMIT_A03, "2026-07");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(ceiling_at(amounts, 267000 + rows[i].above, false), 80100 + rows[i].percent);
}

static void the_share_is_rounded_half_up_to_ten_yen_R7_7(void **state)
{
	(void)state;
	static const struct {
		int64_t total;
		int ratio_percent;
		int64_t share;
	} rows[] = {
		{ 0, 30, 0 },
		{ 16, 30, 0 }, /* 4.8 */
		{ 17, 30, 10 }, /* 5.1 */
		{ 24, 20, 0 }, /* 4.8 */
		{ 25, 20, 10 }, /* 5 */
		{ 49, 10, 0 }, /* 4.9: not by way of 5 yen */
		{ 50, 10, 10 }, /* 5 */
		{ 1140, 10, 110 }, /* 114 */
		{ 1150, 10, 120 }, /* 115 */
		{ 3330, 30, 1000 }, /* 999 */
		{ 3330, 20, 670 }, /* 666 */
		{ 3330, 10, 330 }, /* 333 */
		{ 300150, 10, 30020 }, /* 30,015 */
		{ LIMIT_COST_MAX, 30, 3000000000 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(share_of(rows[i].total, rows[i].ratio_percent), rows[i].share);
}

/* --- What of the month decides. */

static void the_fourth_ceiling_month_costs_the_lower_amount_where_there_is_one_R7_3(void **state)
{
	(void)state;
	for (size_t i = 0; i < limit_line_count; i++) {
		const struct limit_amounts *amounts = &limit_lines[i].amounts;
		struct limit_item item = { .total = 2000000, .ratio_percent = 30, .care = CARE_INPATIENT };
		int64_t first = ceiling_at(amounts, item.total, false);
		for (int prior = 0; prior <= CEILING_MONTHS_MAX; prior++) {
			struct limit_month month = { .prior_ceiling_months = prior };
			struct limit_ceiling ceiling = paid_for(amounts, &item, &month).ceiling;
			bool multiple = prior >= 3 && amounts->multiple.known;
			assert_int_equal(ceiling.multiple_months, multiple);
			assert_int_equal(ceiling.amount, multiple ? amounts->multiple.amount : first);
		}
	}
}

static void an_outpatient_of_70_and_above_has_the_ceiling_of_their_own_R7_4(void **state)
{
	(void)state;
	for (size_t i = 0; i < limit_line_count; i++) {
		const struct limit_amounts *amounts = &limit_lines[i].amounts;
		for (int prior = 0; prior <= CEILING_MONTHS_MAX; prior++) {
			struct limit_item item = { .total = 2000000, .ratio_percent = 30 };
			struct limit_month month = { .prior_ceiling_months = prior };
			item.care = CARE_INPATIENT;
			struct limit_ceiling inpatient = paid_for(amounts, &item, &month).ceiling;
			item.care = CARE_OUTPATIENT;
			struct limit_ceiling outpatient = paid_for(amounts, &item, &month).ceiling;
			if (limit_lines[i].category >= LIMIT_B04) {
				assert_int_equal(outpatient.amount, amounts->outpatient.amount);
				assert_false(outpatient.multiple_months);
			} else {
				assert_int_equal(outpatient.amount, inpatient.amount);
				assert_int_equal(outpatient.multiple_months, inpatient.multiple_months);
			}
		}
	}
}

static void expect_half(struct optional_yen half, struct optional_yen whole)
{
	assert_int_equal(half.known, whole.known);
	if (whole.known)
		assert_int_equal(half.amount, whole.amount / 2);
}

static void expect_same(struct optional_yen a, struct optional_yen b)
{
	assert_int_equal(a.known, b.known);
	if (b.known)
		assert_int_equal(a.amount, b.amount);
}

static void personal_amounts_are_halved_and_annual_ones_are_not_R7_5(void **state)
{
	(void)state;
	for (size_t i = 0; i < limit_line_count; i++) {
		const struct limit_amounts *whole = &limit_lines[i].amounts;
		struct limit_amounts half = limit_amounts_halved(whole);
		assert_int_equal(half.base, whole->base / 2);
		assert_int_equal(half.threshold, whole->threshold / 2);
		assert_int_equal(half.rate_percent, whole->rate_percent);
		expect_half(half.multiple, whole->multiple);
		expect_half(half.outpatient, whole->outpatient);
		expect_same(half.annual, whole->annual);
		expect_same(half.annual_low_income, whole->annual_low_income);
		expect_same(half.outpatient_annual, whole->outpatient_annual);
	}

	struct limit_amounts odd = {
		.base = 101, .threshold = 333, .rate_percent = 1, .multiple = yen(51), .outpatient = yen(1)
	};
	struct limit_amounts half = limit_amounts_halved(&odd);
	assert_int_equal(half.base, 50);
	assert_int_equal(half.threshold, 166);
	assert_int_equal(half.multiple.amount, 25);
	assert_int_equal(half.outpatient.amount, 0);
}

static void a_halved_month_of_category_3_is_as_published_R7_5(void **state)
{
	(void)state;
	const struct limit_amounts *amounts = amounts_of(LIMIT_B01, "2026-07");
	/* 126,300 + (M - 421,000) × 1 %, 多数回 70,050 (facts 4.4). */
	assert_int_equal(ceiling_at(amounts, 421000, true), 126300);
	assert_int_equal(ceiling_at(amounts, 421049, true), 126300);
	assert_int_equal(ceiling_at(amounts, 421050, true), 126301);
	assert_int_equal(ceiling_at(amounts, 1000000, true), 132090);
	struct limit_item item = { .total = 1000000, .ratio_percent = 30, .care = CARE_OUTPATIENT };
	struct limit_month month = { .prior_ceiling_months = 3, .halved = true };
	struct limit_ceiling ceiling = paid_for(amounts, &item, &month).ceiling;
	assert_int_equal(ceiling.amount, 70050);
	assert_true(ceiling.multiple_months);
}

static void a_specific_disease_costs_what_is_registered_else_10000_or_20000_R7_6(void **state)
{
	(void)state;
	for (int category = LIMIT_CATEGORY_NONE; category < LIMIT_CATEGORIES; category++) {
		enum limit_category with = (enum limit_category)category;
		int64_t dialysis = with == LIMIT_A01 || with == LIMIT_A02 ? 20000 : 10000;
		assert_int_equal(specific_disease_ceiling('1', no_yen, with, false), dialysis);
		assert_int_equal(specific_disease_ceiling('1', no_yen, with, true), dialysis / 2);
		for (char disease = '1'; disease <= '3'; disease++) {
			if (disease != '1') {
				assert_int_equal(
					specific_disease_ceiling(disease, no_yen, with, false), 10000);
				assert_int_equal(specific_disease_ceiling(disease, no_yen, with, true), 5000);
			}
			assert_int_equal(specific_disease_ceiling(disease, yen(10000), with, false), 10000);
			assert_int_equal(specific_disease_ceiling(disease, yen(20000), with, false), 20000);
			assert_int_equal(specific_disease_ceiling(disease, yen(20000), with, true), 10000);
			assert_int_equal(specific_disease_ceiling(disease, yen(2501), with, true), 1250);
			assert_int_equal(specific_disease_ceiling(disease, yen(0), with, false), 0);
		}
	}
}

static void a_patient_pays_the_least_of_share_ceiling_and_disease_R7_7(void **state)
{
	(void)state;
	assert_int_equal(limit_patient_pays(90000, no_yen, no_yen), 90000);
	assert_int_equal(limit_patient_pays(90000, yen(80430), no_yen), 80430);
	assert_int_equal(limit_patient_pays(90000, yen(90001), no_yen), 90000);
	assert_int_equal(limit_patient_pays(90000, no_yen, yen(10000)), 10000);
	assert_int_equal(limit_patient_pays(90000, yen(80430), yen(10000)), 10000);
	assert_int_equal(limit_patient_pays(90000, yen(8000), yen(10000)), 8000);
	assert_int_equal(limit_patient_pays(9000, yen(80430), yen(10000)), 9000);
	assert_int_equal(limit_patient_pays(90000, yen(0), yen(10000)), 0);
	assert_int_equal(limit_patient_pays(0, yen(80430), yen(10000)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_patient_pays_up_to_the_ceiling_of_category_and_month_R7_3),
		TEST(each_category_has_its_amounts_before_and_from_august_2026_R7_2),
		TEST(the_worked_examples_come_out_to_the_yen_R7_3),
		TEST(one_percent_above_the_threshold_is_rounded_half_up_to_the_yen_R7_3),
		TEST(the_share_is_rounded_half_up_to_ten_yen_R7_7),
		TEST(the_fourth_ceiling_month_costs_the_lower_amount_where_there_is_one_R7_3),
		TEST(an_outpatient_of_70_and_above_has_the_ceiling_of_their_own_R7_4),
		TEST(personal_amounts_are_halved_and_annual_ones_are_not_R7_5),
		TEST(a_halved_month_of_category_3_is_as_published_R7_5),
		TEST(a_specific_disease_costs_what_is_registered_else_10000_or_20000_R7_6),
		TEST(a_patient_pays_the_least_of_share_ceiling_and_disease_R7_7),
	};
	return cmocka_run_group_tests_name("limit", tests, limit_tables_read, NULL);
}
