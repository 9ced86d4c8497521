/* One thread that works on jobs, and what the thread that keeps them knows of it. Only for jobs.c and worker.c. */
#ifndef SHIKAKU_JOBS_WORKER_H
#define SHIKAKU_JOBS_WORKER_H

#include <pthread.h>

#include "jobs/jobs.h"

struct worker {
	struct jobs *jobs;
	pthread_t thread;
	bool started;
	_Atomic bool ended;
	struct plain *database;
	struct job job;
	pthread_mutex_t mutex; /* over the two below */
	bool working; /* `job` is one that is under way */
	enum job_hold hold; /* what the last heartbeat said of it */
};

/* The thread's body; `owner` is its struct worker. */
void *worker_run(void *owner);

/* What is under way has to stop, too. */
bool jobs_hurried(const struct jobs *jobs);
const uint8_t *jobs_runner(const struct jobs *jobs);
/* "{import,link_check}" */
const char *jobs_kinds(const struct jobs *jobs);
int64_t jobs_lease(const struct jobs *jobs);

#endif
