#include "store/limit_tables.h"

/* The columns of all statements. */
enum { COLUMN_OUTCOME = 1, COLUMN_REPLAYED, COLUMN_DOCUMENT, COLUMN_VERSION, COLUMN_EXPECTED };

static struct limit_table_question *of(struct lane_question *question)
{
	return (struct limit_table_question *)question;
}

#define QUESTION struct limit_table_question
#define TABLE_COLUMNS \
	COLUMN_DAY(QUESTION, first_month), COLUMN_DAY_IF(QUESTION, last_month.known, last_month.day), \
		COLUMN_TEXT(QUESTION, source), COLUMN_TEXT(QUESTION, note), COLUMN_TEXT(QUESTION, amounts)

static const struct parameter_column columns[] = {
	COLUMN_DAY(QUESTION, this_month),
	COLUMN_DAY(QUESTION, month),
	COLUMN_INSTANT(QUESTION, now),
	COLUMN_NUMBER(QUESTION, token_id),
	COLUMN_NUMBER_IF(QUESTION, wanted.is_known, wanted.version),
	TABLE_COLUMNS,
};
enum {
	COLUMNS_TO_LIST = 1,
	COLUMNS_TO_FIND = 2,
	COLUMNS_TO_WITHDRAW = 5,
	COLUMNS_TO_REPLACE = sizeof columns / sizeof *columns
};

static const struct parameter_column columns_to_add[] = {
	COLUMN_DAY(QUESTION, this_month),
	COLUMN_INSTANT(QUESTION, now),
	COLUMN_NUMBER(QUESTION, token_id),
	TABLE_COLUMNS,
	IDEMPOTENCY_COLUMNS(QUESTION, idempotency),
};

static void reset(struct lane_question *question)
{
	of(question)->outcome = (struct slice){ NULL, 0 };
	of(question)->document = (struct slice){ NULL, 0 };
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct limit_table_question *table = of(question);
	table->outcome = row_text(row, COLUMN_OUTCOME);
	table->replayed = row_bool(row, COLUMN_REPLAYED);
	table->document = row_text(row, COLUMN_DOCUMENT);
	table->version = row_integer(row, COLUMN_VERSION);
	table->expected = row_day(row, COLUMN_EXPECTED);
	return OUTCOME_OK;
}

const struct question_kind limit_tables_listed = {
	.statement = STATEMENT_LIST_LIMIT_TABLES,
	.columns = columns,
	.column_count = COLUMNS_TO_LIST,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind limit_tables_by_month = {
	.statement = STATEMENT_FIND_LIMIT_TABLES,
	.columns = columns,
	.column_count = COLUMNS_TO_FIND,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind limit_tables_added = {
	.statement = STATEMENT_ADD_LIMIT_TABLES,
	.columns = columns_to_add,
	.column_count = sizeof columns_to_add / sizeof *columns_to_add,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
	.own_sync = true,
};

const struct question_kind limit_tables_replaced = {
	.statement = STATEMENT_REPLACE_LIMIT_TABLES,
	.columns = columns,
	.column_count = COLUMNS_TO_REPLACE,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
	.own_sync = true,
};

const struct question_kind limit_tables_withdrawn = {
	.statement = STATEMENT_WITHDRAW_LIMIT_TABLES,
	.columns = columns,
	.column_count = COLUMNS_TO_WITHDRAW,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
	.own_sync = true,
};
