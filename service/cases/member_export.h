/* All members of an insurer, on their way out: a thread reads them page by page and writes them into a pipe, as fast as somebody reads
 * it. Between two pages no transaction is open, and a reader that stops costs a connection that does nothing, until net gives him up.
 * How many are under way in the process is bounded. */
#ifndef SHIKAKU_CASES_MEMBER_EXPORT_H
#define SHIKAKU_CASES_MEMBER_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "base/outcome.h"

struct member_export;

#define MEMBER_EXPORT_CONNECTIONS 1 /* to the database, each */

/* Those of one loop. Zero, with all but `first` set, to begin with. */
struct member_exports {
	struct loop *loop;
	const char *database_url;
	int most; /* in the whole process */
	struct member_export *first;
};

/* All in the loop's thread. */
struct member_export_calls {
	/* The first page is there (OUTCOME_OK), or cannot be had; then it is over. */
	void (*opened)(void *owner, enum outcome outcome);
	/* There is something again, or it is over, after member_export_read had nothing. */
	void (*ready)(void *owner);
	/* It is over, and gone behind the call. */
	void (*ended)(void *owner);
	void *owner;
};

/* `insurer_number` has 8 digits. OUTCOME_BUSY: as many as may be are under way. */
enum outcome MUST_CHECK member_export_start(struct member_exports *exports, const char *insurer_number,
	const struct member_export_calls *calls, struct member_export **started);

#define MEMBER_EXPORT_END ((ptrdiff_t)-1)
#define MEMBER_EXPORT_BROKEN ((ptrdiff_t)-2) /* not all could be read */
/* Bytes, NDJSON; how many. 0: there are none now, `ready` will tell. */
ptrdiff_t member_export_read(struct member_export *export, char *room, size_t size);

/* No more is wanted. `ended` follows later. */
void member_export_stop(struct member_export *export);

/* Stops all and waits for them; each is told by `ended`. False: as import_feeds_close. */
bool member_exports_close(struct member_exports *exports);

#endif
