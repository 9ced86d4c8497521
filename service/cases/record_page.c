#include "cases/record_page.h"

#include <stddef.h>

static void answered(struct lane_question *question, enum outcome outcome)
{
	struct page_question *answer = (struct page_question *)question;
	struct record_page *page =
		(struct record_page *)((char *)answer - offsetof(struct record_page, question));
	page->finished(page, outcome);
}

static void list(struct record_page *page, const struct question_kind *kind)
{
	page->question.question.answered = answered;
	enum outcome outcome = store_list_page(page->cases->store, kind, &page->question);
	if (outcome != OUTCOME_OK)
		page->finished(page, outcome);
}

void workplaces_list(struct record_page *page)
{
	list(page, &workplaces_listed);
}

void link_mismatches_list(struct record_page *page)
{
	list(page, &link_mismatches_listed);
}
