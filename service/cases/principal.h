/* Who asks: the holder of a bearer token. Each loop keeps the tokens it has met; a token is asked for again in the background
 * before it is old, so that a revocation works everywhere within 5 seconds and no request waits for it. */
#ifndef SHIKAKU_CASES_PRINCIPAL_H
#define SHIKAKU_CASES_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/outcome.h"
#include "cases/rate_limit.h"
#include "store/store.h"

enum scope {
	SCOPE_NONE, /* a path that anybody may ask */
	SCOPE_TERMINAL,
	SCOPE_INSURER,
	SCOPE_PORTAL,
	SCOPE_REGISTRAR,
	SCOPE_OPERATOR,
};

struct principal {
	int64_t token_id;
	enum scope scope;
	char owner[TOKEN_OWNER_MAX]; /* 医療機関コード or 保険者番号; "" where the scope has none */
	struct rate_limit *limit;
};

struct principals;

/* Somebody who waits to learn who asks. `found` is called once with OUTCOME_OK and a principal that is valid during the call,
 * OUTCOME_NOT_FOUND (unknown, expired or revoked) or OUTCOME_UNAVAILABLE. */
struct principal_waiter {
	void (*found)(
		struct principal_waiter *waiter, enum outcome outcome, const struct principal *principal);
	struct principal_waiter *next; /* the cache's own */
};

/* `age` in microseconds: a token is used without asking again for at most twice that. */
enum outcome MUST_CHECK principals_create(struct principals **created, struct store *store, int64_t age);
/* After the store: nobody waits any more. */
void principals_destroy(struct principals *principals);

/* Calls waiter->found, at once when the token is known, else later. */
void principals_find(struct principals *principals, const uint8_t digest[DIGEST_SIZE],
	struct clock_reading now, struct principal_waiter *waiter);

const char *scope_code(enum scope scope);
/* SCOPE_NONE for an unknown code. */
enum scope scope_parse(const char *code);

#endif
