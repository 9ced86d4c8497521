#include "store/card_learning.h"

#define QUESTION struct card_learning_question
static const struct parameter_column columns[] = {
	COLUMN_TEXT(QUESTION, person_code),
	COLUMN_TEXT(QUESTION, medium),
	COLUMN_DIGEST(QUESTION, certificate_digest),
	COLUMN_TEXT(QUESTION, issuer_key_identifier),
	COLUMN_TEXT(QUESTION, serial),
	COLUMN_INSTANT(QUESTION, not_before),
	COLUMN_INSTANT(QUESTION, not_after),
	COLUMN_TEXT(QUESTION, public_key),
	COLUMN_INSTANT(QUESTION, now),
};

static void reset(struct lane_question *question)
{
	((struct card_learning_question *)question)->learned = CARD_LEARNED_OTHERWISE;
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct slice said = row_text(row, 1);
	((struct card_learning_question *)question)->learned =
		slice_is(said, "registered") || slice_is(said, "known") ? CARD_LEARNED
		: slice_is(said, "no_person")                           ? CARD_LEARNED_OF_NOBODY
									: CARD_LEARNED_OTHERWISE;
	return OUTCOME_OK;
}

const struct question_kind cards_learned = {
	.statement = STATEMENT_LEARN_CARDS,
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
	/* It holds persons. */
	.own_sync = true,
};
