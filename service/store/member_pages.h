/* An insurer's members, page by page (member_search). */
#ifndef SHIKAKU_STORE_MEMBER_PAGES_H
#define SHIKAKU_STORE_MEMBER_PAGES_H

#include "base/calendar.h"
#include "base/text.h"
#include "store/lane.h"

/* A question of one of the two kinds. The caller fills what the kind needs and `question.answered`, then asks. */
struct member_page_question {
	struct lane_question question; /* first */
	struct slice insurer_number; /* 8 digits; it sees nobody else's members */
	struct slice after; /* the last id of the page before; no value: from the beginning */
	int64_t count; /* how many at most */
	/* To list, no value: any */
	struct slice state;
	struct slice link_state;
	struct slice workplace_id;
	struct day today;
	/* To search, no value: any */
	struct slice symbol_key;
	struct slice number_key;
	struct slice branch_number;
	struct slice name;
	struct slice kana;
	struct optional_day birth_date;

	struct slice outcome;
	struct slice items; /* a JSON array of documents; no value where nothing was found out */
	struct slice last_id; /* where it goes on; no value: nowhere */
};

extern const struct question_kind members_listed;
extern const struct question_kind members_searched;

#endif
