/* Jobs on record, as the process that works on them sees them (jobs, job_functions). Each asks on the caller's connection and waits a
 * few seconds at most. Times in microseconds since 1970. */
#ifndef SHIKAKU_STORE_JOBS_H
#define SHIKAKU_STORE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/uuid.h"
#include "store/plain.h"

#define JOB_KIND_SIZE 33

struct job_row {
	uint8_t job_id[UUID_BYTES];
	char kind[JOB_KIND_SIZE];
	char insurer_number[9]; /* empty: the service's own */
	int attempts; /* this one counted */
};

enum job_hold {
	JOB_KEPT,
	JOB_CANCELLED, /* somebody asked for that */
	JOB_LOST, /* another process may have it: nothing of it may be done any more */
};

/* Takes a job of these kinds ("{import,link_check}") for `runner`. OUTCOME_NOT_FOUND: there is nothing to do. */
enum outcome MUST_CHECK store_claim_job(struct plain *plain, const uint8_t runner[UUID_BYTES],
	const char *kinds, int64_t at, int64_t lease_until, struct job_row *job);
enum outcome MUST_CHECK store_renew_job(struct plain *plain, const uint8_t job_id[UUID_BYTES],
	const uint8_t runner[UUID_BYTES], int64_t lease_until, int percent, enum job_hold *hold);
/* `state` succeeded, failed (then with a failure's code) or cancelled. Nothing when another process has the job. */
enum outcome MUST_CHECK store_end_job(struct plain *plain, const uint8_t job_id[UUID_BYTES],
	const uint8_t runner[UUID_BYTES], int64_t at, const char *state, const char *failure);
/* For another attempt, later; the last one failed by `failure`. NULL: nothing failed, another process takes it at once. */
enum outcome MUST_CHECK store_retry_job(struct plain *plain, const uint8_t job_id[UUID_BYTES],
	const uint8_t runner[UUID_BYTES], int64_t at, const char *failure);

#endif
