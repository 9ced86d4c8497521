#include "store/cards.h"

enum column {
	COLUMN_BURNT = STANDING_COLUMNS,
	COLUMN_CARD_PERSON_ID,
	COLUMN_MEDIUM,
	COLUMN_ISSUER_KEY_IDENTIFIER,
	COLUMN_SERIAL,
	COLUMN_NOT_BEFORE,
	COLUMN_NOT_AFTER,
	COLUMN_PUBLIC_KEY,
	COLUMN_STATE,
	COLUMN_USE_REGISTERED,
	COLUMN_PERSON_STOPPED,
	COLUMN_ADDRESS_WITHHELD,
};

static struct card_question *of(struct lane_question *question)
{
	return (struct card_question *)question;
}

#define QUESTION struct card_question
static const struct parameter_column columns[] = {
	COLUMN_INSTANT(QUESTION, expires_at),
	COLUMN_UUID(QUESTION, nonce),
	COLUMN_UUID(QUESTION, check_id),
	COLUMN_DIGEST(QUESTION, certificate_digest),
	COLUMN_INSTANT(QUESTION, known_at),
};
#define COLUMNS (sizeof columns / sizeof *columns)

static void reset(struct lane_question *question)
{
	of(question)->burnt = false;
	of(question)->known = false;
	of(question)->standings.count = 0;
}

static void read_card(struct card_question *question, const struct row *row)
{
	question->burnt = row_bool(row, COLUMN_BURNT);
	question->known = row_has(row, COLUMN_CARD_PERSON_ID);
	question->card = (struct known_card){
		.person_id = row_integer(row, COLUMN_CARD_PERSON_ID),
		.medium = row_text(row, COLUMN_MEDIUM),
		.issuer_key_identifier = row_text(row, COLUMN_ISSUER_KEY_IDENTIFIER),
		.serial = row_text(row, COLUMN_SERIAL),
		.not_before = row_instant(row, COLUMN_NOT_BEFORE),
		.not_after = row_instant(row, COLUMN_NOT_AFTER),
		.public_key = row_text(row, COLUMN_PUBLIC_KEY),
		.state = row_text(row, COLUMN_STATE),
		.use_registered = row_bool(row, COLUMN_USE_REGISTERED),
		.person_stopped = row_bool(row, COLUMN_PERSON_STOPPED),
		.address_withheld = row_bool(row, COLUMN_ADDRESS_WITHHELD),
	};
}

/* What protects the person stands in any of their memberships (R14). */
static enum outcome take_row(struct lane_question *lane_question, const struct row *row)
{
	struct card_question *question = of(lane_question);
	struct standing *taken = NULL;
	if (question->standings.count == 0)
		read_card(question, row);
	if (!row_has(row, STANDING_COLUMN_MEMBERSHIP_ID))
		return OUTCOME_OK;
	enum outcome outcome = standing_list_take(&question->standings, row, &taken);
	if (outcome == OUTCOME_OK) {
		question->card.person_stopped |= taken->self_information_stopped;
		question->card.address_withheld |= taken->non_disclosure;
	}
	return outcome;
}

const struct question_kind standings_by_card = {
	.statement = STATEMENT_FIND_STANDINGS_BY_CARD,
	.columns = columns,
	.column_count = COLUMNS - 1, /* not known_at */
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind standings_by_card_as_known = {
	.statement = STATEMENT_FIND_STANDINGS_BY_CARD_AS_KNOWN,
	.columns = columns,
	.column_count = COLUMNS,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
	/* A used challenge is a lock until its transaction ends: nothing slow may stand behind it. */
	.own_sync = true,
};
