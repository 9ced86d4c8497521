/* What is known of the members that typed keys name: the read model's rows, as they are (R4.2). */
#ifndef SHIKAKU_STORE_STANDINGS_H
#define SHIKAKU_STORE_STANDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "store/lane.h"
#include "store/standing.h"

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
	struct slice insurer_number;
	struct slice number_key;
	struct day birth_date;
	struct slice symbol_key; /* no value: any */
	struct slice branch_number; /* no value: any */
	bool with_card; /* the person's cards are asked for too */
	int64_t known_at; /* only for as_known: microseconds since 1970 */

	struct standing_list standings; /* the caller sets `arena`: all rows are kept there */
	struct standing_sibling *siblings; /* each once, though two matches may have it */
	size_t sibling_count;
	size_t sibling_room;
};

extern const struct question_kind standings_by_keys;
extern const struct question_kind standings_as_known;

#endif
