/* What this service works on. */
#include "jobs/import.h"
#include "jobs/jobs.h"

const struct job_kind job_kinds[] = {
	{ .name = "import", .run = job_import },
	{ .name = NULL },
};

const struct chore job_chores[] = {
	{ .name = NULL },
};
