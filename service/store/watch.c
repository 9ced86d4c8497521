#include "store/watch.h"

#include "store/schema.h"

#define COLUMN_CHALLENGE_KEY 4

static void reset(struct lane_question *question)
{
	struct watch_question *watch = (struct watch_question *)question;
	watch->trouble = TROUBLE_NO_SCHEMA;
	watch->challenge_key = (struct slice){ NULL, 0 };
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct watch_question *watch = (struct watch_question *)question;
	watch->trouble = schema_trouble(row);
	watch->challenge_key = row_text(row, COLUMN_CHALLENGE_KEY);
	return OUTCOME_OK;
}

const struct question_kind watch_database = {
	.statement = STATEMENT_WATCH_DATABASE,
	.reset = reset,
	.take_row = take_row,
};
