#include "store/watch.h"

#include "store/schema.h"

#define COLUMN_CHALLENGE_KEY 4

static void bind_nothing(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	(void)parameters;
	(void)context;
	for (size_t i = 0; i < count; i++) {
		struct watch_question *watch = (struct watch_question *)questions[i];
		watch->trouble = TROUBLE_NO_SCHEMA;
		watch->challenge_key = (struct slice){ NULL, 0 };
	}
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
	.bind = bind_nothing,
	.take_row = take_row,
};
