/* One row of the read model, as it is: a membership with all that an answer needs. */
#ifndef SHIKAKU_STORE_STANDING_H
#define SHIKAKU_STORE_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/calendar.h"
#include "base/text.h"
#include "store/row.h"

struct standing_ratio {
	int percent;
	struct day_range valid;
};

/* 限度額適用区分, as the insurer registered it. */
struct standing_limit {
	struct slice category; /* A01 to B10 */
	struct slice certificate; /* 01, 02, 03 or no value */
	struct day_range valid;
	struct optional_day long_stay_from; /* 長期入院該当年月日 */
};

/* 特定疾病 */
struct standing_disease {
	char category; /* '1', '2' or '3' */
	bool has_self_pay;
	int64_t self_pay; /* yen a month */
	struct day_range valid;
};

/* A card that is known of the person. */
struct standing_card {
	struct slice issuer_key_identifier;
	struct slice serial;
	int state; /* 1 active, 2 suspended, 3 revoked, as far as the database knows */
};

/* One row; texts point into the result of the statement (see lane.h). */
struct standing {
	int64_t membership_id;
	int64_t person_id;
	struct slice insurer_number;
	struct slice insurer_name;
	struct slice symbol;
	struct slice number;
	struct slice branch_number;
	struct slice relationship;
	struct slice insured_name;
	struct slice name;
	struct slice name_kana;
	struct slice name_other;
	struct slice sex;
	struct slice sex_on_face;
	struct day birth_date;
	struct slice address;
	struct day acquired_on;
	struct optional_day lost_on;
	struct slice loss_reason;
	struct optional_day insured_birth_date;
	struct optional_day insured_lost_on;
	struct standing_ratio *ratios;
	size_t ratio_count;
	struct standing_limit *limits;
	size_t limit_count;
	struct standing_disease *diseases;
	size_t disease_count;
	struct slice link_state;
	bool registered;
	int cards_state; /* 0 none known, 1 some usable, 2 none but some only suspended, 3 all revoked: as far as the database knows */
	struct standing_card *cards; /* only where they were asked for and cards_state is 1 */
	size_t card_count;
	int certificate_state;
	struct optional_day certificate_valid_until;
	bool non_disclosure;
	bool self_information_stopped;
	int64_t data_version;
};

/* Rows that grow in an arena; zero but for `arena` at first. */
struct standing_list {
	struct arena *arena;
	struct standing *at;
	size_t count;
	size_t room;
};

/* The columns that every statement over standings begins with, column 0 being the ordinal. */
#define STANDING_COLUMN_MEMBERSHIP_ID 1
#define STANDING_COLUMNS 42

/* Reads a row into the list, unless its membership is there already (a match comes once for each sibling). `taken` is its
 * element, valid until the next row is taken. */
enum outcome MUST_CHECK standing_list_take(
	struct standing_list *list, const struct row *row, struct standing **taken);

/* Room for one more element of any list like that: the list doubles, and the old one stays in the arena, whose maximum bounds it.
 * NULL when memory is short. */
void *arena_grown(struct arena *arena, void *list, size_t count, size_t *room, size_t size) MUST_CHECK;

#endif
