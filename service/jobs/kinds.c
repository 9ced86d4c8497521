/* What this service works on. */
#include "jobs/jobs.h"

const struct job_kind job_kinds[] = {
	{ .name = NULL },
};

const struct chore job_chores[] = {
	{ .name = NULL },
};
