#include "store/members.h"

enum { COLUMN_OUTCOME = 1, COLUMN_REPLAYED, COLUMN_VERSION, COLUMN_ANSWER, COLUMN_PLACE };
enum { COLUMN_HISTORY = 1 };

static struct member_question *of(struct lane_question *question)
{
	return (struct member_question *)question;
}

#define QUESTION struct member_question
static const struct parameter_column columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_TEXT(QUESTION, member_id),
	COLUMN_INSTANT(QUESTION, now),
	COLUMN_NUMBER(QUESTION, token_id),
	IDEMPOTENCY_COLUMNS(QUESTION, idempotency),
	COLUMN_TEXT(QUESTION, document),
	COLUMN_TEXT(QUESTION, sealed_number),
	COLUMN_TEXT(QUESTION, last4),
	COLUMN_FLAG(QUESTION, must_be_new),
	COLUMN_FLAG(QUESTION, wanted.must_exist),
	COLUMN_INSTANT_IF(QUESTION, wanted.is_known, wanted.version),
};
enum { COLUMNS_TO_TELL = 2, COLUMNS_TO_READ = 7, COLUMNS_TO_PUT = sizeof columns / sizeof *columns };

static void reset(struct lane_question *question)
{
	of(question)->outcome = (struct slice){ NULL, 0 };
	of(question)->answer = (struct slice){ NULL, 0 };
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct member_question *member = of(question);
	member->outcome = row_text(row, COLUMN_OUTCOME);
	member->replayed = row_bool(row, COLUMN_REPLAYED);
	member->version = row_instant(row, COLUMN_VERSION);
	member->answer = row_text(row, COLUMN_ANSWER);
	member->place = row_integer(row, COLUMN_PLACE);
	return OUTCOME_OK;
}

static enum outcome take_history(struct lane_question *question, const struct row *row)
{
	of(question)->answer = row_text(row, COLUMN_HISTORY);
	return OUTCOME_OK;
}

const struct question_kind members_put = {
	.statement = STATEMENT_PUT_MEMBERS,
	.columns = columns,
	.column_count = COLUMNS_TO_PUT,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
	.own_sync = true,
};

const struct question_kind members_read = {
	.statement = STATEMENT_READ_MEMBERS,
	.columns = columns,
	.column_count = COLUMNS_TO_READ,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind member_histories = {
	.statement = STATEMENT_TELL_MEMBER_HISTORIES,
	.columns = columns,
	.column_count = COLUMNS_TO_TELL,
	.reset = reset,
	.take_row = take_history,
	.retry_alone = true,
};
