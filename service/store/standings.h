/* What is known of the members that typed keys name: the read model's rows, as they are (R4.2). */
#ifndef SHIKAKU_STORE_STANDINGS_H
#define SHIKAKU_STORE_STANDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/calendar.h"
#include "base/text.h"
#include "store/lane.h"

struct standing_ratio {
	int percent;
	struct day_range valid;
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
	struct slice link_state;
	bool registered;
	int cards_state;
	int certificate_state;
	struct optional_day certificate_valid_until;
	bool non_disclosure;
	bool self_information_stopped;
	int64_t data_version;
};

/* Another membership of a matched person: only what its cover depends on. */
struct standing_sibling {
	int64_t person_id;
	int64_t membership_id;
	struct slice insurer_number;
	bool dependent;
	struct day acquired_on;
	struct optional_day lost_on;
	struct optional_day insured_birth_date;
	struct optional_day insured_lost_on;
	struct day birth_date;
};

/* A question by typed keys. The caller fills the keys and `question.answered`, then asks; the answer is in the rest. */
struct standings_question {
	struct lane_question question; /* first: the lane hands this back */
	struct arena *arena; /* rows are kept here */
	struct slice insurer_number;
	struct slice number_key;
	struct day birth_date;
	struct slice symbol_key; /* no value: any */
	struct slice branch_number; /* no value: any */
	int64_t known_at; /* only for as_known: microseconds since 1970 */

	struct standing *standings;
	size_t standing_count;
	size_t standing_room;
	struct standing_sibling *siblings; /* each once, though two matches may have it */
	size_t sibling_count;
	size_t sibling_room;
};

extern const struct question_kind standings_by_keys;
extern const struct question_kind standings_as_known;

#endif
