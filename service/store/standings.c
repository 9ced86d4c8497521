#include "store/standings.h"

enum column {
	COLUMN_SIBLING_MEMBERSHIP_ID = STANDING_COLUMNS,
	COLUMN_SIBLING_INSURER_NUMBER,
	COLUMN_SIBLING_ACQUIRED_ON,
	COLUMN_SIBLING_LOST_ON,
	COLUMN_SIBLING_INSURED_BIRTH_DATE,
	COLUMN_SIBLING_INSURED_LOST_ON,
	COLUMN_SIBLING_RELATIONSHIP,
	COLUMN_CARD_ISSUERS,
	COLUMN_CARD_SERIALS,
	COLUMN_CARD_STATES,
};

static struct standings_question *of(struct lane_question *question)
{
	return (struct standings_question *)question;
}

#define QUESTION struct standings_question
static const struct parameter_column columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_TEXT(QUESTION, number_key),
	COLUMN_DAY(QUESTION, birth_date),
	COLUMN_TEXT(QUESTION, symbol_key),
	COLUMN_TEXT(QUESTION, branch_number),
	COLUMN_FLAG(QUESTION, with_card),
	COLUMN_INSTANT(QUESTION, known_at),
};
#define COLUMNS (sizeof columns / sizeof *columns)

static void reset(struct lane_question *question)
{
	of(question)->standings.count = 0;
	of(question)->sibling_count = 0;
}

static void read_sibling(
	struct standing_sibling *sibling, const struct standing *match, const struct row *row)
{
	*sibling = (struct standing_sibling){
		.person_id = match->person_id,
		.membership_id = row_integer(row, COLUMN_SIBLING_MEMBERSHIP_ID),
		.insurer_number = row_text(row, COLUMN_SIBLING_INSURER_NUMBER),
		.dependent = slice_is(row_text(row, COLUMN_SIBLING_RELATIONSHIP), "dependent"),
		.acquired_on = row_day(row, COLUMN_SIBLING_ACQUIRED_ON).day,
		.lost_on = row_day(row, COLUMN_SIBLING_LOST_ON),
		.insured_birth_date = row_day(row, COLUMN_SIBLING_INSURED_BIRTH_DATE),
		.insured_lost_on = row_day(row, COLUMN_SIBLING_INSURED_LOST_ON),
		.birth_date = match->birth_date,
	};
}

/* A sibling comes once for each match of its person. */
static bool is_known_sibling(const struct standings_question *question, int64_t membership_id)
{
	for (size_t i = 0; i < question->sibling_count; i++) {
		if (question->siblings[i].membership_id == membership_id)
			return true;
	}
	return false;
}

static enum outcome add_sibling(
	struct standings_question *question, const struct standing *match, const struct row *row)
{
	struct standing_sibling *siblings = arena_grown(question->standings.arena, question->siblings,
		question->sibling_count, &question->sibling_room, sizeof *siblings);
	if (siblings == NULL)
		return OUTCOME_NO_MEMORY;
	question->siblings = siblings;
	read_sibling(&siblings[question->sibling_count++], match, row);
	return OUTCOME_OK;
}

static enum outcome read_cards(struct arena *arena, struct standing *standing, const struct row *row)
{
	size_t count = row_array_length(row, COLUMN_CARD_STATES);
	if (count == 0 || standing->cards != NULL)
		return OUTCOME_OK;
	if (count > SIZE_MAX / sizeof *standing->cards)
		return OUTCOME_NO_MEMORY;
	standing->cards = arena_take_raw(arena, count * sizeof *standing->cards);
	if (standing->cards == NULL)
		return OUTCOME_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		standing->cards[i] = (struct standing_card){
			.issuer_key_identifier = row_array_element(row, COLUMN_CARD_ISSUERS, i),
			.serial = row_array_element(row, COLUMN_CARD_SERIALS, i),
			.state = (int)slice_integer(row_array_element(row, COLUMN_CARD_STATES, i)),
		};
	}
	standing->card_count = count;
	return OUTCOME_OK;
}

static enum outcome take_row(struct lane_question *lane_question, const struct row *row)
{
	struct standings_question *question = of(lane_question);
	struct standing *match = NULL;
	enum outcome outcome = standing_list_take(&question->standings, row, &match);
	if (outcome == OUTCOME_OK)
		outcome = read_cards(question->standings.arena, match, row);
	if (outcome == OUTCOME_OK && row_has(row, COLUMN_SIBLING_MEMBERSHIP_ID) &&
		!is_known_sibling(question, row_integer(row, COLUMN_SIBLING_MEMBERSHIP_ID)))
		outcome = add_sibling(question, match, row);
	return outcome;
}

const struct question_kind standings_by_keys = {
	.statement = STATEMENT_FIND_STANDINGS_BY_KEYS,
	.columns = columns,
	.column_count = COLUMNS - 1, /* not known_at */
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind standings_as_known = {
	.statement = STATEMENT_FIND_STANDINGS_AS_KNOWN,
	.columns = columns,
	.column_count = COLUMNS,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};
