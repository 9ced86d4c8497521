#include "store/member_pages.h"

enum { COLUMN_OUTCOME = 1, COLUMN_ITEMS, COLUMN_LAST_ID };

#define QUESTION struct member_page_question
static const struct parameter_column list_columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_TEXT(QUESTION, after),
	COLUMN_NUMBER(QUESTION, count),
	COLUMN_TEXT(QUESTION, state),
	COLUMN_TEXT(QUESTION, link_state),
	COLUMN_TEXT(QUESTION, workplace_id),
	COLUMN_DAY(QUESTION, today),
};

static const struct parameter_column search_columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_TEXT(QUESTION, after),
	COLUMN_NUMBER(QUESTION, count),
	COLUMN_TEXT(QUESTION, symbol_key),
	COLUMN_TEXT(QUESTION, number_key),
	COLUMN_TEXT(QUESTION, branch_number),
	COLUMN_TEXT(QUESTION, name),
	COLUMN_TEXT(QUESTION, kana),
	COLUMN_DAY_IF(QUESTION, birth_date.known, birth_date.day),
};

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct member_page_question *page = (struct member_page_question *)question;
	page->outcome = row_text(row, COLUMN_OUTCOME);
	page->items = row_text(row, COLUMN_ITEMS);
	page->last_id = row_text(row, COLUMN_LAST_ID);
	return OUTCOME_OK;
}

/* Neither shares a sync with writes: a page that takes too long would undo them. */
const struct question_kind members_listed = {
	.statement = STATEMENT_LIST_MEMBERS,
	.columns = list_columns,
	.column_count = sizeof list_columns / sizeof *list_columns,
	.take_row = take_row,
	.retry_alone = true,
	.own_sync = true,
};

const struct question_kind members_searched = {
	.statement = STATEMENT_SEARCH_MEMBERS,
	.columns = search_columns,
	.column_count = sizeof search_columns / sizeof *search_columns,
	.take_row = take_row,
	.retry_alone = true,
	.own_sync = true,
};
