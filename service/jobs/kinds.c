/* What this service works on. */
#include "base/clock.h"
#include "jobs/jobs.h"
#include "jobs/link_checks.h"

const struct job_kind job_kinds[] = {
	{ .name = NULL },
};

const struct chore job_chores[] = {
	{ .name = "link_check", .every = 5 * MICROSECONDS, .run = link_checks_run },
	{ .name = NULL },
};
