/* What an insurer may know of its jobs and imports, and that it may cancel one. */
#ifndef SHIKAKU_CASES_JOB_RECORD_H
#define SHIKAKU_CASES_JOB_RECORD_H

#include "base/clock.h"
#include "cases/cases.h"
#include "cases/principal.h"
#include "store/store.h"

/* What came of it. */
enum job_record_said {
	JOB_RECORD_FOUND,
	JOB_RECORD_CANCELLED, /* at once */
	JOB_RECORD_CANCELLING, /* a process has it, and will stop */
	JOB_RECORD_ENDED, /* there was nothing left to cancel */
	JOB_RECORD_NONE, /* this insurer has no such job */
};

struct job_record {
	/* The caller's: also the question's `insurer_number` and `job_id`. */
	struct cases *cases;
	struct clock_reading now;
	struct principal principal;
	struct job_record_question question;
	/* It is over. With OUTCOME_OK what is `said` is so, and the question's `document` is the job's or the import's where there is
	 * one, valid during the call. */
	void (*finished)(struct job_record *record, enum outcome outcome);
	void *owner;
	/* The case's. */
	enum job_record_said said;
};

/* Each calls `finished` later, or at once with an outcome other than OK. Who cancelled what stands in the security log. */
void job_find(struct job_record *record);
void job_cancel(struct job_record *record);
void import_find(struct job_record *record);

/* A page of one import's errors, or of whom a full file does not name. */
struct import_page {
	struct cases *cases;
	struct import_page_question question;
	/* With OUTCOME_OK the page's `items` (no value: this insurer has no such import) and `last_id` are valid during the call. */
	void (*finished)(struct import_page *page, enum outcome outcome);
	void *owner;
};

void import_errors_list(struct import_page *page);
void import_missing_list(struct import_page *page);

#endif
