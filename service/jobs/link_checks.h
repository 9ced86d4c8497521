/* The link check as standing work (R8.1): numbers that insurers registered are asked about until none is due. */
#ifndef SHIKAKU_JOBS_LINK_CHECKS_H
#define SHIKAKU_JOBS_LINK_CHECKS_H

#include "jobs/jobs.h"

/* Until the process stops, or the database or the configuration stand in the way. Nothing where no register is configured, or no key:
 * then no number is accepted either. */
enum outcome link_checks_run(struct jobs *jobs);

#endif
