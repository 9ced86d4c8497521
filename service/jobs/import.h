/* The job kind "import": merges a file of members that is in. */
#ifndef SHIKAKU_JOBS_IMPORT_H
#define SHIKAKU_JOBS_IMPORT_H

#include "jobs/jobs.h"

enum outcome MUST_CHECK job_import(struct job *job);

#endif
