/* An insurer's members, found again: by what state they are in, where they work, and what stands on their papers. */
#ifndef SHIKAKU_CASES_MEMBER_SEARCH_H
#define SHIKAKU_CASES_MEMBER_SEARCH_H

#include "base/clock.h"
#include "cases/cases.h"
#include "store/store.h"

/* As the API and the database write them: cover as the desk would be told of it today (R3.1 to R3.3), and the link check (R8.1). */
#define MEMBER_STATES 3
#define MEMBER_LINK_STATES 3
extern const char *const member_states[MEMBER_STATES];
extern const char *const member_link_states[MEMBER_LINK_STATES];

struct member_search {
	/* The caller's. The question without `today`. */
	struct cases *cases;
	struct clock_reading now;
	struct member_page_question question;
	/* It is over. With OUTCOME_OK the question's `items` and `last_id` are valid during the call, unless there are `too_many` to
	 * look through. */
	void (*finished)(struct member_search *search, enum outcome outcome);
	void *owner;
	/* The case's. */
	bool too_many;
};

/* Each calls `finished` later, or at once with an outcome other than OK. */
void members_list(struct member_search *search);
void members_search(struct member_search *search);

#endif
