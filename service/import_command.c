/* shikakud import: a file of members from the command line, by the same road as one over the API. Waits for the job that merges it, and
 * does that job itself where no service is running. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "commands.h"
#include "import_options.h"
#include "jobs/jobs.h"
#include "store/command.h"
#include "trust/sealing.h"

#define LOOK_EVERY_MS 250
/* A service would have taken the job by then. */
#define WAIT_FOR_SERVICE (2 * MICROSECONDS)
#define LINE_EVERY (10 * MICROSECONDS)

enum { EXIT_MERGED = 0, EXIT_REFUSED = 1, EXIT_NOT_READ = 2 };

static volatile sig_atomic_t is_cancelled;

struct watching {
	int64_t begun;
	int64_t size; /* of the file; 0: not known */
	bool terminal;
	int64_t line_due;
};

/* look_at_import */
struct look {
	bool found;
	char state[16];
	char failure[72];
	int percent;
	int64_t read, merged, created, changed, unchanged, failed, errors, missing, ended;
};

static void cancel(int number)
{
	(void)number;
	is_cancelled = 1;
}

static bool interrupted(void *owner)
{
	(void)owner;
	return is_cancelled != 0;
}

static bool is_whole(void *owner)
{
	(void)owner;
	return true;
}

static void opened(void *owner)
{
	(void)owner;
}

/* One line that is written over again on a terminal; elsewhere a line now and then. */
static void show(struct watching *watching, const char *words)
{
	int64_t now = clock_read().monotonic;
	if (watching->terminal) {
		fprintf(stderr, "\r\033[K%s", words);
	} else if (now >= watching->line_due) {
		fprintf(stderr, "%s\n", words);
		watching->line_due = now + LINE_EVERY;
	}
}

static void show_end(const struct watching *watching)
{
	if (watching->terminal)
		fputs("\r\033[K", stderr);
}

#define BAR 30

static void bar(char text[BAR + 1], int percent)
{
	for (int i = 0; i < BAR; i++)
		text[i] = i * 100 < percent * BAR ? '#' : '.';
	text[BAR] = '\0';
}

static void progress(void *owner, const struct import_counts *counts)
{
	struct watching *watching = owner;
	char words[160];
	char filled[BAR + 1];
	int64_t spent = clock_read().monotonic - watching->begun;
	int64_t rate = spent <= 0 ? 0 : (int64_t)((double)counts->rows_read * 1e6 / (double)spent);
	int percent = watching->size <= 0 ? 0 : (int)(counts->bytes_read * 100 / watching->size);
	bar(filled, percent);
	if (watching->size > 0)
		(void)snprintf(words, sizeof words,
			"reading [%s] %3d%%  %" PRId64 " rows  %" PRId64 " rows/s  %" PRId64 " errors",
			filled, percent, counts->rows_read, rate, counts->errors);
	else
		(void)snprintf(words, sizeof words,
			"reading  %" PRId64 " rows  %" PRId64 " rows/s  %" PRId64 " errors",
			counts->rows_read, rate, counts->errors);
	show(watching, words);
}

static void take_look(void *owner, const char *const columns[], int count)
{
	struct look *look = owner;
	if (count < 12)
		return;
	look->found = true;
	(void)snprintf(look->state, sizeof look->state, "%s", columns[0]);
	(void)snprintf(look->failure, sizeof look->failure, "%s", columns[1]);
	look->percent = (int)strtol(columns[2], NULL, 10);
	int64_t *const numbers[] = { &look->read, &look->merged, &look->created, &look->changed,
		&look->unchanged, &look->failed, &look->errors, &look->missing, &look->ended };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		*numbers[i] = strtoll(columns[3 + i], NULL, 10);
}

static enum outcome look_at(const struct config *config, const uint8_t id[UUID_BYTES], struct look *look)
{
	const struct command_parameter parameters[] = { { .bytes = id, .length = UUID_BYTES } };
	look->found = false;
	enum outcome outcome =
		command_run(config->database_url, STATEMENT_LOOK_AT_IMPORT, parameters, 1, take_look, look);
	return outcome == OUTCOME_OK && !look->found ? OUTCOME_NOT_FOUND : outcome;
}

static void cancel_import(const struct config *config, const struct import_load *load)
{
	char now[INSTANT_TEXT_SIZE];
	instant_format(clock_read().wall, now);
	const struct command_parameter parameters[] = {
		{ .text = load->wish.insurer_number },
		{ .bytes = load->import_id, .length = UUID_BYTES },
		{ .text = now },
	};
	if (command_run(config->database_url, STATEMENT_CANCEL_IMPORT, parameters, 3, NULL, NULL) !=
		OUTCOME_OK)
		log_line(LOG_LEVEL_ERROR, "import", "could not be cancelled");
}

static bool is_over(const struct look *look)
{
	return strcmp(look->state, "succeeded") == 0 || strcmp(look->state, "failed") == 0 ||
	       strcmp(look->state, "cancelled") == 0;
}

static void show_look(struct watching *watching, const struct look *look)
{
	char words[160];
	char filled[BAR + 1];
	bar(filled, look->percent);
	(void)snprintf(words, sizeof words, "%-7s [%s] %3d%%  %" PRId64 " of %" PRId64 " rows",
		strcmp(look->state, "queued") == 0 ? "waiting" : "merging", filled, look->percent,
		look->merged, look->read);
	show(watching, words);
}

/* Until the job has ended, by whomever. */
static enum outcome wait_for_job(const struct config *config, const struct import_load *load,
	struct watching *watching, struct look *look)
{
	static struct config ours;
	struct jobs *jobs = NULL;
	bool told = false;
	int64_t begun = clock_read().monotonic;
	enum outcome outcome = look_at(config, load->import_id, look);
	while (outcome == OUTCOME_OK && !is_over(look)) {
		const struct timespec span = { .tv_nsec = LOOK_EVERY_MS * 1000000L };
		show_look(watching, look);
		if (is_cancelled != 0 && !told) {
			cancel_import(config, load);
			told = true;
		}
		if (jobs == NULL && strcmp(look->state, "queued") == 0 &&
			clock_read().monotonic - begun > WAIT_FOR_SERVICE) {
			ours = *config;
			ours.job_workers = 1;
			outcome = jobs_start(&jobs, &ours);
			if (outcome != OUTCOME_OK)
				break;
		}
		(void)nanosleep(&span, NULL);
		outcome = look_at(config, load->import_id, look);
	}
	if (jobs != NULL) {
		jobs_begin_stop(jobs);
		(void)jobs_stop(jobs);
	}
	return outcome;
}

static void print_error(void *owner, const char *const columns[], int count)
{
	(void)owner;
	if (count >= 4)
		fprintf(stderr, "  line %s: %s: %s (%s)\n", columns[0], columns[1], columns[3], columns[2]);
}

static void print_errors(const struct config *config, const uint8_t id[UUID_BYTES])
{
	const struct command_parameter parameters[] = { { .bytes = id, .length = UUID_BYTES } };
	if (command_run(config->database_url, STATEMENT_LIST_FIRST_IMPORT_ERRORS, parameters, 1, print_error,
		    NULL) != OUTCOME_OK)
		fputs("  the lines that were refused cannot be listed now\n", stderr);
}

static int say_end(const struct config *config, const struct import_load *load, const struct look *look)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(load->import_id, id);
	printf("import %s: %s%s%s\n", id, look->state, look->failure[0] == '\0' ? "" : ", ", look->failure);
	printf("rows %" PRId64 ", created %" PRId64 ", changed %" PRId64 ", unchanged %" PRId64
	       ", refused %" PRId64 "\n",
		look->read, look->created, look->changed, look->unchanged, look->failed);
	if (look->missing >= 0)
		printf("members missing %" PRId64 ", ended %" PRId64 "\n", look->missing,
			look->ended < 0 ? 0 : look->ended);
	if (look->errors > 0) {
		fprintf(stderr, "%" PRId64 " errors; the first ones:\n", look->errors);
		print_errors(config, load->import_id);
	}
	return strcmp(look->state, "succeeded") == 0 && look->failed == 0 ? EXIT_MERGED : EXIT_REFUSED;
}

static int refuse(int code, const char *words)
{
	fprintf(stderr, "shikakud import: %s\n", words);
	return code;
}

static int say_not_in(const struct config *config, const struct import_load *load)
{
	switch (load->said) {
	case IMPORT_RUNNING:
		return refuse(EXIT_REFUSED, "an import of this insurer is under way");
	case IMPORT_BUSY:
		return refuse(EXIT_REFUSED, "other imports take all the room");
	case IMPORT_NO_INSURER:
		return refuse(EXIT_NOT_READ, "the insurer is not registered");
	case IMPORT_CANCELLED:
		return refuse(EXIT_REFUSED, "cancelled");
	default:
		fprintf(stderr, "shikakud import: the file cannot be used: %s\n",
			load->fault == IMPORT_WHOLE ? "it was cut off" : import_fault_codes[load->fault]);
		print_errors(config, load->import_id);
		return EXIT_NOT_READ;
	}
}

static int run(const struct config *config, struct import_load *load, struct watching *watching)
{
	struct look look = { .found = false };
	enum outcome outcome = import_load_run(load);
	if (outcome != OUTCOME_OK) {
		show_end(watching);
		return refuse(EXIT_REFUSED, outcome == OUTCOME_LATE ? "cancelled; nothing was merged"
								    : "the database did not take it");
	}
	if (load->said != IMPORT_QUEUED && load->said != IMPORT_REFUSED_ROWS) {
		show_end(watching);
		return say_not_in(config, load);
	}
	outcome = wait_for_job(config, load, watching, &look);
	show_end(watching);
	if (outcome != OUTCOME_OK)
		return refuse(EXIT_REFUSED, "what came of it cannot be found out now; it goes on by itself");
	return say_end(config, load, &look);
}

static void listen_to_signals(void)
{
	struct sigaction action = { .sa_handler = cancel };
	sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int command_import(const struct config *config, int count, char *const words[])
{
	struct import_options options;
	struct sealing_key *key = NULL;
	struct stat status;
	if (!import_options_read(&options, count, words))
		return EXIT_NOT_READ;
	if (config->database_url[0] == '\0')
		return refuse(EXIT_NOT_READ, "database_url (or DATABASE_URL) is not set");
	if (config->individual_number_key[0] != '\0' &&
		sealing_key_load(config->individual_number_key, &key) != OUTCOME_OK)
		return EXIT_NOT_READ;
	options.wish.form.bytes_max = config->import_bytes_max;
	struct watching watching = { .begun = clock_read().monotonic,
		.terminal = isatty(STDERR_FILENO) == 1 };
	struct import_load load = { .url = config->database_url,
		.numbers_key = key,
		.wish = options.wish,
		.opened = opened,
		.is_whole = is_whole,
		.interrupted = interrupted,
		.progress = progress,
		.owner = &watching };
	bool standard = strcmp(options.file, "-") == 0;
	load.fd = standard ? STDIN_FILENO : open(options.file, O_RDONLY | O_CLOEXEC);
	if (load.fd < 0) {
		fprintf(stderr, "shikakud import: %s: %s\n", options.file, strerror(errno));
		sealing_key_free(key);
		return EXIT_NOT_READ;
	}
	if (fstat(load.fd, &status) == 0 && S_ISREG(status.st_mode))
		watching.size = status.st_size;
	listen_to_signals();
	int code = run(config, &load, &watching);
	if (!standard)
		close(load.fd);
	sealing_key_free(key);
	return code;
}
