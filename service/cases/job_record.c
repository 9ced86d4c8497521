#include "cases/job_record.h"

#include <stddef.h>

#include "base/log.h"

static const char *const said_codes[] = {
	[JOB_RECORD_FOUND] = "found",
	[JOB_RECORD_CANCELLED] = "cancelled",
	[JOB_RECORD_CANCELLING] = "cancelling",
	[JOB_RECORD_ENDED] = "ended",
	[JOB_RECORD_NONE] = "no_such_job",
};

static enum outcome read_said(struct job_record *record)
{
	struct slice outcome = record->question.outcome;
	record->said = JOB_RECORD_NONE;
	if (outcome.at == NULL)
		return OUTCOME_OK;
	for (size_t i = 0; i < sizeof said_codes / sizeof *said_codes; i++) {
		if (!slice_is(outcome, said_codes[i]))
			continue;
		record->said = (enum job_record_said)i;
		return i == JOB_RECORD_NONE || record->question.document.at != NULL ? OUTCOME_OK
										    : OUTCOME_INTERNAL;
	}
	return OUTCOME_INTERNAL;
}

static void answered(struct lane_question *question, enum outcome outcome)
{
	struct job_record_question *answer = (struct job_record_question *)question;
	struct job_record *record =
		(struct job_record *)((char *)answer - offsetof(struct job_record, question));
	if (outcome == OUTCOME_OK)
		outcome = read_said(record);
	if (outcome == OUTCOME_OK &&
		(record->said == JOB_RECORD_CANCELLED || record->said == JOB_RECORD_CANCELLING)) {
		char id[UUID_TEXT_SIZE];
		uuid_format(answer->job_id, id);
		log_security("cancelled job=%s token=%lld", id, (long long)record->principal.token_id);
	}
	record->finished(record, outcome);
}

static struct job_record_question *question_of(struct job_record *record)
{
	record->question.question.answered = answered;
	record->question.now = record->now.wall;
	return &record->question;
}

static void asked(struct job_record *record, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		record->finished(record, outcome);
}

void job_find(struct job_record *record)
{
	asked(record, store_find_job(record->cases->store, question_of(record)));
}

void job_cancel(struct job_record *record)
{
	asked(record, store_cancel_job(record->cases->store, question_of(record)));
}

void import_find(struct job_record *record)
{
	asked(record, store_find_import(record->cases->store, question_of(record)));
}

static void page_answered(struct lane_question *question, enum outcome outcome)
{
	struct import_page_question *answer = (struct import_page_question *)question;
	struct import_page *page =
		(struct import_page *)((char *)answer - offsetof(struct import_page, question));
	page->finished(page, outcome);
}

static void page_asked(struct import_page *page, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		page->finished(page, outcome);
}

void import_errors_list(struct import_page *page)
{
	page->question.page.question.answered = page_answered;
	page_asked(page, store_list_import_errors(page->cases->store, &page->question));
}

void import_missing_list(struct import_page *page)
{
	page->question.page.question.answered = page_answered;
	page_asked(page, store_list_import_missing(page->cases->store, &page->question));
}
