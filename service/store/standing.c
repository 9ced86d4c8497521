#include "store/standing.h"

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
	COLUMN_LIMIT_CATEGORIES,
	COLUMN_LIMIT_CERTIFICATES,
	COLUMN_LIMIT_FROM,
	COLUMN_LIMIT_UNTIL,
	COLUMN_LIMIT_LONG_STAY_FROM,
	COLUMN_DISEASE_CATEGORIES,
	COLUMN_DISEASE_SELF_PAYS,
	COLUMN_DISEASE_FROM,
	COLUMN_DISEASE_UNTIL,
	COLUMN_LINK_STATE,
	COLUMN_REGISTERED,
	COLUMN_CARDS_STATE,
	COLUMN_CERTIFICATE_STATE,
	COLUMN_CERTIFICATE_VALID_UNTIL,
	COLUMN_NON_DISCLOSURE,
	COLUMN_SELF_INFORMATION_STOPPED,
	COLUMN_DATA_VERSION,
};

_Static_assert(
	COLUMN_DATA_VERSION + 1 == STANDING_COLUMNS, "what follows these columns is read from there on");
_Static_assert(COLUMN_MEMBERSHIP_ID == STANDING_COLUMN_MEMBERSHIP_ID, "the header says so");

/* Room for as many of an array's elements as the row has; NULL in `room` where it has none. */
static enum outcome take_room(
	struct arena *arena, const struct row *row, int column, size_t size, void **room, size_t *count)
{
	*count = row_array_length(row, column);
	*room = NULL;
	if (*count == 0)
		return OUTCOME_OK;
	if (*count <= SIZE_MAX / size)
		*room = arena_take_raw(arena, *count * size);
	return *room == NULL ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

static struct day_range read_days(const struct row *row, int first, int last, size_t i)
{
	return (struct day_range){ slice_day(row_array_element(row, first, i)),
		slice_day(row_array_element(row, last, i)) };
}

static enum outcome read_ratios(struct arena *arena, struct standing *standing, const struct row *row)
{
	void *room;
	enum outcome outcome = take_room(
		arena, row, COLUMN_RATIO_PERCENTS, sizeof *standing->ratios, &room, &standing->ratio_count);
	if (outcome != OUTCOME_OK)
		return outcome;
	standing->ratios = room;
	for (size_t i = 0; i < standing->ratio_count; i++) {
		standing->ratios[i] = (struct standing_ratio){
			.percent = (int)slice_integer(row_array_element(row, COLUMN_RATIO_PERCENTS, i)),
			.valid = read_days(row, COLUMN_RATIO_FROM, COLUMN_RATIO_UNTIL, i),
		};
	}
	return OUTCOME_OK;
}

static enum outcome read_limits(struct arena *arena, struct standing *standing, const struct row *row)
{
	void *room;
	enum outcome outcome = take_room(
		arena, row, COLUMN_LIMIT_CATEGORIES, sizeof *standing->limits, &room, &standing->limit_count);
	if (outcome != OUTCOME_OK)
		return outcome;
	standing->limits = room;
	for (size_t i = 0; i < standing->limit_count; i++) {
		standing->limits[i] = (struct standing_limit){
			.category = row_array_element(row, COLUMN_LIMIT_CATEGORIES, i),
			.certificate = row_array_element(row, COLUMN_LIMIT_CERTIFICATES, i),
			.valid = read_days(row, COLUMN_LIMIT_FROM, COLUMN_LIMIT_UNTIL, i),
			.long_stay_from = slice_day(row_array_element(row, COLUMN_LIMIT_LONG_STAY_FROM, i)),
		};
	}
	return OUTCOME_OK;
}

static enum outcome read_diseases(struct arena *arena, struct standing *standing, const struct row *row)
{
	void *room;
	enum outcome outcome = take_room(arena, row, COLUMN_DISEASE_CATEGORIES, sizeof *standing->diseases,
		&room, &standing->disease_count);
	if (outcome != OUTCOME_OK)
		return outcome;
	standing->diseases = room;
	for (size_t i = 0; i < standing->disease_count; i++) {
		struct slice category = row_array_element(row, COLUMN_DISEASE_CATEGORIES, i);
		struct slice self_pay = row_array_element(row, COLUMN_DISEASE_SELF_PAYS, i);
		standing->diseases[i] = (struct standing_disease){
			.has_self_pay = self_pay.at != NULL,
			.self_pay = slice_integer(self_pay),
			.valid = read_days(row, COLUMN_DISEASE_FROM, COLUMN_DISEASE_UNTIL, i),
		};
		if (category.length == 1)
			standing->diseases[i].category = *category.at;
	}
	return OUTCOME_OK;
}

static void read_columns(struct standing *standing, const struct row *row)
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

void *arena_grown(struct arena *arena, void *list, size_t count, size_t *room, size_t size)
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

static struct standing *find(const struct standing_list *list, int64_t membership_id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].membership_id == membership_id)
			return &list->at[i];
	}
	return NULL;
}

enum outcome standing_list_take(struct standing_list *list, const struct row *row, struct standing **taken)
{
	*taken = find(list, row_integer(row, COLUMN_MEMBERSHIP_ID));
	if (*taken != NULL)
		return OUTCOME_OK;
	struct standing *grown = arena_grown(list->arena, list->at, list->count, &list->room, sizeof *grown);
	if (grown == NULL)
		return OUTCOME_NO_MEMORY;
	list->at = grown;
	*taken = &list->at[list->count++];
	**taken = (struct standing){ .membership_id = 0 };
	read_columns(*taken, row);
	enum outcome outcome = read_ratios(list->arena, *taken, row);
	if (outcome == OUTCOME_OK)
		outcome = read_limits(list->arena, *taken, row);
	return outcome == OUTCOME_OK ? read_diseases(list->arena, *taken, row) : outcome;
}
