#include "store/job_records.h"

#define QUESTION struct job_record_question
static const struct parameter_column job_columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_UUID(QUESTION, job_id),
	COLUMN_INSTANT(QUESTION, now),
};
enum { COLUMNS_OF_A_JOB = 2, COLUMNS_WITH_TIME = sizeof job_columns / sizeof *job_columns };
#undef QUESTION

static void reset_job(struct lane_question *question)
{
	struct job_record_question *job = (struct job_record_question *)question;
	job->outcome = (struct slice){ NULL, 0 };
	job->document = (struct slice){ NULL, 0 };
}

static enum outcome take_job(struct lane_question *question, const struct row *row)
{
	enum { COLUMN_OUTCOME = 1, COLUMN_DOCUMENT };
	struct job_record_question *job = (struct job_record_question *)question;
	job->outcome = row_text(row, COLUMN_OUTCOME);
	job->document = row_text(row, COLUMN_DOCUMENT);
	return OUTCOME_OK;
}

const struct question_kind jobs_by_id = {
	.statement = STATEMENT_FIND_JOBS,
	.columns = job_columns,
	.column_count = COLUMNS_OF_A_JOB,
	.reset = reset_job,
	.take_row = take_job,
	.retry_alone = true,
};

const struct question_kind jobs_cancelled = {
	.statement = STATEMENT_CANCEL_JOBS,
	.columns = job_columns,
	.column_count = COLUMNS_WITH_TIME,
	.reset = reset_job,
	.take_row = take_job,
	.retry_alone = true,
};

const struct question_kind imports_by_id = {
	.statement = STATEMENT_FIND_IMPORTS,
	.columns = job_columns,
	.column_count = COLUMNS_WITH_TIME,
	.reset = reset_job,
	.take_row = take_job,
	.retry_alone = true,
};

#define QUESTION struct import_page_question
static const struct parameter_column page_columns[] = {
	COLUMN_TEXT(QUESTION, page.insurer_number),
	COLUMN_TEXT(QUESTION, page.after),
	COLUMN_NUMBER(QUESTION, page.count),
	COLUMN_UUID(QUESTION, import_id),
};
enum { PAGE_COLUMNS = sizeof page_columns / sizeof *page_columns };

static void reset_page(struct lane_question *question)
{
	struct page_question *page = (struct page_question *)question;
	page->items = (struct slice){ NULL, 0 };
	page->last_id = (struct slice){ NULL, 0 };
}

const struct question_kind import_errors_listed = {
	.statement = STATEMENT_PAGE_IMPORT_ERRORS,
	.columns = page_columns,
	.column_count = PAGE_COLUMNS,
	.reset = reset_page,
	.take_row = page_take_row,
	.retry_alone = true,
};

const struct question_kind import_missing_listed = {
	.statement = STATEMENT_PAGE_IMPORT_MISSING,
	.columns = page_columns,
	.column_count = PAGE_COLUMNS,
	.reset = reset_page,
	.take_row = page_take_row,
	.retry_alone = true,
};
