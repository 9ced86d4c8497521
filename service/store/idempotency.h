/* The Idempotency-Key of a request that creates a record: it goes with the one statement that writes, whose function answers what
 * the same request was answered before (migrations/deploy/idempotency_keys.sql). */
#ifndef SHIKAKU_STORE_IDEMPOTENCY_H
#define SHIKAKU_STORE_IDEMPOTENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "store/columns.h"

/* Digests only: a key or a request may name a person. */
struct idempotency {
	bool given; /* false: the rest is not looked at */
	struct slice route; /* the template; no value where no key was given */
	uint8_t key_digest[DIGEST_SIZE];
	uint8_t request_digest[DIGEST_SIZE]; /* of what was asked, with its path */
};

/* Lines of a statement's table, for a member of that type: NULL where no key was given. */
#define IDEMPOTENCY_COLUMNS(question, member) \
	COLUMN_TEXT(question, member.route), COLUMN_DIGEST_IF(question, member.given, member.key_digest), \
		COLUMN_DIGEST_IF(question, member.given, member.request_digest)

#endif
