#include "store/member_counts.h"

enum {
	COLUMN_MEMBERS = 1,
	COLUMN_INSURED,
	COLUMN_REGISTERED,
	COLUMN_LINKED,
	COLUMN_MISMATCH,
	COLUMN_CERTIFICATES,
	COLUMN_CHECK_DAYS,
	COLUMN_CHECK_VALIDITIES,
	COLUMN_CHECK_ACCEPTED,
	COLUMN_CHECK_COUNTS
};

#define QUESTION struct member_counts_question
static const struct parameter_column columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_DAY(QUESTION, as_of),
	COLUMN_DAY(QUESTION, today),
	COLUMN_NUMBER(QUESTION, days),
};

static void reset(struct lane_question *question)
{
	struct member_counts_question *counts = (struct member_counts_question *)question;
	counts->counted = false;
	counts->check_count = 0;
}

static enum outcome take_checks(struct member_counts_question *counts, const struct row *row)
{
	size_t count = row_array_length(row, COLUMN_CHECK_DAYS);
	if (count > COUNTED_CHECKS_MAX)
		return OUTCOME_INTERNAL;
	for (size_t i = 0; i < count; i++) {
		struct optional_day day = slice_day(row_array_element(row, COLUMN_CHECK_DAYS, i));
		counts->checks[i] = (struct counted_checks){
			.day = day.day,
			.validity = (int)slice_integer(row_array_element(row, COLUMN_CHECK_VALIDITIES, i)),
			.accepted = slice_integer(row_array_element(row, COLUMN_CHECK_ACCEPTED, i)) != 0,
			.count = slice_integer(row_array_element(row, COLUMN_CHECK_COUNTS, i)),
		};
	}
	counts->check_count = count;
	return OUTCOME_OK;
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct member_counts_question *counts = (struct member_counts_question *)question;
	counts->counted = true;
	counts->members = row_integer(row, COLUMN_MEMBERS);
	counts->insured = row_integer(row, COLUMN_INSURED);
	counts->registered = row_integer(row, COLUMN_REGISTERED);
	counts->linked = row_integer(row, COLUMN_LINKED);
	counts->mismatch = row_integer(row, COLUMN_MISMATCH);
	for (size_t i = 0; i < COUNTED_CERTIFICATES; i++)
		counts->certificates[i] = slice_integer(row_array_element(row, COLUMN_CERTIFICATES, i));
	return take_checks(counts, row);
}

/* In no sync with writes: what takes too long would undo them. */
const struct question_kind members_counted = {
	.statement = STATEMENT_COUNT_MEMBERS,
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
	.own_sync = true,
};
