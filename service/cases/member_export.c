#include "cases/member_export.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "rules/identifiers.h"
#include "store/plain.h"

#define PAGE "500"
#define PAGE_LASTS_MS 60000
#define WAIT_MS 200
#define LAST_WAIT_SECONDS 5
/* A member's id, with room. */
#define MEMBER_ID_SIZE 512
/* A member with a thousand periods. */
#define LINE_MAX_BYTES ((size_t)4 * 1024 * 1024)

static _Atomic int under_way;

struct member_export {
	struct member_exports *exports;
	struct member_export *next;
	struct member_export_calls calls;
	pthread_t thread;
	struct task opened;
	struct task ended;
	_Atomic bool stopped;
	_Atomic bool whole;
	enum outcome opening; /* what `opened` tells */
	bool over; /* nobody reads any more */
	bool has_ended; /* the thread has */
	struct watch watch; /* the pipe's end to read from */
	bool watched;
	/* the thread's */
	int out;
	char insurer_number[INSURER_NUMBER_DIGITS + 1];
	char behind[MEMBER_ID_SIZE];
	size_t rows; /* of the page */
	enum outcome outcome;
	bool is_open;
};

static bool is_stopped(void *owner)
{
	const struct member_export *export = owner;
	return atomic_load(&export->stopped);
}

/* Waits for whoever reads. */
static enum outcome write_all(struct member_export *export, const char *bytes, size_t length)
{
	while (length > 0) {
		struct pollfd waited = { .fd = export->out, .events = POLLOUT };
		if (is_stopped(export))
			return OUTCOME_LATE;
		if (poll(&waited, 1, WAIT_MS) <= 0)
			continue;
		ssize_t written = write(export->out, bytes, length);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return OUTCOME_LATE;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
	return OUTCOME_OK;
}

static enum outcome write_line(struct member_export *export, struct slice document)
{
	struct arena arena;
	struct text line;
	arena_open(&arena, LINE_MAX_BYTES);
	text_open(&line, &arena, document.length + 1, document.length + 1);
	struct json_writer json = { .out = &line };
	json_put_packed(&json, document);
	text_put_char(&line, '\n');
	struct slice whole = text_slice(&line);
	enum outcome outcome = line.failed ? OUTCOME_NO_MEMORY : write_all(export, whole.at, whole.length);
	arena_close(&arena);
	return outcome;
}

static void open_once(struct member_export *export, enum outcome outcome)
{
	if (export->is_open)
		return;
	export->is_open = true;
	export->opening = outcome;
	loop_post(export->exports->loop, &export->opened);
}

/* The page's transaction has ended at the server when its rows are handed out. */
static void take_member(void *owner, const struct row *row)
{
	struct member_export *export = owner;
	struct slice id = row_text(row, 0);
	struct slice document = row_text(row, 1);
	export->rows++;
	open_once(export, OUTCOME_OK);
	if (export->outcome == OUTCOME_OK && (id.length >= sizeof export->behind || document.at == NULL))
		export->outcome = OUTCOME_INTERNAL;
	if (export->outcome != OUTCOME_OK)
		return;
	memcpy(export->behind, id.at, id.length);
	export->behind[id.length] = '\0';
	export->outcome = write_line(export, document);
}

static enum outcome write_pages(struct member_export *export, struct plain *plain)
{
	do {
		const struct command_parameter parameters[] = {
			{ .text = export->insurer_number },
			{ .text = export->behind },
			{ .text = PAGE },
		};
		export->rows = 0;
		enum outcome outcome = plain_run(
			plain, STATEMENT_EXPORT_MEMBERS, parameters, 3, PAGE_LASTS_MS, take_member, export);
		if (export->outcome == OUTCOME_OK)
			export->outcome = outcome;
	} while (export->outcome == OUTCOME_OK && export->rows > 0);
	return export->outcome;
}

static void *run_thread(void *owner)
{
	struct member_export *export = owner;
	struct plain *plain = NULL;
	const struct plain_settings settings = { .url = export->exports->database_url,
		.name = "export",
		.interrupted = is_stopped,
		.owner = export };
	export->outcome = plain_open(&plain, &settings);
	if (export->outcome == OUTCOME_OK)
		atomic_store(&export->whole, write_pages(export, plain) == OUTCOME_OK);
	plain_close(plain);
	close(export->out);
	open_once(export, export->outcome);
	arena_free_spares();
	loop_post(export->exports->loop, &export->ended);
	return NULL;
}

static void unwatch(struct member_export *export)
{
	if (export->watched)
		loop_unwatch(export->exports->loop, &export->watch);
	export->watched = false;
}

static void pipe_ready(void *owner, uint32_t events)
{
	(void)events;
	struct member_export *export = owner;
	unwatch(export);
	export->calls.ready(export->calls.owner);
}

ptrdiff_t member_export_read(struct member_export *export, char *room, size_t size)
{
	for (;;) {
		ssize_t got = read(export->watch.fd, room, size);
		if (got > 0)
			return got;
		if (got == 0)
			return atomic_load(&export->whole) ? MEMBER_EXPORT_END : MEMBER_EXPORT_BROKEN;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return MEMBER_EXPORT_BROKEN;
		if (!export->watched)
			export->watched =
				loop_watch(export->exports->loop, &export->watch, EPOLLIN) == OUTCOME_OK;
		return export->watched ? 0 : MEMBER_EXPORT_BROKEN;
	}
}

static void free_export(struct member_export *export)
{
	struct member_export **at = &export->exports->first;
	while (*at != export)
		at = &(*at)->next;
	*at = export->next;
	unwatch(export);
	if (export->watch.fd >= 0)
		close(export->watch.fd);
	free(export);
	atomic_fetch_sub(&under_way, 1);
}

static void opened_in_loop(void *owner)
{
	struct member_export *export = owner;
	export->calls.opened(export->calls.owner, export->opening);
}

static void end(struct member_export *export)
{
	export->calls.ended(export->calls.owner);
	free_export(export);
}

static void join(struct member_export *export)
{
	pthread_join(export->thread, NULL);
	end(export);
}

/* What is in the pipe is still to be read. */
static void ended_in_loop(void *owner)
{
	struct member_export *export = owner;
	export->has_ended = true;
	if (export->over)
		join(export);
}

void member_export_stop(struct member_export *export)
{
	atomic_store(&export->stopped, true);
	unwatch(export);
	export->over = true;
	if (export->has_ended)
		join(export);
}

static bool take_place(int most)
{
	if (atomic_fetch_add(&under_way, 1) < most)
		return true;
	atomic_fetch_sub(&under_way, 1);
	return false;
}

static enum outcome open_pipe(struct member_export *export)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return OUTCOME_BUSY;
	export->watch.fd = ends[0];
	export->out = ends[1];
	return OUTCOME_OK;
}

enum outcome member_export_start(struct member_exports *exports, const char *insurer_number,
	const struct member_export_calls *calls, struct member_export **started)
{
	*started = NULL;
	if (!take_place(exports->most))
		return OUTCOME_BUSY;
	struct member_export *export = calloc(1, sizeof *export);
	if (export == NULL) {
		atomic_fetch_sub(&under_way, 1);
		return OUTCOME_NO_MEMORY;
	}
	export->exports = exports;
	export->next = exports->first;
	exports->first = export;
	export->calls = *calls;
	export->watch = (struct watch){ .fd = -1, .ready = pipe_ready, .owner = export };
	export->opened = (struct task){ .run = opened_in_loop, .owner = export };
	export->ended = (struct task){ .run = ended_in_loop, .owner = export };
	(void)snprintf(export->insurer_number, sizeof export->insurer_number, "%s", insurer_number);
	enum outcome outcome = open_pipe(export);
	if (outcome == OUTCOME_OK && pthread_create(&export->thread, NULL, run_thread, export) != 0) {
		close(export->out);
		outcome = OUTCOME_BUSY;
	}
	if (outcome != OUTCOME_OK) {
		free_export(export);
		return outcome;
	}
	*started = export;
	return OUTCOME_OK;
}

bool member_exports_close(struct member_exports *exports)
{
	struct timespec until;
	bool all = true;
	for (struct member_export *export = exports->first; export != NULL; export = export->next)
		atomic_store(&export->stopped, true);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LAST_WAIT_SECONDS;
	for (struct member_export *export = exports->first, *next = NULL; export != NULL; export = next) {
		next = export->next;
		if (pthread_timedjoin_np(export->thread, NULL, &until) == 0)
			end(export);
		else
			all = false;
	}
	return all;
}
