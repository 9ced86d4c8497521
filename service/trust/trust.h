/* What the service believes about cards at one time: anchors and revocation lists. Immutable, counted, shared by all loops, and
 * replaced as a whole: each loop takes the next one between two turns. */
#ifndef SHIKAKU_TRUST_TRUST_H
#define SHIKAKU_TRUST_TRUST_H

#include <stddef.h>

#include "base/outcome.h"
#include "trust/anchors.h"
#include "trust/revocation.h"

struct trust {
	_Atomic int holders;
	struct anchors anchors;
	struct revocation_index *revocation;
};

struct trust_settings {
	struct anchor_settings anchors;
	const char *crls;
};

/* Reads everything; held once, by the caller. `faults` counts revocation lists that were left out. OUTCOME_INVALID or
 * OUTCOME_UNAVAILABLE after a log line: anchors that cannot be used, or a path that cannot be read. Takes its time (a list of a
 * million entries: seconds), so never on a loop. */
enum outcome MUST_CHECK trust_load(
	const struct trust_settings *settings, struct trust **loaded, size_t *faults);

/* Any thread. */
struct trust *trust_hold(struct trust *trust);
void trust_let_go(struct trust *trust);

#endif
