#include "rules/limit_table.h"

/* The one after it must still have a first day. */
static const struct civil_date last_month_of_all = { 9999, 11, 1 };

#define MONTH_EXPECTED "a month not after 9999-11"
#define AMOUNT_EXPECTED "whole yen from 1 to 100000000"
_Static_assert(LIMIT_AMOUNT_MAX == 100000000, "as the sentence says");

static void add(struct limit_table_faults *faults, enum limit_table_fault_kind kind,
	enum limit_table_field field, size_t line, const char *expected)
{
	if (faults->count < LIMIT_TABLE_FAULTS_MAX)
		faults->list[faults->count++] = (struct limit_table_fault){ kind, field, line, expected };
}

static bool is_amount(int64_t amount, int64_t least)
{
	return amount >= least && amount <= LIMIT_AMOUNT_MAX;
}

/* Half of a threshold adds to the ceiling: no more than half of the base takes off, or a halved month could be the dearer one (R7.5). */
static void check_formula(const struct limit_amounts *amounts, size_t line, struct limit_table_faults *faults)
{
	size_t before = faults->count;
	if (!is_amount(amounts->base, 1))
		add(faults, LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_BASE, line, AMOUNT_EXPECTED);
	if (!is_amount(amounts->threshold, 0))
		add(faults, LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_THRESHOLD, line,
			"whole yen from 0 to 100000000");
	if (amounts->rate_percent < 0 || amounts->rate_percent > LIMIT_RATE_PERCENT_MAX)
		add(faults, LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_RATE_PERCENT, line, "0 or 1");
	if (faults->count > before)
		return;
	if ((amounts->rate_percent == 0) != (amounts->threshold == 0))
		add(faults, LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_THRESHOLD, line,
			"0 exactly where rate_percent is 0");
	else if (amounts->threshold * amounts->rate_percent > amounts->base * 100)
		add(faults, LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_THRESHOLD, line,
			"at most 100 times the base");
}

/* `most`: what it may not exceed, besides the greatest amount of all; not known: there is nothing it could go with. */
static void check_optional(struct optional_yen yen, enum limit_table_field field, size_t line,
	struct optional_yen most, const char *expected, struct limit_table_faults *faults)
{
	if (!yen.known)
		return;
	if (!is_amount(yen.amount, 1))
		add(faults, LIMIT_TABLE_OUT_OF_RANGE, field, line, AMOUNT_EXPECTED);
	else if (!most.known || yen.amount > most.amount)
		add(faults, LIMIT_TABLE_NOT_TOGETHER, field, line, expected);
}

/* What may stand beside this amount. Beside one that is none everything would be too much, which is not worth a word. */
static struct optional_yen most_beside(struct optional_yen yen)
{
	if (yen.known && !is_amount(yen.amount, 1))
		yen.amount = LIMIT_AMOUNT_MAX;
	return yen;
}

/* Of those from 70 on, but for 現役並み (R7.4). */
static bool has_outpatient_ceiling(enum limit_category category)
{
	return category >= LIMIT_B04 && category <= LIMIT_B10;
}

static void check_line(
	const struct limit_table_line *table_line, size_t line, struct limit_table_faults *faults)
{
	const struct limit_amounts *amounts = &table_line->amounts;
	const struct optional_yen any = { true, LIMIT_AMOUNT_MAX };
	const struct optional_yen base = most_beside((struct optional_yen){ true, amounts->base });
	const struct optional_yen any_with_outpatient = { amounts->outpatient.known, LIMIT_AMOUNT_MAX };
	check_formula(amounts, line, faults);
	check_optional(amounts->multiple, LIMIT_TABLE_MULTIPLE, line, base, "at most the base", faults);
	if (amounts->outpatient.known && !has_outpatient_ceiling(table_line->category))
		add(faults, LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_OUTPATIENT, line,
			"none: only B04 to B10 have one");
	else
		check_optional(
			amounts->outpatient, LIMIT_TABLE_OUTPATIENT, line, base, "at most the base", faults);
	check_optional(amounts->outpatient_annual, LIMIT_TABLE_OUTPATIENT_ANNUAL, line, any_with_outpatient,
		"none where there is no outpatient_ceiling", faults);
	check_optional(amounts->annual, LIMIT_TABLE_ANNUAL, line, any, AMOUNT_EXPECTED, faults);
	check_optional(amounts->annual_low_income, LIMIT_TABLE_ANNUAL_LOW_INCOME, line,
		most_beside(amounts->annual), "at most the annual_ceiling, and none without one", faults);
}

static void check_categories(const struct limit_table *table, struct limit_table_faults *faults)
{
	bool met[LIMIT_CATEGORIES] = { false };
	for (size_t line = 0; line < table->line_count; line++) {
		enum limit_category category = table->lines[line].category;
		if (category == LIMIT_CATEGORY_NONE || met[category])
			add(faults, LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_CATEGORY, line,
				"a category that no line before it has");
		met[category] = true;
	}
	for (int category = LIMIT_A01; category < LIMIT_CATEGORIES; category++) {
		if (!met[category])
			add(faults, LIMIT_TABLE_MISSING, LIMIT_TABLE_AMOUNTS, 0,
				limit_category_code((enum limit_category)category));
	}
}

static void check_months(const struct limit_table *table, struct limit_table_faults *faults)
{
	const struct day last = day_from_civil(last_month_of_all);
	if (day_compare(table->first_month, last) > 0)
		add(faults, LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_FROM, 0, MONTH_EXPECTED);
	if (!table->last_month.known)
		return;
	if (day_compare(table->last_month.day, last) > 0)
		add(faults, LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_UNTIL, 0, MONTH_EXPECTED);
	else if (day_compare(table->last_month.day, table->first_month) < 0)
		add(faults, LIMIT_TABLE_NOT_TOGETHER, LIMIT_TABLE_UNTIL, 0, "a month not before from");
}

void limit_table_check(const struct limit_table *table, struct limit_table_faults *faults)
{
	faults->count = 0;
	check_months(table, faults);
	check_categories(table, faults);
	for (size_t line = 0; line < table->line_count; line++)
		check_line(&table->lines[line], line, faults);
}
