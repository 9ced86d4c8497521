/* The Idempotency-Key of a request that creates a record: it goes with the one statement that writes, whose function answers what
 * the same request was answered before (migrations/deploy/idempotency_keys.sql). */
#ifndef SHIKAKU_STORE_IDEMPOTENCY_H
#define SHIKAKU_STORE_IDEMPOTENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/parameters.h"

#define IDEMPOTENCY_DIGEST_SIZE 32

struct lane_question;

/* Digests only: a key or a request may name a person. */
struct idempotency {
	bool given; /* false: the rest is not looked at */
	uint8_t key_digest[IDEMPOTENCY_DIGEST_SIZE];
	uint8_t request_digest[IDEMPOTENCY_DIGEST_SIZE]; /* of what was asked, with its path */
	const char *route; /* the template */
};

/* Appends three arrays, NULL where no key was given: routes, key digests, request digests. `of` finds the key of a question. */
void idempotency_bind(struct parameters *parameters, struct lane_question *const questions[], size_t count,
	const struct idempotency *(*of)(struct lane_question *question));

#endif
