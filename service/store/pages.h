/* Pages of an insurer's lists, each in the order of the ids. */
#ifndef SHIKAKU_STORE_PAGES_H
#define SHIKAKU_STORE_PAGES_H

#include <stdint.h>

#include "base/text.h"
#include "store/lane.h"

struct page_question {
	struct lane_question question; /* first */
	struct slice insurer_number;
	struct slice after; /* the last id of the page before; no value: from the beginning */
	int64_t count; /* how many at most */

	struct slice items; /* a JSON array */
	struct slice last_id; /* no value: this is the last page */
};

extern const struct question_kind workplaces_listed;
extern const struct question_kind link_mismatches_listed;

/* Of a row whose first columns are the ordinal, the items and the last id; for every list that has a page_question first. */
enum outcome MUST_CHECK page_take_row(struct lane_question *question, const struct row *row);

#endif
