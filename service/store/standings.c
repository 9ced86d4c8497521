#include "store/standings.h"

#include <string.h>

enum column {
	COLUMN_ORDINAL,
	COLUMN_MEMBERSHIP_ID,
	COLUMN_PERSON_ID,
	COLUMN_INSURER_NUMBER,
	COLUMN_INSURER_NAME,
	COLUMN_SYMBOL,
	COLUMN_NUMBER,
	COLUMN_BRANCH_NUMBER,
	COLUMN_RELATIONSHIP,
	COLUMN_INSURED_NAME,
	COLUMN_NAME,
	COLUMN_NAME_KANA,
	COLUMN_NAME_OTHER,
	COLUMN_SEX,
	COLUMN_SEX_ON_FACE,
	COLUMN_BIRTH_DATE,
	COLUMN_ADDRESS,
	COLUMN_ACQUIRED_ON,
	COLUMN_LOST_ON,
	COLUMN_LOSS_REASON,
	COLUMN_INSURED_BIRTH_DATE,
	COLUMN_INSURED_LOST_ON,
	COLUMN_RATIO_PERCENTS,
	COLUMN_RATIO_FROM,
	COLUMN_RATIO_UNTIL,
	COLUMN_LINK_STATE,
	COLUMN_REGISTERED,
	COLUMN_CARDS_STATE,
	COLUMN_CERTIFICATE_STATE,
	COLUMN_CERTIFICATE_VALID_UNTIL,
	COLUMN_NON_DISCLOSURE,
	COLUMN_SELF_INFORMATION_STOPPED,
	COLUMN_DATA_VERSION,
	COLUMN_SIBLING_MEMBERSHIP_ID,
	COLUMN_SIBLING_INSURER_NUMBER,
	COLUMN_SIBLING_ACQUIRED_ON,
	COLUMN_SIBLING_LOST_ON,
	COLUMN_SIBLING_INSURED_BIRTH_DATE,
	COLUMN_SIBLING_INSURED_LOST_ON,
	COLUMN_SIBLING_RELATIONSHIP,
};

static struct standings_question *of(struct lane_question *question)
{
	return (struct standings_question *)question;
}

static void bind_keys(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	(void)context;
	parameters_array(parameters, PARAMETER_TEXT, count);
	for (size_t i = 0; i < count; i++)
		parameters_text(parameters, of(questions[i])->insurer_number);
	parameters_array(parameters, PARAMETER_TEXT, count);
	for (size_t i = 0; i < count; i++)
		parameters_text(parameters, of(questions[i])->number_key);
	parameters_array(parameters, PARAMETER_DATE, count);
	for (size_t i = 0; i < count; i++)
		parameters_day(parameters, of(questions[i])->birth_date);
	parameters_array(parameters, PARAMETER_TEXT, count);
	for (size_t i = 0; i < count; i++)
		parameters_text(parameters, of(questions[i])->symbol_key);
	parameters_array(parameters, PARAMETER_TEXT, count);
	for (size_t i = 0; i < count; i++)
		parameters_text(parameters, of(questions[i])->branch_number);
	/* Asked again after a failure, a question starts with no rows. */
	for (size_t i = 0; i < count; i++) {
		of(questions[i])->standing_count = 0;
		of(questions[i])->sibling_count = 0;
	}
}

static void bind_keys_and_time(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	bind_keys(parameters, questions, count, context);
	parameters_array(parameters, PARAMETER_INSTANT, count);
	for (size_t i = 0; i < count; i++)
		parameters_instant(parameters, of(questions[i])->known_at);
}

static enum outcome read_ratios(struct arena *arena, struct standing *standing, const struct row *row)
{
	size_t count = row_array_length(row, COLUMN_RATIO_PERCENTS);
	if (count == 0)
		return OUTCOME_OK;
	if (count > SIZE_MAX / sizeof *standing->ratios)
		return OUTCOME_NO_MEMORY;
	standing->ratios = arena_take_raw(arena, count * sizeof *standing->ratios);
	if (standing->ratios == NULL)
		return OUTCOME_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		standing->ratios[i] = (struct standing_ratio){
			.percent = (int)slice_integer(row_array_element(row, COLUMN_RATIO_PERCENTS, i)),
			.valid = { slice_day(row_array_element(row, COLUMN_RATIO_FROM, i)),
				slice_day(row_array_element(row, COLUMN_RATIO_UNTIL, i)) },
		};
	}
	standing->ratio_count = count;
	return OUTCOME_OK;
}

static void read_standing(struct standing *standing, const struct row *row)
{
	standing->membership_id = row_integer(row, COLUMN_MEMBERSHIP_ID);
	standing->person_id = row_integer(row, COLUMN_PERSON_ID);
	standing->insurer_number = row_text(row, COLUMN_INSURER_NUMBER);
	standing->insurer_name = row_text(row, COLUMN_INSURER_NAME);
	standing->symbol = row_text(row, COLUMN_SYMBOL);
	standing->number = row_text(row, COLUMN_NUMBER);
	standing->branch_number = row_text(row, COLUMN_BRANCH_NUMBER);
	standing->relationship = row_text(row, COLUMN_RELATIONSHIP);
	standing->insured_name = row_text(row, COLUMN_INSURED_NAME);
	standing->name = row_text(row, COLUMN_NAME);
	standing->name_kana = row_text(row, COLUMN_NAME_KANA);
	standing->name_other = row_text(row, COLUMN_NAME_OTHER);
	standing->sex = row_text(row, COLUMN_SEX);
	standing->sex_on_face = row_text(row, COLUMN_SEX_ON_FACE);
	standing->birth_date = row_day(row, COLUMN_BIRTH_DATE).day;
	standing->address = row_text(row, COLUMN_ADDRESS);
	standing->acquired_on = row_day(row, COLUMN_ACQUIRED_ON).day;
	standing->lost_on = row_day(row, COLUMN_LOST_ON);
	standing->loss_reason = row_text(row, COLUMN_LOSS_REASON);
	standing->insured_birth_date = row_day(row, COLUMN_INSURED_BIRTH_DATE);
	standing->insured_lost_on = row_day(row, COLUMN_INSURED_LOST_ON);
	standing->link_state = row_text(row, COLUMN_LINK_STATE);
	standing->registered = row_bool(row, COLUMN_REGISTERED);
	standing->cards_state = (int)row_integer(row, COLUMN_CARDS_STATE);
	standing->certificate_state = (int)row_integer(row, COLUMN_CERTIFICATE_STATE);
	standing->certificate_valid_until = row_day(row, COLUMN_CERTIFICATE_VALID_UNTIL);
	standing->non_disclosure = row_bool(row, COLUMN_NON_DISCLOSURE);
	standing->self_information_stopped = row_bool(row, COLUMN_SELF_INFORMATION_STOPPED);
	standing->data_version = row_integer(row, COLUMN_DATA_VERSION);
}

static void read_sibling(struct standing_sibling *sibling, const struct row *row)
{
	*sibling = (struct standing_sibling){
		.person_id = row_integer(row, COLUMN_PERSON_ID),
		.membership_id = row_integer(row, COLUMN_SIBLING_MEMBERSHIP_ID),
		.insurer_number = row_text(row, COLUMN_SIBLING_INSURER_NUMBER),
		.dependent = slice_is(row_text(row, COLUMN_SIBLING_RELATIONSHIP), "dependent"),
		.acquired_on = row_day(row, COLUMN_SIBLING_ACQUIRED_ON).day,
		.lost_on = row_day(row, COLUMN_SIBLING_LOST_ON),
		.insured_birth_date = row_day(row, COLUMN_SIBLING_INSURED_BIRTH_DATE),
		.insured_lost_on = row_day(row, COLUMN_SIBLING_INSURED_LOST_ON),
		.birth_date = row_day(row, COLUMN_BIRTH_DATE).day,
	};
}

/* Room for one more element: the list doubles, and the old one stays in the arena, whose maximum bounds it. */
static void *grown(struct arena *arena, void *list, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return list;
	size_t larger = *room == 0 ? 2 : *room * 2;
	void *copy = arena_take(arena, larger * size);
	if (copy == NULL)
		return NULL;
	if (count > 0)
		memcpy(copy, list, count * size);
	*room = larger;
	return copy;
}

/* A match comes once for each sibling. */
static bool is_known(const struct standings_question *question, int64_t membership_id)
{
	for (size_t i = 0; i < question->standing_count; i++) {
		if (question->standings[i].membership_id == membership_id)
			return true;
	}
	return false;
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

static enum outcome add_standing(struct standings_question *question, const struct row *row)
{
	struct standing *standings = grown(question->arena, question->standings, question->standing_count,
		&question->standing_room, sizeof *standings);
	if (standings == NULL)
		return OUTCOME_NO_MEMORY;
	question->standings = standings;
	struct standing *standing = &standings[question->standing_count++];
	read_standing(standing, row);
	return read_ratios(question->arena, standing, row);
}

static enum outcome add_sibling(struct standings_question *question, const struct row *row)
{
	struct standing_sibling *siblings = grown(question->arena, question->siblings,
		question->sibling_count, &question->sibling_room, sizeof *siblings);
	if (siblings == NULL)
		return OUTCOME_NO_MEMORY;
	question->siblings = siblings;
	read_sibling(&siblings[question->sibling_count++], row);
	return OUTCOME_OK;
}

static enum outcome take_row(struct lane_question *lane_question, const struct row *row)
{
	struct standings_question *question = of(lane_question);
	enum outcome outcome = OUTCOME_OK;
	if (!is_known(question, row_integer(row, COLUMN_MEMBERSHIP_ID)))
		outcome = add_standing(question, row);
	if (outcome == OUTCOME_OK && row_has(row, COLUMN_SIBLING_MEMBERSHIP_ID) &&
		!is_known_sibling(question, row_integer(row, COLUMN_SIBLING_MEMBERSHIP_ID)))
		outcome = add_sibling(question, row);
	return outcome;
}

const struct question_kind standings_by_keys = {
	.statement = STATEMENT_FIND_STANDINGS_BY_KEYS,
	.bind = bind_keys,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind standings_as_known = {
	.statement = STATEMENT_FIND_STANDINGS_AS_KNOWN,
	.bind = bind_keys_and_time,
	.take_row = take_row,
	.retry_alone = true,
};
