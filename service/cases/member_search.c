#include "cases/member_search.h"

#include <stddef.h>

const char *const member_states[MEMBER_STATES] = { "active", "upcoming", "ended" };
const char *const member_link_states[MEMBER_LINK_STATES] = { "pending", "linked", "mismatch" };

static void answered(struct lane_question *question, enum outcome outcome)
{
	struct member_page_question *answer = (struct member_page_question *)question;
	struct member_search *search =
		(struct member_search *)((char *)answer - offsetof(struct member_search, question));
	search->too_many = outcome == OUTCOME_OK && slice_is(answer->outcome, "too_many");
	if (outcome == OUTCOME_OK && !search->too_many && answer->items.at == NULL)
		outcome = OUTCOME_INTERNAL;
	search->finished(search, outcome);
}

static void ask(struct member_search *search,
	enum outcome (*question)(struct store *store, struct member_page_question *page))
{
	search->question.question.answered = answered;
	search->question.today = day_in_japan(search->now.wall);
	enum outcome outcome = question(search->cases->store, &search->question);
	if (outcome != OUTCOME_OK)
		search->finished(search, outcome);
}

void members_list(struct member_search *search)
{
	ask(search, store_list_members);
}

void members_search(struct member_search *search)
{
	ask(search, store_search_members);
}
