#include "store/pages.h"

enum { COLUMN_ITEMS = 1, COLUMN_LAST_ID };

#define QUESTION struct page_question
static const struct parameter_column columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_TEXT(QUESTION, after),
	COLUMN_NUMBER(QUESTION, count),
};

enum outcome page_take_row(struct lane_question *question, const struct row *row)
{
	struct page_question *page = (struct page_question *)question;
	page->items = row_text(row, COLUMN_ITEMS);
	page->last_id = row_text(row, COLUMN_LAST_ID);
	return OUTCOME_OK;
}

const struct question_kind workplaces_listed = {
	.statement = STATEMENT_LIST_WORKPLACES,
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.take_row = page_take_row,
	.retry_alone = true,
};

const struct question_kind link_mismatches_listed = {
	.statement = STATEMENT_LIST_LINK_MISMATCHES,
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.take_row = page_take_row,
	.retry_alone = true,
};
