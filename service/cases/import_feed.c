#include "cases/import_feed.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define PIPE_BYTES (256 * 1024)
#define LAST_WAIT_SECONDS 5

static _Atomic int under_way;

struct import_feed {
	struct import_feeds *feeds;
	struct import_feed *next;
	struct import_feed_calls calls;
	struct import_load load;
	enum outcome outcome;
	pthread_t thread;
	struct task opened;
	struct task ended;
	_Atomic bool whole;
	_Atomic bool interrupted;
	struct watch watch; /* the pipe's end to write to; -1 once it is closed */
	bool watched;
	bool ending; /* to be closed once all is written */
	size_t waiting; /* bytes for which the pipe had no room */
	char bytes[2 * IMPORT_FEED_MORE];
};

static void unwatch(struct import_feed *feed)
{
	if (feed->watched)
		loop_unwatch(feed->feeds->loop, &feed->watch);
	feed->watched = false;
}

static void close_pipe(struct import_feed *feed)
{
	unwatch(feed);
	if (feed->watch.fd >= 0)
		close(feed->watch.fd);
	feed->watch.fd = -1;
	sealing_wipe(feed->bytes, sizeof feed->bytes);
	feed->waiting = 0;
}

/* How much of it the pipe took; all of it once nobody reads any more. */
static size_t write_some(struct import_feed *feed, const char *bytes, size_t length)
{
	size_t done = 0;
	while (done < length && feed->watch.fd >= 0) {
		ssize_t written = write(feed->watch.fd, bytes + done, length - done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN)
			return done;
		if (written < 0)
			close_pipe(feed);
		else
			done += (size_t)written;
	}
	return length;
}

static void pipe_ready(void *owner, uint32_t events)
{
	(void)events;
	struct import_feed *feed = owner;
	size_t written = write_some(feed, feed->bytes, feed->waiting);
	if (feed->watch.fd < 0)
		written = feed->waiting;
	memmove(feed->bytes, feed->bytes + written, feed->waiting - written);
	feed->waiting -= written;
	if (feed->waiting > 0)
		return;
	unwatch(feed);
	if (feed->ending)
		close_pipe(feed);
	else
		feed->calls.room(feed->calls.owner);
}

bool import_feed_take(struct import_feed *feed, const char *piece, size_t length)
{
	size_t written = feed->waiting > 0 ? 0 : write_some(feed, piece, length);
	size_t left = length - written;
	if (left == 0)
		return true;
	if (left > sizeof feed->bytes - feed->waiting) {
		/* More than was agreed on: part of a file is none. */
		log_line(LOG_LEVEL_ERROR, "import", "a piece is larger than there was room for");
		import_feed_end(feed, false);
		return true;
	}
	memcpy(feed->bytes + feed->waiting, piece + written, left);
	feed->waiting += left;
	if (!feed->watched)
		feed->watched = loop_watch(feed->feeds->loop, &feed->watch, EPOLLOUT) == OUTCOME_OK;
	if (!feed->watched)
		import_feed_end(feed, false);
	return false;
}

void import_feed_end(struct import_feed *feed, bool whole)
{
	atomic_store(&feed->whole, whole);
	feed->ending = true;
	if (feed->waiting == 0 || !whole)
		close_pipe(feed);
}

static void opened_in_thread(void *owner)
{
	struct import_feed *feed = owner;
	loop_post(feed->feeds->loop, &feed->opened);
}

static bool is_whole(void *owner)
{
	const struct import_feed *feed = owner;
	return atomic_load(&feed->whole);
}

static bool is_interrupted(void *owner)
{
	const struct import_feed *feed = owner;
	return atomic_load(&feed->interrupted);
}

static void *run_thread(void *owner)
{
	struct import_feed *feed = owner;
	feed->outcome = import_load_run(&feed->load);
	loop_post(feed->feeds->loop, &feed->ended);
	return NULL;
}

static void opened_in_loop(void *owner)
{
	struct import_feed *feed = owner;
	feed->calls.opened(feed->calls.owner);
}

static void free_feed(struct import_feed *feed)
{
	struct import_feed **at = &feed->feeds->first;
	while (*at != feed)
		at = &(*at)->next;
	*at = feed->next;
	close_pipe(feed);
	close(feed->load.fd);
	free(feed);
	atomic_fetch_sub(&under_way, 1);
}

static void end(struct import_feed *feed)
{
	feed->calls.ended(feed->calls.owner, feed->outcome, &feed->load);
	free_feed(feed);
}

static void ended_in_loop(void *owner)
{
	struct import_feed *feed = owner;
	pthread_join(feed->thread, NULL);
	end(feed);
}

static enum outcome open_pipe(struct import_feed *feed)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return OUTCOME_BUSY;
	feed->load.fd = ends[0];
	feed->watch.fd = ends[1];
	/* Less is only slower. */
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
	return fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 ? OUTCOME_OK : OUTCOME_BUSY;
}

static bool take_place(int most)
{
	if (atomic_fetch_add(&under_way, 1) < most)
		return true;
	atomic_fetch_sub(&under_way, 1);
	return false;
}

enum outcome import_feed_start(struct import_feeds *feeds, const struct import_wish *wish,
	const struct import_feed_calls *calls, struct import_feed **started)
{
	*started = NULL;
	if (!take_place(feeds->most))
		return OUTCOME_BUSY;
	struct import_feed *feed = calloc(1, sizeof *feed);
	if (feed == NULL) {
		atomic_fetch_sub(&under_way, 1);
		return OUTCOME_NO_MEMORY;
	}
	feed->feeds = feeds;
	feed->next = feeds->first;
	feeds->first = feed;
	feed->calls = *calls;
	feed->watch = (struct watch){ .fd = -1, .ready = pipe_ready, .owner = feed };
	feed->opened = (struct task){ .run = opened_in_loop, .owner = feed };
	feed->ended = (struct task){ .run = ended_in_loop, .owner = feed };
	feed->load = (struct import_load){ .url = feeds->database_url,
		.numbers_key = feeds->numbers_key,
		.wish = *wish,
		.fd = -1,
		.opened = opened_in_thread,
		.is_whole = is_whole,
		.interrupted = is_interrupted,
		.owner = feed };
	enum outcome outcome = open_pipe(feed);
	if (outcome == OUTCOME_OK && pthread_create(&feed->thread, NULL, run_thread, feed) != 0)
		outcome = OUTCOME_BUSY;
	if (outcome != OUTCOME_OK) {
		free_feed(feed);
		return outcome;
	}
	*started = feed;
	return OUTCOME_OK;
}

bool import_feeds_close(struct import_feeds *feeds)
{
	struct timespec until;
	bool all = true;
	for (struct import_feed *feed = feeds->first; feed != NULL; feed = feed->next) {
		atomic_store(&feed->interrupted, true);
		close_pipe(feed);
	}
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LAST_WAIT_SECONDS;
	for (struct import_feed *feed = feeds->first, *next = NULL; feed != NULL; feed = next) {
		next = feed->next;
		if (pthread_timedjoin_np(feed->thread, NULL, &until) == 0)
			end(feed);
		else
			all = false;
	}
	return all;
}
