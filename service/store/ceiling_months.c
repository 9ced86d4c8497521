#include "store/ceiling_months.h"

#include <string.h>

enum {
	COLUMN_OUTCOME = 1,
	COLUMN_CEILING_MONTH_ID,
	COLUMN_MONTH,
	COLUMN_INSTITUTION_CODE,
	COLUMN_COUNTS_FROM,
	COLUMN_REPORTED_AT
};

static struct ceiling_month_question *of(struct lane_question *question)
{
	return (struct ceiling_month_question *)question;
}

#define QUESTION struct ceiling_month_question
static const struct parameter_column columns[] = {
	COLUMN_UUID(QUESTION, ceiling_month_id),
	COLUMN_INSTANT(QUESTION, now),
	COLUMN_NUMBER(QUESTION, token_id),
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_NUMBER(QUESTION, membership_id),
	COLUMN_DAY(QUESTION, month),
	COLUMN_TEXT(QUESTION, institution_code),
	COLUMN_FLAG(QUESTION, counts),
};

static void reset(struct lane_question *question)
{
	of(question)->outcome = (struct slice){ NULL, 0 };
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct ceiling_month_row *found = &of(question)->row;
	struct slice id = row_text(row, COLUMN_CEILING_MONTH_ID);
	if (id.length != UUID_BYTES)
		return OUTCOME_INTERNAL;
	of(question)->outcome = row_text(row, COLUMN_OUTCOME);
	memcpy(found->ceiling_month_id, id.at, UUID_BYTES);
	found->month = row_day(row, COLUMN_MONTH).day;
	found->institution_code = row_text(row, COLUMN_INSTITUTION_CODE);
	found->counts = row_has(row, COLUMN_COUNTS_FROM);
	found->reported_at = row_instant(row, COLUMN_REPORTED_AT);
	return OUTCOME_OK;
}

const struct question_kind ceiling_months_reported = {
	.statement = STATEMENT_REPORT_CEILING_MONTHS,
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};
