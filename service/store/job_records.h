/* Jobs and imports as their insurer sees them (job_records). */
#ifndef SHIKAKU_STORE_JOB_RECORDS_H
#define SHIKAKU_STORE_JOB_RECORDS_H

#include <stdint.h>

#include "base/text.h"
#include "base/uuid.h"
#include "store/pages.h"
#include "store/lane.h"

/* A question about one job. The caller fills `insurer_number`, `job_id`, `now` and `question.answered`, then asks. */
struct job_record_question {
	struct lane_question question; /* first */
	struct slice insurer_number; /* 8 digits; it sees nobody else's jobs */
	uint8_t job_id[UUID_BYTES];
	int64_t now; /* microseconds since 1970 */

	struct slice outcome; /* found, or what cancelling said; no value: there is no such job */
	struct slice document; /* JSON; no value: there is no such job */
};

extern const struct question_kind jobs_by_id;
extern const struct question_kind jobs_cancelled;
extern const struct question_kind imports_by_id;

/* A page of a list of one import. `page.items` without a value: there is no such import. */
struct import_page_question {
	struct page_question page; /* first */
	uint8_t import_id[UUID_BYTES];
};

extern const struct question_kind import_errors_listed;
extern const struct question_kind import_missing_listed;

#endif
