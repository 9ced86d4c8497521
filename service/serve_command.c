/* shikakud serve: one thread a loop, shared nothing; the first thread only waits for signals. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "api/application.h"
#include "api/metrics_page.h"
#include "base/log.h"
#include "cases/rate_limit.h"
#include "cases/record.h"
#include "commands.h"
#include "jobs/jobs.h"
#include "net/listener.h"
#include "net/outbound.h"
#include "store/command.h"
#include "trust/sealing.h"

#define LOOPS_MAX 256
/* Files beside connections: databases, epoll, logs. */
#define OTHER_FILES 256
#define MAINTENANCE_SECONDS 60
/* Expired challenges are known as used for this much longer: no two clocks differ by that. */
#define CHALLENGES_KEPT (600 * MICROSECONDS)
#define DRAIN_POLL_MS 20

/* What the first thread tells the loops. */
enum worker_task { TASK_DRAIN, TASK_REPORT_IN_FLIGHT, TASK_TAKE_NEXT_TRUST, TASK_COUNT };

struct worker {
	pthread_t thread;
	bool started;
	struct loop *loop;
	struct http *http;
	struct http *metrics_http;
	struct application application;
	_Atomic size_t in_flight;
	struct task tasks[TASK_COUNT];
	struct trust *_Atomic next_trust; /* to be taken over between two turns */
};

struct service {
	const struct config *config;
	struct process_state process;
	struct trust *trust; /* what is believed about cards */
	struct sealing_key *numbers_key; /* NULL: none is set */
	_Atomic bool maintaining;
	struct jobs *jobs;
	struct worker workers[LOOPS_MAX];
	size_t count;
};

static struct http_limits limits_of(const struct config *config, size_t loops)
{
	size_t connections = (size_t)config->connections_max / (loops == 0 ? 1 : loops) + 1;
	return (struct http_limits){
		.connections_max = connections,
		.in_flight_max = (size_t)config->in_flight_max,
		.idle_timeout = config->idle_timeout_ms * 1000,
		.body_timeout = config->body_timeout_ms * 1000,
		.answer_timeout = config->answer_timeout_ms * 1000,
		.send_timeout = config->send_timeout_ms * 1000,
	};
}

static enum outcome open_worker(struct service *service, struct worker *worker, int listener)
{
	struct application *application = &worker->application;
	const struct config *config = service->config;
	application->config = config;
	application->process = &service->process;
	application->trust = service->trust;
	application->numbers_key = service->numbers_key;
	enum outcome outcome = loop_create(&worker->loop);
	application->loop = worker->loop;
	if (outcome == OUTCOME_OK)
		outcome = hasher_create(&application->hasher);
	if (outcome == OUTCOME_OK) {
		/* The steps of a turn run in this order: answers and new requests first, then what they asked is sent. */
		struct http_limits limits = limits_of(config, service->count);
		struct http_application face = application_face(application);
		outcome = http_create(&worker->http, worker->loop, listener, &limits, &face);
	} else {
		close(listener);
	}
	application->http = worker->http;
	if (outcome == OUTCOME_OK) {
		struct check_chain chain = record_chain(application->hasher);
		outcome = store_create(&application->store, worker->loop, config, &chain);
	}
	if (outcome == OUTCOME_OK)
		outcome = principals_create(
			&application->principals, application->store, config->token_age_ms * 1000);
	return outcome == OUTCOME_OK ? application_open(application) : outcome;
}

/* False: as application_close. */
static bool close_worker(struct worker *worker)
{
	struct application *application = &worker->application;
	/* First nobody is served any more, then what served goes: questions that are still under way are answered by
	 * store_destroy, to requests whose clients have their 503 already. */
	if (worker->http != NULL)
		http_stop(worker->http);
	http_destroy(worker->http);
	http_destroy(worker->metrics_http);
	store_destroy(application->store);
	if (!application_close(application))
		return false;
	trust_let_go(atomic_exchange(&worker->next_trust, NULL));
	arena_free_spares();
	principals_destroy(application->principals);
	hasher_destroy(application->hasher);
	loop_destroy(worker->loop);
	return true;
}

static enum outcome open_metrics(struct service *service)
{
	const struct config *config = service->config;
	struct worker *worker = &service->workers[0];
	if (config->metrics_listen[0] == '\0')
		return OUTCOME_OK;
	int listener = -1;
	enum outcome outcome = listeners_open(config->metrics_listen, config->share_port != 0, &listener, 1);
	if (outcome != OUTCOME_OK)
		return outcome;
	struct http_limits limits = limits_of(config, service->count);
	limits.connections_max = 64;
	struct http_application face = metrics_page_face();
	return http_create(&worker->metrics_http, worker->loop, listener, &limits, &face);
}

static void *run_worker(void *owner)
{
	struct worker *worker = owner;
	loop_run(worker->loop);
	arena_free_spares();
	return NULL;
}

static void drain_worker(void *owner)
{
	struct worker *worker = owner;
	http_begin_drain(worker->http);
}

static void report_in_flight(void *owner)
{
	struct worker *worker = owner;
	atomic_store(&worker->in_flight, http_unfinished(worker->http));
}

static void take_next_trust(void *owner)
{
	struct worker *worker = owner;
	struct trust *next = atomic_exchange(&worker->next_trust, NULL);
	if (next != NULL)
		cases_believe(&worker->application.cases, next);
}

static void post_all(struct service *service, enum worker_task task)
{
	for (size_t i = 0; i < service->count; i++) {
		struct worker *worker = &service->workers[i];
		loop_post(worker->loop, &worker->tasks[task]);
	}
}

static size_t total_in_flight(struct service *service)
{
	size_t total = 0;
	for (size_t i = 0; i < service->count; i++)
		total += atomic_load(&service->workers[i].in_flight);
	return total;
}

/* Waits for a signal at most so long. 0: none came. */
static int wait_signal(const sigset_t *signals, int64_t milliseconds)
{
	struct timespec span = { .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000 };
	int number = sigtimedwait(signals, NULL, &span);
	return number < 0 ? 0 : number;
}

/* Partitions for the records of the months to come, and what need not be known any more. The loops do not wait for it. */
static void maintain(const struct service *service)
{
	char today[DAY_TEXT_SIZE];
	char now_text[INSTANT_TEXT_SIZE];
	char long_ago_text[INSTANT_TEXT_SIZE];
	int64_t now = clock_read().wall;
	day_format(day_in_japan(now), today);
	instant_format(now, now_text);
	instant_format(now - CHALLENGES_KEPT, long_ago_text);
	const struct {
		enum statement_id statement;
		struct command_parameter parameter;
	} chores[] = {
		{ STATEMENT_KEEP_CHECK_PARTITIONS, { .text = today } },
		{ STATEMENT_FORGET_USED_CHALLENGES, { .text = long_ago_text } },
		{ STATEMENT_FORGET_IDEMPOTENCY_KEYS, { .text = now_text } },
	};
	for (size_t i = 0; i < sizeof chores / sizeof *chores; i++) {
		if (command_run(service->config->database_url, chores[i].statement, &chores[i].parameter, 1,
			    NULL, NULL) != OUTCOME_OK)
			log_line(LOG_LEVEL_WARNING, "serve", "%s could not be done; tried again later",
				statements[chores[i].statement].name);
	}
}

static void *run_maintenance(void *owner)
{
	struct service *service = owner;
	maintain(service);
	atomic_store(&service->maintaining, false);
	return NULL;
}

/* One at a time: a database that does not answer must not gather threads. */
static void start_maintenance(struct service *service)
{
	pthread_t thread;
	if (atomic_exchange(&service->maintaining, true))
		return;
	if (pthread_create(&thread, NULL, run_maintenance, service) == 0)
		pthread_detach(thread);
	else
		atomic_store(&service->maintaining, false);
}

static void log_trust(const struct trust *trust, int64_t now)
{
	if (trust->anchors.count == 0)
		log_line(LOG_LEVEL_WARNING, "serve", "no anchors are set: no card is trusted");
	for (size_t i = 0; i < trust->anchors.count; i++) {
		const struct revocation_issuer *issuer = revocation_issuer_at(trust->revocation, i);
		char key[2 * KEY_IDENTIFIER_MAX + 1];
		text_hex(issuer->anchor->key_identifier, issuer->anchor->key_identifier_length, key);
		if (issuer->anchor->use == ANCHOR_OF_SIGNING)
			continue;
		bool current = revocation_is_current(issuer, now);
		log_line(current ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "serve",
			"anchor=%s use=%s revoked=%zu revocation_list=%s", key,
			issuer->anchor->use == ANCHOR_OF_PHONES ? "phone" : "card", issuer->entries,
			current                    ? "current"
			: issuer->next_update == 0 ? "none"
						   : "out of date");
	}
}

/* SIGHUP: anchors and revocation lists are read again, all or nothing: what cannot be read must not make a revoked card good. */
static void believe_again(struct service *service)
{
	const struct trust_settings settings = trust_settings_of(service->config);
	struct trust *trust = NULL;
	size_t faults = 0;
	enum outcome outcome = trust_load(&settings, &trust, &faults);
	if (outcome != OUTCOME_OK || faults > 0) {
		log_line(LOG_LEVEL_ERROR, "serve", "the anchors and revocation lists stay as they were");
		trust_let_go(trust);
		return;
	}
	log_trust(trust, clock_read().wall);
	for (size_t i = 0; i < service->count; i++)
		trust_let_go(atomic_exchange(&service->workers[i].next_trust, trust_hold(trust)));
	trust_let_go(service->trust);
	service->trust = trust;
	post_all(service, TASK_TAKE_NEXT_TRUST);
}

static bool is_stop(int number)
{
	return number == SIGTERM || number == SIGINT;
}

static void wait_for_stop(struct service *service, const sigset_t *signals)
{
	int64_t due = clock_read().monotonic + MAINTENANCE_SECONDS * MICROSECONDS;
	for (;;) {
		int64_t left = due - clock_read().monotonic;
		int number = wait_signal(signals, left < 0 ? 0 : left / 1000);
		if (is_stop(number))
			return;
		if (number == SIGHUP)
			believe_again(service);
		if (clock_read().monotonic >= due) {
			start_maintenance(service);
			due = clock_read().monotonic + MAINTENANCE_SECONDS * MICROSECONDS;
		}
	}
}

/* Waits so long, or until it is told again to stop; true then. */
static bool is_stopped_again(const sigset_t *signals, int64_t milliseconds)
{
	int64_t due = clock_read().monotonic + milliseconds * 1000;
	for (int64_t left = milliseconds; left > 0; left = (due - clock_read().monotonic) / 1000) {
		if (is_stop(wait_signal(signals, left)))
			return true;
	}
	return false;
}

/* Readiness fails, the listeners close, what is in flight finishes within its time, the rest gets 503. A second signal ends
 * the waiting. */
static void drain(struct service *service, const sigset_t *signals)
{
	const struct config *config = service->config;
	log_line(LOG_LEVEL_INFO, "serve", "stopping");
	atomic_store(&service->process.stopping, true);
	jobs_begin_stop(service->jobs);
	bool hurried = is_stopped_again(signals, config->drain_delay_ms);
	for (size_t i = 0; i < service->count; i++)
		atomic_store(&service->workers[i].in_flight, 1);
	post_all(service, TASK_DRAIN);
	int64_t end = clock_read().monotonic + config->drain_timeout_ms * 1000;
	while (!hurried && total_in_flight(service) > 0 && clock_read().monotonic < end) {
		post_all(service, TASK_REPORT_IN_FLIGHT);
		hurried = is_stopped_again(signals, DRAIN_POLL_MS);
	}
	while (!hurried && jobs_busy(service->jobs) && clock_read().monotonic < end)
		hurried = is_stopped_again(signals, DRAIN_POLL_MS);
	if (total_in_flight(service) > 0)
		log_line(LOG_LEVEL_WARNING, "serve", "%zu requests are not finished and get 503",
			total_in_flight(service));
}

static void allow_files(const struct config *config)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)config->connections_max + OTHER_FILES;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		log_line(LOG_LEVEL_WARNING, "serve",
			"only %llu files may be open: fewer than %lld connections fit",
			(unsigned long long)limit.rlim_cur, (long long)config->connections_max);
}

static size_t loops_of(const struct config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t loops = config->loops != 0 ? (size_t)config->loops : cores < 1 ? 1 : (size_t)cores;
	return loops > LOOPS_MAX ? LOOPS_MAX : loops;
}

/* A revocation list that cannot be read is no reason not to start: whom it would name is "unknown" (R5.5). */
static enum outcome believe(struct service *service)
{
	const struct trust_settings settings = trust_settings_of(service->config);
	size_t faults = 0;
	enum outcome outcome = trust_load(&settings, &service->trust, &faults);
	if (outcome == OUTCOME_OK)
		log_trust(service->trust, clock_read().wall);
	return outcome;
}

static enum outcome load_numbers_key(struct service *service)
{
	const char *path = service->config->individual_number_key;
	if (path[0] == '\0')
		return OUTCOME_OK;
	if (service->config->register_url[0] == '\0')
		log_line(LOG_LEVEL_WARNING, "serve",
			"no resident register is set: individual numbers are accepted and wait, sealed");
	return sealing_key_load(path, &service->numbers_key);
}

static enum outcome open_service(struct service *service)
{
	const struct config *config = service->config;
	int listeners[LOOPS_MAX];
	enum outcome outcome = believe(service);
	if (outcome == OUTCOME_OK)
		outcome = load_numbers_key(service);
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = listeners_open(config->listen, config->share_port != 0, listeners, service->count);
	if (outcome != OUTCOME_OK)
		return outcome;
	for (size_t i = 0; i < service->count; i++) {
		if (outcome == OUTCOME_OK)
			outcome = open_worker(service, &service->workers[i], listeners[i]);
		else
			close(listeners[i]);
	}
	return outcome == OUTCOME_OK ? open_metrics(service) : outcome;
}

static enum outcome start_workers(struct service *service)
{
	for (size_t i = 0; i < service->count; i++) {
		struct worker *worker = &service->workers[i];
		worker->tasks[TASK_DRAIN] = (struct task){ .run = drain_worker, .owner = worker };
		worker->tasks[TASK_REPORT_IN_FLIGHT] =
			(struct task){ .run = report_in_flight, .owner = worker };
		worker->tasks[TASK_TAKE_NEXT_TRUST] =
			(struct task){ .run = take_next_trust, .owner = worker };
		if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0)
			return OUTCOME_UNAVAILABLE;
		worker->started = true;
	}
	return OUTCOME_OK;
}

static void stop_workers(struct service *service)
{
	for (size_t i = 0; i < service->count; i++) {
		struct worker *worker = &service->workers[i];
		if (!worker->started)
			continue;
		loop_stop(worker->loop);
		pthread_join(worker->thread, NULL);
	}
}

int command_serve(const struct config *config)
{
	static struct service service;
	sigset_t signals;
	if (config->database_url[0] == '\0') {
		log_line(LOG_LEVEL_ERROR, "serve", "database_url (or DATABASE_URL) is not set");
		return 2;
	}
	service.config = config;
	service.count = loops_of(config);
	atomic_store(&service.process.loops, (int)service.count);
	allow_files(config);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	enum outcome outcome = outbound_library_open();
	if (outcome == OUTCOME_OK)
		outcome = open_service(&service);
	if (outcome == OUTCOME_OK) {
		int a_loop = store_connections_a_loop(config);
		int for_jobs = jobs_connections(config);
		log_line(LOG_LEVEL_INFO, "serve",
			"listen=%s loops=%zu database connections=%zu (%zu loops x %d, jobs %d) and %d for "
			"files",
			config->listen, service.count, service.count * (size_t)a_loop + (size_t)for_jobs,
			service.count, a_loop, for_jobs, file_connections_of(config));
		outcome = start_workers(&service);
	}
	if (outcome == OUTCOME_OK)
		outcome = jobs_start(&service.jobs, config);
	if (outcome == OUTCOME_OK) {
		start_maintenance(&service);
		wait_for_stop(&service, &signals);
		drain(&service, &signals);
	}
	bool jobs_stopped = jobs_stop(service.jobs);
	stop_workers(&service);
	bool closed = true;
	for (size_t i = 0; i < service.count; i++)
		closed = close_worker(&service.workers[i]) && closed;
	trust_let_go(service.trust);
	if (closed)
		sealing_key_free(service.numbers_key);
	rate_limits_close();
	if (jobs_stopped)
		metrics_close();
	if (outcome == OUTCOME_OK)
		log_line(LOG_LEVEL_INFO, "serve", "stopped");
	int code = outcome == OUTCOME_OK ? 0 : 1;
	/* Nobody waits for chores at a database that does not answer, and what libpq works with is not taken down under them. */
	if (atomic_load(&service.maintaining) || !jobs_stopped || !closed)
		_exit(code);
	return code;
}
