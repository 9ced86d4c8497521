/* Are the records of checks as they were written? (R13.2) */
#ifndef SHIKAKU_CASES_AUDIT_H
#define SHIKAKU_CASES_AUDIT_H

#include <stdint.h>

#include "base/outcome.h"
#include "base/uuid.h"
#include "trust/digest.h"

enum audit_fault {
	AUDIT_RECORD_MISSING, /* `position` is not there; `check_id` is the next one that is */
	AUDIT_RECORD_TWICE, /* a second record in this place */
	AUDIT_RECORD_ALTERED, /* its digest is not that of its contents after its predecessor */
	AUDIT_HEAD_LOST, /* the record that this chain follows is not there */
};

struct audit_finding {
	enum audit_fault fault;
	uint8_t chain_id[UUID_BYTES];
	int64_t position;
	uint8_t check_id[UUID_BYTES];
};

struct audit {
	struct hasher *hasher;
	/* Called for the first broken link of a chain; chains come in the order of time, lost heads after all others. */
	void (*found)(void *owner, const struct audit_finding *finding);
	void *owner;
	/* What was read: */
	int64_t chains;
	int64_t records;
	int64_t findings;
};

/* Reads every record there is and computes every digest again. The service may write meanwhile. OUTCOME_UNAVAILABLE: not everything
 * could be read, so that nothing can be said of the rest. */
enum outcome MUST_CHECK audit_verify(struct audit *audit, const char *database_url);

#endif
