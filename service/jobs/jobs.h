/* Work that takes longer than a request, in threads beside the loops. A job is a row: whoever claims it keeps it by a lease, which
 * another thread renews; when the process dies, another process takes the job over once the lease has run out. Chores are standing
 * work without a row of its own. */
#ifndef SHIKAKU_JOBS_JOBS_H
#define SHIKAKU_JOBS_JOBS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/outcome.h"
#include "store/jobs.h"
#include "store/plain.h"

#define JOB_FAILURE_SIZE 65

struct jobs;

/* One claimed row, in the thread that works on it. */
struct job {
	struct jobs *jobs;
	const struct config *config;
	uint8_t runner[UUID_BYTES]; /* this process */
	struct job_row row;
	struct plain *database; /* its statements end with OUTCOME_LATE when the job is to stop */
	_Atomic int percent; /* the job says how far it is */
	char failure[JOB_FAILURE_SIZE]; /* a code, with OUTCOME_REFUSED */
};

struct job_kind {
	const char *name;
	/* OUTCOME_OK: it succeeded. OUTCOME_REFUSED: it failed by `failure`, and would again. OUTCOME_LATE: it was told to stop.
	 * Everything else is tried again later. What it does it does whole or not at all. */
	enum outcome (*run)(struct job *job);
};

/* Each has a thread of its own in every process: what several processes must not do twice it claims row by row. */
struct chore {
	const char *name;
	int64_t every; /* microseconds from the end of one run to the next */
	/* Looks at jobs_stopping() often. A failure is logged, and it runs again when it is due. */
	enum outcome (*run)(struct jobs *jobs);
};

/* The lists of both, in kinds.c; each ends with a name of NULL. */
extern const struct job_kind job_kinds[];
extern const struct chore job_chores[];

/* Starts the threads: config->job_workers that work, one that keeps, one a chore. None when there are no workers. `config` outlives
 * the jobs. */
enum outcome MUST_CHECK jobs_start(struct jobs **started, const struct config *config);
/* Database connections that they open. */
int jobs_connections(const struct config *config);
const struct config *jobs_config(const struct jobs *jobs);
/* Claims nothing more; what is under way goes on. */
void jobs_begin_stop(struct jobs *jobs);
/* Waits so long, or until the process is told to stop. */
void jobs_rest(struct jobs *jobs, int64_t microseconds);
/* True from then on. */
bool jobs_stopping(const struct jobs *jobs);
/* Is anything under way? */
bool jobs_busy(struct jobs *jobs);
/* What is under way is given back to be taken over at once. False: a thread still waits for the database, and the process can only
 * end (_exit). */
bool jobs_stop(struct jobs *jobs);

#endif
