#include "store/suspensions.h"

#include <string.h>

/* The columns of all three statements. */
enum {
	COLUMN_OUTCOME = 1,
	COLUMN_REPLAYED,
	COLUMN_SUSPENSION_ID,
	COLUMN_MEDIUM,
	COLUMN_REASON,
	COLUMN_SUSPENDED_AT,
	COLUMN_LIFTED_AT,
	COLUMN_CARDS
};

static struct suspension_question *of(struct lane_question *question)
{
	return (struct suspension_question *)question;
}

#define QUESTION struct suspension_question
static const struct parameter_column columns[] = {
	COLUMN_UUID(QUESTION, suspension_id),
	COLUMN_INSTANT(QUESTION, now),
	COLUMN_NUMBER(QUESTION, token_id),
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_TEXT(QUESTION, number_key),
	COLUMN_DAY(QUESTION, birth_date),
	COLUMN_TEXT(QUESTION, symbol_key),
	COLUMN_TEXT(QUESTION, branch_number),
	COLUMN_TEXT(QUESTION, medium),
	COLUMN_TEXT(QUESTION, reason),
	IDEMPOTENCY_COLUMNS(QUESTION, idempotency),
};
enum { COLUMNS_TO_FIND = 1, COLUMNS_TO_LIFT = 3, COLUMNS_TO_MAKE = sizeof columns / sizeof *columns };

static void reset(struct lane_question *question)
{
	of(question)->outcome = (struct slice){ NULL, 0 };
	of(question)->found = false;
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct suspension_question *suspension = of(question);
	struct suspension_row *found = &suspension->row;
	struct slice id = row_text(row, COLUMN_SUSPENSION_ID);
	suspension->outcome = row_text(row, COLUMN_OUTCOME);
	suspension->replayed = row_bool(row, COLUMN_REPLAYED);
	suspension->found = id.length == UUID_BYTES;
	if (!suspension->found)
		return OUTCOME_OK;
	memcpy(found->suspension_id, id.at, UUID_BYTES);
	found->medium = row_text(row, COLUMN_MEDIUM);
	found->reason = row_text(row, COLUMN_REASON);
	found->suspended_at = row_instant(row, COLUMN_SUSPENDED_AT);
	found->lifted = row_has(row, COLUMN_LIFTED_AT);
	found->lifted_at = row_instant(row, COLUMN_LIFTED_AT);
	found->cards = row_integer(row, COLUMN_CARDS);
	return OUTCOME_OK;
}

const struct question_kind suspensions_made = {
	.statement = STATEMENT_SUSPEND_CARDS,
	.columns = columns,
	.column_count = COLUMNS_TO_MAKE,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind suspensions_lifted = {
	.statement = STATEMENT_LIFT_CARD_SUSPENSIONS,
	.columns = columns,
	.column_count = COLUMNS_TO_LIFT,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind suspensions_by_id = {
	.statement = STATEMENT_FIND_CARD_SUSPENSIONS,
	.columns = columns,
	.column_count = COLUMNS_TO_FIND,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};
