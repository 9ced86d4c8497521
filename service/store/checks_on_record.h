/* Reading the records of checks back, for an audit: by the command line, never by a loop. */
#ifndef SHIKAKU_STORE_CHECKS_ON_RECORD_H
#define SHIKAKU_STORE_CHECKS_ON_RECORD_H

#include "store/checks.h"

/* A record as it stands in the database. `record.owner` is valid during the call that gives it. */
struct check_on_record {
	struct check_record record;
	struct check_place
		place; /* at position 0 `previous` is the head that the chain follows, else zeros */
	uint8_t digest[DIGEST_SIZE];
};

/* take(owner, record) for every record, ordered by chain and position. OUTCOME_UNAVAILABLE: not all could be read. */
enum outcome MUST_CHECK checks_walk(
	const char *url, void (*take)(void *owner, const struct check_on_record *record), void *owner);

/* take(owner, record) for the first record of each chain that follows a head which is not there, with nothing but its check_id and
 * its chain filled. */
enum outcome MUST_CHECK checks_find_lost_heads(
	const char *url, void (*take)(void *owner, const struct check_on_record *record), void *owner);

#endif
