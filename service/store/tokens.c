#include "store/tokens.h"

#include <string.h>

static struct token_question *of(struct lane_question *question)
{
	return (struct token_question *)question;
}

static const struct parameter_column columns[] = { COLUMN_DIGEST(struct token_question, digest) };

static void reset(struct lane_question *question)
{
	of(question)->found = false;
}

static enum outcome copy_text(char *to, size_t size, struct slice from)
{
	if (from.length >= size)
		return OUTCOME_INTERNAL;
	if (from.length > 0)
		memcpy(to, from.at, from.length);
	to[from.length] = '\0';
	return OUTCOME_OK;
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct token_question *token = of(question);
	token->found = true;
	token->token_id = row_integer(row, 1);
	token->rate_per_second = row_integer(row, 4);
	token->burst = row_integer(row, 5);
	token->expires_at = row_instant(row, 6);
	token->revoked = row_has(row, 7);
	enum outcome outcome = copy_text(token->scope, sizeof token->scope, row_text(row, 2));
	return outcome == OUTCOME_OK ? copy_text(token->owner, sizeof token->owner, row_text(row, 3))
				     : outcome;
}

const struct question_kind tokens_by_digest = {
	.statement = STATEMENT_FIND_TOKENS,
	.columns = columns,
	.column_count = 1,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};
