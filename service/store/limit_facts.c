#include "store/limit_facts.h"

enum column {
	COLUMN_ORDINAL,
	COLUMN_FIRST_MONTH,
	COLUMN_LAST_MONTH,
	COLUMN_VERSION,
	COLUMN_SOURCE,
	COLUMN_NOTE,
	COLUMN_BASE,
	COLUMN_THRESHOLD,
	COLUMN_RATE_PERCENT,
	COLUMN_MULTIPLE,
	COLUMN_OUTPATIENT,
	COLUMN_ANNUAL,
	COLUMN_ANNUAL_LOW_INCOME,
	COLUMN_OUTPATIENT_ANNUAL,
	COLUMN_CEILING_MONTHS,
};

static struct limit_facts_question *of(struct lane_question *question)
{
	return (struct limit_facts_question *)question;
}

#define QUESTION struct limit_facts_question
static const struct parameter_column columns[] = {
	COLUMN_DAY(QUESTION, care_month),
	COLUMN_TEXT(QUESTION, category),
	COLUMN_NUMBER_IF(QUESTION, counts_months, membership_id),
	COLUMN_INSTANT(QUESTION, known_at),
};

static void reset(struct lane_question *question)
{
	of(question)->has_table = false;
	of(question)->has_amounts = false;
	of(question)->ceiling_months = 0;
}

static struct amount_column read_amount(const struct row *row, int column)
{
	return (struct amount_column){ row_has(row, column), row_integer(row, column) };
}

static enum outcome take_row(struct lane_question *lane_question, const struct row *row)
{
	struct limit_facts_question *question = of(lane_question);
	question->has_table = row_has(row, COLUMN_FIRST_MONTH);
	question->table = (struct limit_table_row){
		.first_month = row_day(row, COLUMN_FIRST_MONTH).day,
		.last_month = row_day(row, COLUMN_LAST_MONTH),
		.version = (int)row_integer(row, COLUMN_VERSION),
		.source = row_text(row, COLUMN_SOURCE),
		.note = row_text(row, COLUMN_NOTE),
	};
	question->has_amounts = row_has(row, COLUMN_BASE);
	question->amounts = (struct limit_amounts_row){
		.base = row_integer(row, COLUMN_BASE),
		.threshold = row_integer(row, COLUMN_THRESHOLD),
		.rate_percent = (int)row_integer(row, COLUMN_RATE_PERCENT),
		.multiple = read_amount(row, COLUMN_MULTIPLE),
		.outpatient = read_amount(row, COLUMN_OUTPATIENT),
		.annual = read_amount(row, COLUMN_ANNUAL),
		.annual_low_income = read_amount(row, COLUMN_ANNUAL_LOW_INCOME),
		.outpatient_annual = read_amount(row, COLUMN_OUTPATIENT_ANNUAL),
	};
	question->ceiling_months = (int)row_integer(row, COLUMN_CEILING_MONTHS);
	return OUTCOME_OK;
}

const struct question_kind limit_facts = {
	.statement = STATEMENT_FIND_LIMIT_FACTS,
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};
