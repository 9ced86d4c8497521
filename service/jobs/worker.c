#include "jobs/worker.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#define REST (MICROSECONDS / 2)
#define REST_LONGEST (10 * MICROSECONDS)

static bool is_interrupted(void *owner)
{
	struct worker *worker = owner;
	pthread_mutex_lock(&worker->mutex);
	bool interrupted = worker->working && (worker->hold != JOB_KEPT || jobs_hurried(worker->jobs));
	pthread_mutex_unlock(&worker->mutex);
	return interrupted;
}

static void note_progress(void *owner, int percent)
{
	struct worker *worker = owner;
	atomic_store(&worker->job.percent, percent);
}

static void set_working(struct worker *worker, bool working)
{
	pthread_mutex_lock(&worker->mutex);
	worker->working = working;
	if (working)
		worker->hold = JOB_KEPT;
	pthread_mutex_unlock(&worker->mutex);
}

static enum job_hold hold_of(struct worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	enum job_hold hold = worker->hold;
	pthread_mutex_unlock(&worker->mutex);
	return hold;
}

static bool connect_worker(struct worker *worker)
{
	const struct plain_settings settings = { .url = jobs_config(worker->jobs)->database_url,
		.name = "job",
		.interrupted = is_interrupted,
		.progress = note_progress,
		.owner = worker };
	if (plain_usable(worker->database))
		return true;
	plain_close(worker->database);
	return plain_open(&worker->database, &settings) == OUTCOME_OK;
}

static const struct job_kind *kind_of(const struct job_row *row)
{
	for (const struct job_kind *kind = job_kinds; kind->name != NULL; kind++) {
		if (strcmp(kind->name, row->kind) == 0)
			return kind;
	}
	return NULL;
}

static const char *failure_of(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_UNAVAILABLE:
		return "database_unavailable";
	case OUTCOME_BUSY:
		return "database_busy";
	default:
		return "internal_error";
	}
}

/* Puts on record what came of it. When that fails, too, the lease runs out and somebody takes the job over. */
static enum outcome put_away(struct worker *worker, enum outcome outcome)
{
	const struct job *job = &worker->job;
	int64_t at = clock_read().wall;
	bool is_cancelled = hold_of(worker) == JOB_CANCELLED;
	if (hold_of(worker) == JOB_LOST)
		return OUTCOME_OK;
	if (!connect_worker(worker))
		return OUTCOME_UNAVAILABLE;
	if (outcome == OUTCOME_OK)
		return store_end_job(worker->database, job->row.job_id, job->runner, at, "succeeded", NULL);
	if (outcome == OUTCOME_REFUSED)
		return store_end_job(
			worker->database, job->row.job_id, job->runner, at, "failed", job->failure);
	if (outcome == OUTCOME_LATE && is_cancelled)
		return store_end_job(worker->database, job->row.job_id, job->runner, at, "cancelled", NULL);
	bool given_back = jobs_hurried(worker->jobs);
	return store_retry_job(
		worker->database, job->row.job_id, job->runner, at, given_back ? NULL : failure_of(outcome));
}

static void work(struct worker *worker)
{
	struct job *job = &worker->job;
	const struct job_kind *kind = kind_of(&job->row);
	char id[UUID_TEXT_SIZE];
	uuid_format(job->row.job_id, id);
	log_line(LOG_LEVEL_INFO, "jobs", "job=%s kind=%s attempt=%d begins", id, job->row.kind,
		job->row.attempts);
	atomic_store(&job->percent, 0);
	job->failure[0] = '\0';
	set_working(worker, true);
	job->database = worker->database;
	enum outcome outcome = kind == NULL ? OUTCOME_INTERNAL : kind->run(job);
	set_working(worker, false);
	enum outcome put = put_away(worker, outcome);
	log_line(outcome == OUTCOME_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "jobs", "job=%s kind=%s %s%s",
		id, job->row.kind,
		outcome == OUTCOME_OK        ? "succeeded"
		: outcome == OUTCOME_REFUSED ? job->failure
		: outcome == OUTCOME_LATE    ? "stopped"
					     : failure_of(outcome),
		put == OUTCOME_OK ? "" : ", and that could not be put on record");
}

void *worker_run(void *owner)
{
	struct worker *worker = owner;
	struct jobs *jobs = worker->jobs;
	int64_t rest = REST;
	memcpy(worker->job.runner, jobs_runner(jobs), UUID_BYTES);
	worker->job.jobs = jobs;
	worker->job.config = jobs_config(jobs);
	while (!jobs_stopping(jobs)) {
		int64_t now = clock_read().wall;
		enum outcome outcome = OUTCOME_UNAVAILABLE;
		if (connect_worker(worker))
			outcome = store_claim_job(worker->database, worker->job.runner, jobs_kinds(jobs), now,
				now + jobs_lease(jobs), &worker->job.row);
		if (outcome == OUTCOME_OK)
			work(worker);
		else
			jobs_rest(jobs, rest);
		bool well = outcome == OUTCOME_OK || outcome == OUTCOME_NOT_FOUND;
		rest = well ? REST : rest * 2 > REST_LONGEST ? REST_LONGEST : rest * 2;
	}
	plain_close(worker->database);
	worker->database = NULL;
	arena_free_spares();
	atomic_store(&worker->ended, true);
	return NULL;
}
