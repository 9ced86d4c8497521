/* Which certificates their issuers have withdrawn: revocation lists, read once into an index of our own, because OpenSSL's own
 * check hashes the whole list again for each certificate. Immutable once made: loops share it. */
#ifndef SHIKAKU_TRUST_REVOCATION_H
#define SHIKAKU_TRUST_REVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/text.h"
#include "trust/anchors.h"

enum revocation_state {
	REVOCATION_GOOD, /* a current list of its issuer does not name it */
	REVOCATION_HELD, /* certificateHold: stopped for the time being */
	REVOCATION_REVOKED,
	REVOCATION_UNKNOWN, /* no current list of its issuer */
};

struct revocation_index;

/* What is known of one issuer's list. */
struct revocation_issuer {
	const struct anchor *anchor;
	int64_t this_update; /* microseconds since 1970; both 0 where there is no list */
	int64_t next_update; /* from here on it is not current any more */
	size_t entries;
};

/* Reads the lists in `path` (a file or a folder, DER or PEM; "": none). Of several lists of one issuer the newest counts. A list
 * that is broken, of no anchor or not signed by it, partial or indirect is left out and counted in `faults`, after a log line.
 * The anchors outlive the index. OUTCOME_UNAVAILABLE: the path cannot be read at all; OUTCOME_NO_MEMORY. */
enum outcome MUST_CHECK revocation_load(
	const char *path, const struct anchors *anchors, struct revocation_index **loaded, size_t *faults);
void revocation_free(struct revocation_index *index);

/* Under a microsecond whatever the index holds. A list that has run out still tells what it named, never that all is well. */
enum revocation_state revocation_of(const struct revocation_index *index, struct slice issuer_key_identifier,
	struct slice serial, int64_t now);

/* Whether the issuer's list may say of a certificate that all is well. */
bool revocation_is_current(const struct revocation_issuer *issuer, int64_t now);

/* One an anchor, in the anchors' order; NULL beyond the last. */
const struct revocation_issuer *revocation_issuer_at(const struct revocation_index *index, size_t at);

#endif
