#include "jobs/import.h"

#include <stdio.h>
#include <string.h>

#include "cases/import_merge.h"

enum outcome job_import(struct job *job)
{
	struct import_merge merge = { .database = job->database, .rest = job->config->import_rest };
	memcpy(merge.import_id, job->row.job_id, UUID_BYTES);
	memcpy(merge.runner, job->runner, UUID_BYTES);
	enum outcome outcome = import_merge_run(&merge);
	if (outcome == OUTCOME_REFUSED)
		(void)snprintf(job->failure, sizeof job->failure, "%s", merge.failure);
	return outcome;
}
