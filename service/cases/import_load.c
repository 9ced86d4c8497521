#include "cases/import_load.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cases/import_row.h"

#define PIECE ((size_t)64 * 1024)
#define WAIT_MS 200
#define LEASE (60 * MICROSECONDS)
#define RENEW_EVERY (2 * MICROSECONDS)
#define PROGRESS_EVERY (MICROSECONDS / 5)
/* So many of an import are listed, the rest is counted. */
#define ERRORS_LISTED 10000
/* Who is interrupted has this long to say so in the database. */
#define LAST_WORD (2 * MICROSECONDS)

struct loading {
	struct import_load *load;
	struct import_opening opening;
	struct plain *control; /* for what is said of the import while its rows go another way */
	struct plain *rows;
	struct staging *staging;
	struct import_reader *reader;
	struct import_row_maker maker;
	struct staged_row *row;
	struct staging_error errors[STAGING_ERRORS_MAX];
	size_t error_count;
	int64_t listed;
	int64_t renew_due;
	int64_t progress_due;
	bool cancelled;
	bool lost;
	int64_t last_word_until; /* monotonic; while it is set nothing interrupts */
};

static bool interrupted(void *owner)
{
	const struct loading *loading = owner;
	if (loading->last_word_until != 0)
		return clock_read().monotonic > loading->last_word_until;
	return loading->load->interrupted(loading->load->owner);
}

static enum outcome send_errors(struct loading *loading)
{
	enum outcome outcome = staging_add_errors(
		loading->control, &loading->opening, loading->errors, loading->error_count);
	loading->error_count = 0;
	return outcome;
}

static enum outcome note(struct loading *loading, const struct staging_error *error)
{
	loading->load->counts.errors++;
	if (loading->listed == ERRORS_LISTED)
		return OUTCOME_OK;
	loading->listed++;
	loading->errors[loading->error_count++] = *error;
	return loading->error_count == STAGING_ERRORS_MAX ? send_errors(loading) : OUTCOME_OK;
}

static enum outcome take_error(void *owner, const struct staging_error *error)
{
	struct loading *loading = owner;
	loading->load->counts.rows_read++;
	loading->load->counts.rows_failed++;
	return note(loading, error);
}

static enum outcome take_row(void *owner, struct arena *arena, struct import_row *row)
{
	struct loading *loading = owner;
	struct import_load *load = loading->load;
	enum outcome outcome = import_row_make(&loading->maker, arena, row, loading->row);
	load->counts.rows_read++;
	if (outcome != OUTCOME_OK)
		return outcome;
	if (loading->row->error_count > 0) {
		load->counts.rows_failed++;
		for (size_t i = 0; i < loading->row->error_count && outcome == OUTCOME_OK; i++)
			outcome = note(loading, &loading->row->errors[i]);
		return outcome;
	}
	load->counts.rows_valid++;
	/* All or nothing, and it is nothing already: the rest is only looked at. */
	if (load->counts.errors > 0 && !load->wish.keep_good_rows)
		return OUTCOME_OK;
	return staging_put(loading->staging, row->line, loading->row->digest, loading->row->values);
}

/* Says how far it is, and hears whether it is still wanted. */
static enum outcome keep(struct loading *loading)
{
	char said[STAGING_SAID_SIZE];
	struct import_load *load = loading->load;
	struct clock_reading now = clock_read();
	if (load->progress != NULL && now.monotonic >= loading->progress_due) {
		loading->progress_due = now.monotonic + PROGRESS_EVERY;
		load->progress(load->owner, &load->counts);
	}
	if (now.monotonic < loading->renew_due)
		return OUTCOME_OK;
	loading->renew_due = now.monotonic + RENEW_EVERY;
	enum outcome outcome =
		staging_renew(loading->control, &loading->opening, now.wall + LEASE, &load->counts, said);
	if (outcome != OUTCOME_OK)
		return outcome;
	loading->cancelled = strcmp(said, "cancelled") == 0;
	loading->lost = strcmp(said, "lost") == 0;
	return loading->cancelled || loading->lost ? OUTCOME_REFUSED : OUTCOME_OK;
}

/* The next bytes; none at the end. */
static enum outcome read_piece(struct loading *loading, char *room, size_t *length)
{
	struct pollfd waited = { .fd = loading->load->fd, .events = POLLIN };
	*length = 0;
	for (;;) {
		enum outcome outcome = keep(loading);
		if (outcome != OUTCOME_OK)
			return outcome;
		if (interrupted(loading))
			return OUTCOME_LATE;
		if (poll(&waited, 1, WAIT_MS) == 0)
			continue;
		ssize_t got = read(waited.fd, room, PIECE);
		if (got >= 0) {
			*length = (size_t)got;
			return OUTCOME_OK;
		}
		if (errno != EINTR && errno != EAGAIN)
			return OUTCOME_UNAVAILABLE;
	}
}

static enum outcome read_file(struct loading *loading)
{
	struct import_load *load = loading->load;
	char *room = malloc(PIECE);
	size_t length = 0;
	enum outcome outcome = room == NULL ? OUTCOME_NO_MEMORY : OUTCOME_OK;
	while (outcome == OUTCOME_OK) {
		outcome = read_piece(loading, room, &length);
		if (outcome != OUTCOME_OK || length == 0)
			break;
		load->counts.bytes_read += (int64_t)length;
		outcome = import_reader_take(loading->reader, (struct slice){ room, length });
	}
	if (room != NULL)
		explicit_bzero(room, PIECE);
	free(room);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!load->is_whole(load->owner)) {
		load->said = IMPORT_CUT_OFF;
		return OUTCOME_REFUSED;
	}
	return import_reader_end(loading->reader);
}

static enum outcome end_file(struct loading *loading)
{
	char said[STAGING_SAID_SIZE];
	struct import_load *load = loading->load;
	enum outcome outcome = send_errors(loading);
	if (outcome != OUTCOME_OK)
		return outcome;
	struct staging *staging = loading->staging;
	loading->staging = NULL;
	outcome = staging_end(staging, &loading->opening, clock_read().wall, &load->counts, said);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (strcmp(said, "lost") == 0)
		return OUTCOME_UNAVAILABLE;
	load->said = strcmp(said, "queued") == 0   ? IMPORT_QUEUED
		     : strcmp(said, "failed") == 0 ? IMPORT_REFUSED_ROWS
						   : IMPORT_CANCELLED;
	return OUTCOME_OK;
}

static const char *failure_of(const struct loading *loading, enum outcome outcome)
{
	if (loading->cancelled)
		return "cancelled";
	if (outcome == OUTCOME_REFUSED)
		return loading->load->said == IMPORT_CUT_OFF ? "truncated"
							     : import_fault_codes[loading->load->fault];
	return outcome == OUTCOME_LATE ? "interrupted" : "internal";
}

/* Nothing of the file is kept; what was wrong with it is. */
static enum outcome give_up(struct loading *loading, enum outcome outcome)
{
	struct import_load *load = loading->load;
	staging_abandon(loading->staging);
	loading->staging = NULL;
	if (loading->lost)
		return OUTCOME_UNAVAILABLE;
	loading->last_word_until = clock_read().monotonic + LAST_WORD;
	if (outcome == OUTCOME_REFUSED && !loading->cancelled && load->said != IMPORT_CUT_OFF) {
		load->said = IMPORT_NO_FILE;
		load->fault = import_reader_fault(loading->reader);
	}
	if (outcome != OUTCOME_REFUSED || send_errors(loading) == OUTCOME_OK)
		loading->error_count = 0;
	if (staging_fail(loading->control, &loading->opening, clock_read().wall,
		    failure_of(loading, outcome)) != OUTCOME_OK)
		log_line(LOG_LEVEL_WARNING, "import",
			"an import that failed could not be ended; its lease will");
	if (loading->cancelled) {
		load->said = IMPORT_CANCELLED;
		return OUTCOME_OK;
	}
	return outcome == OUTCOME_REFUSED ? OUTCOME_OK : outcome;
}

static bool is_opened(struct import_load *load, const struct import_opened *opened)
{
	static const struct {
		const char *word;
		enum import_said said;
	} others[] = { { "running", IMPORT_RUNNING }, { "busy", IMPORT_BUSY },
		{ "replayed", IMPORT_REPLAYED }, { "no_such_insurer", IMPORT_NO_INSURER } };
	memcpy(load->import_id, opened->import_id, UUID_BYTES);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (strcmp(opened->outcome, others[i].word) == 0) {
			load->said = others[i].said;
			return false;
		}
	}
	return true;
}

static enum outcome open_connections(struct loading *loading)
{
	struct plain_settings settings = {
		.url = loading->load->url, .name = "import", .interrupted = interrupted, .owner = loading
	};
	enum outcome outcome = plain_open(&loading->control, &settings);
	if (outcome == OUTCOME_OK)
		outcome = plain_open(&loading->rows, &settings);
	return outcome;
}

static void describe(struct loading *loading)
{
	const struct import_wish *wish = &loading->load->wish;
	struct clock_reading now = clock_read();
	loading->opening = (struct import_opening){
		.insurer_number = wish->insurer_number,
		.now = now.wall,
		.lease_until = now.wall + LEASE,
		.token_id = wish->token_id,
		.mode = wish->full ? "full" : "changes",
		.keep_good_rows = wish->keep_good_rows,
		.end_missing = wish->end_missing,
		.missing_max_percent =
			wish->missing_max_percent[0] == '\0' ? NULL : wish->missing_max_percent,
		.missing_lost_on = wish->missing_lost_on[0] == '\0' ? NULL : wish->missing_lost_on,
		.format = wish->form.format == IMPORT_CSV ? "csv" : "ndjson",
		.encoding = wish->form.encoding == IMPORT_CP932 ? "cp932" : "utf-8",
		.key_digest = wish->has_key ? wish->key_digest : NULL,
	};
	uuid_make(now.wall, loading->opening.import_id);
	uuid_make(now.wall, loading->opening.runner);
	loading->maker.insurer_number = wish->insurer_number;
	loading->maker.today = day_in_japan(now.wall);
	loading->maker.numbers_key = loading->load->numbers_key;
	loading->renew_due = now.monotonic + RENEW_EVERY;
}

static enum outcome prepare(struct loading *loading)
{
	const struct import_reader_calls calls = { .row = take_row, .error = take_error, .owner = loading };
	loading->row = malloc(sizeof *loading->row);
	loading->maker.room = malloc(IMPORT_ROW_ROOM);
	if (loading->row == NULL || loading->maker.room == NULL)
		return OUTCOME_NO_MEMORY;
	enum outcome outcome = hasher_create(&loading->maker.hasher);
	if (outcome == OUTCOME_OK)
		outcome = import_reader_create(&loading->reader, &loading->load->wish.form, &calls);
	if (outcome == OUTCOME_OK)
		outcome = open_connections(loading);
	return outcome;
}

static enum outcome run(struct loading *loading)
{
	struct import_opened opened;
	struct import_load *load = loading->load;
	enum outcome outcome = prepare(loading);
	if (outcome == OUTCOME_OK)
		outcome = staging_open_import(loading->control, &loading->opening, &opened);
	if (outcome != OUTCOME_OK || !is_opened(load, &opened))
		return outcome;
	outcome = staging_begin(&loading->staging, loading->rows, opened.slot);
	if (outcome == OUTCOME_OK) {
		load->opened(load->owner);
		outcome = read_file(loading);
	}
	if (outcome == OUTCOME_OK)
		outcome = end_file(loading);
	return outcome == OUTCOME_OK ? outcome : give_up(loading, outcome);
}

enum outcome import_load_run(struct import_load *load)
{
	struct loading *loading = calloc(1, sizeof *loading);
	if (loading == NULL)
		return OUTCOME_NO_MEMORY;
	loading->load = load;
	load->counts = (struct import_counts){ 0 };
	describe(loading);
	enum outcome outcome = run(loading);
	if (load->progress != NULL)
		load->progress(load->owner, &load->counts);
	plain_close(loading->rows);
	plain_close(loading->control);
	import_reader_destroy(loading->reader);
	hasher_destroy(loading->maker.hasher);
	if (loading->maker.room != NULL)
		explicit_bzero(loading->maker.room, IMPORT_ROW_ROOM);
	free(loading->maker.room);
	free(loading->row);
	free(loading);
	arena_free_spares();
	return outcome;
}
