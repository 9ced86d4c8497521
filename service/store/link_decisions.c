#include "store/link_decisions.h"

enum { COLUMN_OUTCOME = 1, COLUMN_REPLAYED, COLUMN_DOCUMENT, COLUMN_VERSION };

static struct link_decision_question *of(struct lane_question *question)
{
	return (struct link_decision_question *)question;
}

#define QUESTION struct link_decision_question
static const struct parameter_column columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_TEXT(QUESTION, member_id),
	COLUMN_INSTANT(QUESTION, now),
	COLUMN_NUMBER(QUESTION, token_id),
	COLUMN_TEXT(QUESTION, wish),
	COLUMN_TEXT(QUESTION, note),
	COLUMN_TEXT(QUESTION, last4),
	IDEMPOTENCY_COLUMNS(QUESTION, idempotency),
};
#undef QUESTION

static void reset(struct lane_question *question)
{
	of(question)->outcome = (struct slice){ NULL, 0 };
	of(question)->document = (struct slice){ NULL, 0 };
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	of(question)->outcome = row_text(row, COLUMN_OUTCOME);
	of(question)->replayed = row_bool(row, COLUMN_REPLAYED);
	of(question)->document = row_text(row, COLUMN_DOCUMENT);
	of(question)->version = row_instant(row, COLUMN_VERSION);
	return OUTCOME_OK;
}

const struct question_kind links_decided = {
	.statement = STATEMENT_DECIDE_LINKS,
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
	/* It holds members and persons. */
	.own_sync = true,
};
