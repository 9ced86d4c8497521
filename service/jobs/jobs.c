#include "jobs/jobs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "jobs/worker.h"

#define WORKERS_MAX 16
#define CHORES_MAX 8
#define KINDS_TEXT_SIZE 256
/* So long the threads have to give back what they have. */
#define STOP_LASTS (4 * MICROSECONDS)
#define STOP_POLL_MS 10

struct chore_thread {
	struct jobs *jobs;
	const struct chore *chore;
	pthread_t thread;
	_Atomic bool ended;
};

struct jobs {
	const struct config *config;
	uint8_t runner[UUID_BYTES];
	char kinds[KINDS_TEXT_SIZE];
	_Atomic bool stopping;
	_Atomic bool hurried;
	pthread_mutex_t mutex; /* of the condition */
	pthread_cond_t told_to_stop;
	struct worker workers[WORKERS_MAX];
	size_t worker_count;
	pthread_t keeper;
	bool keeper_started;
	_Atomic bool keeper_ended;
	struct chore_thread chores[CHORES_MAX];
	size_t chore_count;
};

const struct config *jobs_config(const struct jobs *jobs)
{
	return jobs->config;
}

const uint8_t *jobs_runner(const struct jobs *jobs)
{
	return jobs->runner;
}

const char *jobs_kinds(const struct jobs *jobs)
{
	return jobs->kinds;
}

int64_t jobs_lease(const struct jobs *jobs)
{
	return jobs->config->job_lease_ms * 1000;
}

bool jobs_stopping(const struct jobs *jobs)
{
	return atomic_load(&jobs->stopping);
}

bool jobs_hurried(const struct jobs *jobs)
{
	return atomic_load(&jobs->hurried);
}

void jobs_rest(struct jobs *jobs, int64_t microseconds)
{
	struct timespec until;
	if (clock_gettime(CLOCK_MONOTONIC, &until) != 0)
		return;
	until.tv_sec += (time_t)(microseconds / MICROSECONDS);
	until.tv_nsec += (long)(microseconds % MICROSECONDS) * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&jobs->mutex);
	int waited = 0;
	while (!jobs_stopping(jobs) && waited == 0)
		waited = pthread_cond_timedwait(&jobs->told_to_stop, &jobs->mutex, &until);
	pthread_mutex_unlock(&jobs->mutex);
}

/* What a worker has at this moment. False: nothing. */
static bool look_at(struct worker *worker, uint8_t job_id[UUID_BYTES], int *percent)
{
	pthread_mutex_lock(&worker->mutex);
	bool working = worker->working;
	memcpy(job_id, worker->job.row.job_id, UUID_BYTES);
	*percent = atomic_load(&worker->job.percent);
	pthread_mutex_unlock(&worker->mutex);
	return working;
}

/* Unless it works on another one by now. */
static void tell(struct worker *worker, const uint8_t job_id[UUID_BYTES], enum job_hold hold)
{
	pthread_mutex_lock(&worker->mutex);
	if (worker->working && memcmp(worker->job.row.job_id, job_id, UUID_BYTES) == 0)
		worker->hold = hold;
	pthread_mutex_unlock(&worker->mutex);
}

static bool keep(struct jobs *jobs, struct plain *plain, struct worker *worker)
{
	uint8_t job_id[UUID_BYTES];
	int percent = 0;
	enum job_hold hold = JOB_KEPT;
	if (!look_at(worker, job_id, &percent))
		return true;
	if (store_renew_job(plain, job_id, jobs->runner, clock_read().wall + jobs_lease(jobs), percent,
		    &hold) != OUTCOME_OK)
		return false;
	tell(worker, job_id, hold);
	return true;
}

static bool any_job(struct jobs *jobs)
{
	uint8_t job_id[UUID_BYTES];
	int percent = 0;
	for (size_t i = 0; i < jobs->worker_count; i++) {
		if (look_at(&jobs->workers[i], job_id, &percent))
			return true;
	}
	return false;
}

static bool workers_ended(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->worker_count; i++) {
		if (jobs->workers[i].started && !atomic_load(&jobs->workers[i].ended))
			return false;
	}
	return true;
}

/* A third of the lease, and never so long that who cancels a job would wait for it. */
static int64_t beat_of(const struct jobs *jobs)
{
	int64_t third = jobs_lease(jobs) / 3;
	return third < MICROSECONDS ? third : MICROSECONDS;
}

static void sleep_for(int64_t microseconds)
{
	const struct timespec span = { .tv_sec = (time_t)(microseconds / MICROSECONDS),
		.tv_nsec = (long)(microseconds % MICROSECONDS) * 1000 };
	(void)nanosleep(&span, NULL);
}

/* The heartbeat; it outlives the workers, who may still work when the process has been told to stop. */
static void *run_keeper(void *owner)
{
	struct jobs *jobs = owner;
	struct plain *plain = NULL;
	const struct plain_settings settings = { .url = jobs->config->database_url, .name = "heartbeat" };
	while (!workers_ended(jobs)) {
		if (jobs_stopping(jobs))
			sleep_for(MICROSECONDS / 50);
		else
			jobs_rest(jobs, beat_of(jobs));
		if (!any_job(jobs))
			continue;
		if (!plain_usable(plain)) {
			plain_close(plain);
			if (plain_open(&plain, &settings) != OUTCOME_OK)
				continue;
		}
		for (size_t i = 0; i < jobs->worker_count; i++) {
			if (!keep(jobs, plain, &jobs->workers[i]))
				log_line(LOG_LEVEL_WARNING, "jobs", "a lease could not be renewed");
		}
	}
	plain_close(plain);
	arena_free_spares();
	atomic_store(&jobs->keeper_ended, true);
	return NULL;
}

static void *run_chore(void *owner)
{
	struct chore_thread *thread = owner;
	while (!jobs_stopping(thread->jobs)) {
		if (thread->chore->run(thread->jobs) != OUTCOME_OK && !jobs_stopping(thread->jobs))
			log_line(LOG_LEVEL_WARNING, "jobs", "%s could not be done; tried again later",
				thread->chore->name);
		jobs_rest(thread->jobs, thread->chore->every);
	}
	arena_free_spares();
	atomic_store(&thread->ended, true);
	return NULL;
}

static void list_kinds(struct jobs *jobs)
{
	size_t length = 0;
	for (const struct job_kind *kind = job_kinds; kind->name != NULL; kind++) {
		int more = snprintf(jobs->kinds + length, sizeof jobs->kinds - length, "%s%s",
			length == 0 ? "{" : ",", kind->name);
		length += more > 0 ? (size_t)more : 0;
	}
	(void)snprintf(jobs->kinds + length, sizeof jobs->kinds - length, "%s", length == 0 ? "{}" : "}");
}

static enum outcome start_threads(struct jobs *jobs)
{
	jobs->worker_count = (size_t)jobs->config->job_workers;
	for (size_t i = 0; i < jobs->worker_count; i++) {
		struct worker *worker = &jobs->workers[i];
		worker->jobs = jobs;
		pthread_mutex_init(&worker->mutex, NULL);
	}
	for (size_t i = 0; i < jobs->worker_count; i++) {
		struct worker *worker = &jobs->workers[i];
		if (pthread_create(&worker->thread, NULL, worker_run, worker) != 0)
			return OUTCOME_UNAVAILABLE;
		worker->started = true;
	}
	if (pthread_create(&jobs->keeper, NULL, run_keeper, jobs) != 0)
		return OUTCOME_UNAVAILABLE;
	jobs->keeper_started = true;
	for (const struct chore *chore = job_chores; chore->name != NULL && jobs->chore_count < CHORES_MAX;
		chore++) {
		struct chore_thread *thread = &jobs->chores[jobs->chore_count];
		*thread = (struct chore_thread){ .jobs = jobs, .chore = chore };
		if (pthread_create(&thread->thread, NULL, run_chore, thread) != 0)
			return OUTCOME_UNAVAILABLE;
		jobs->chore_count++;
	}
	return OUTCOME_OK;
}

enum outcome jobs_start(struct jobs **started, const struct config *config)
{
	pthread_condattr_t monotonic;
	struct jobs *jobs = calloc(1, sizeof *jobs);
	*started = jobs;
	if (jobs == NULL)
		return OUTCOME_NO_MEMORY;
	jobs->config = config;
	uuid_make(clock_read().wall, jobs->runner);
	list_kinds(jobs);
	pthread_mutex_init(&jobs->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&jobs->told_to_stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return config->job_workers == 0 ? OUTCOME_OK : start_threads(jobs);
}

int jobs_connections(const struct config *config)
{
	int count = config->job_workers == 0 ? 0 : (int)config->job_workers + 1;
	for (const struct chore *chore = job_chores; count > 0 && chore->name != NULL; chore++)
		count++;
	return count;
}

void jobs_begin_stop(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	pthread_mutex_lock(&jobs->mutex);
	atomic_store(&jobs->stopping, true);
	pthread_cond_broadcast(&jobs->told_to_stop);
	pthread_mutex_unlock(&jobs->mutex);
}

bool jobs_busy(struct jobs *jobs)
{
	return jobs != NULL && any_job(jobs);
}

static bool all_ended(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->chore_count; i++) {
		if (!atomic_load(&jobs->chores[i].ended))
			return false;
	}
	return workers_ended(jobs) && (!jobs->keeper_started || atomic_load(&jobs->keeper_ended));
}

static void join(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->worker_count; i++) {
		if (jobs->workers[i].started)
			pthread_join(jobs->workers[i].thread, NULL);
		pthread_mutex_destroy(&jobs->workers[i].mutex);
	}
	for (size_t i = 0; i < jobs->chore_count; i++)
		pthread_join(jobs->chores[i].thread, NULL);
	if (jobs->keeper_started)
		pthread_join(jobs->keeper, NULL);
}

bool jobs_stop(struct jobs *jobs)
{
	if (jobs == NULL)
		return true;
	atomic_store(&jobs->hurried, true);
	jobs_begin_stop(jobs);
	int64_t end = clock_read().monotonic + STOP_LASTS;
	while (!all_ended(jobs) && clock_read().monotonic < end)
		sleep_for(STOP_POLL_MS * 1000);
	if (!all_ended(jobs))
		return false;
	join(jobs);
	pthread_cond_destroy(&jobs->told_to_stop);
	pthread_mutex_destroy(&jobs->mutex);
	free(jobs);
	return true;
}
