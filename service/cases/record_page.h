/* A page of one of an insurer's lists. */
#ifndef SHIKAKU_CASES_RECORD_PAGE_H
#define SHIKAKU_CASES_RECORD_PAGE_H

#include "cases/cases.h"
#include "store/pages.h"

/* The caller fills `cases`, what the question asks, `finished` and `owner`, and keeps it until it has finished. */
struct record_page {
	struct cases *cases;
	struct page_question question;
	/* With OUTCOME_OK the question's `items` and `last_id` are valid during the call. */
	void (*finished)(struct record_page *page, enum outcome outcome);
	void *owner;
};

/* Each calls page->finished, later or at once. */
void workplaces_list(struct record_page *page);
/* Of the mismatches of which nobody has decided. */
void link_mismatches_list(struct record_page *page);

#endif
