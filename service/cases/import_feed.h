/* A file of members from a loop to the thread that loads it: a pipe that holds little and, when the database is slower than the client,
 * says so. How many are under way in the process is bounded. */
#ifndef SHIKAKU_CASES_IMPORT_FEED_H
#define SHIKAKU_CASES_IMPORT_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "base/outcome.h"
#include "cases/import_load.h"

struct import_feed;

#define IMPORT_FEED_CONNECTIONS 2 /* to the database, each */

/* Those of one loop. Zero, with all but `first` set, to begin with. */
struct import_feeds {
	struct loop *loop;
	const char *database_url;
	const struct sealing_key *numbers_key;
	int most; /* in the whole process */
	struct import_feed *first;
};

/* All in the loop's thread. */
struct import_feed_calls {
	/* The file may come. */
	void (*opened)(void *owner);
	/* There is room again, after import_feed_take said that there is none. */
	void (*room)(void *owner);
	/* It is over, whatever was done meanwhile: the load says what came of it, as import_load_run does. The feed is gone behind the
	 * call. */
	void (*ended)(void *owner, enum outcome outcome, const struct import_load *load);
	void *owner;
};

/* OUTCOME_BUSY: as many as may be are under way. */
enum outcome MUST_CHECK import_feed_start(struct import_feeds *feeds, const struct import_wish *wish,
	const struct import_feed_calls *calls, struct import_feed **started);

/* The next piece, which is taken in any case; false: no more than IMPORT_FEED_MORE bytes beyond it before `room`. */
#define IMPORT_FEED_MORE ((size_t)16 * 1024)
bool import_feed_take(struct import_feed *feed, const char *piece, size_t length);
/* No more comes. `whole`: that was the file. Else nothing of it is kept. */
void import_feed_end(struct import_feed *feed, bool whole);

/* Interrupts all and waits for them; each is told by `ended`. False: one still waits for a database that says nothing, and the process
 * can only end (_exit). */
bool import_feeds_close(struct import_feeds *feeds);

#endif
