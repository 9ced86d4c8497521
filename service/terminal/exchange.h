/* One question over HTTP, one answer: the only file with curl.h. No redirects (they would carry the token elsewhere), no retries
 * (the person at the desk decides), and a bound on everything that comes back. */
#ifndef SHIKAKU_TERMINAL_EXCHANGE_H
#define SHIKAKU_TERMINAL_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"

#define EXCHANGE_BODY_MAX ((size_t)1024 * 1024)
#define EXCHANGE_WHY_SIZE 256

enum exchange_method { EXCHANGE_GET, EXCHANGE_POST };

/* Whom we ask, and how long all questions to it may take together. Texts are borrowed. */
struct exchange_peer {
	const char *base_url;
	const char *token; /* NULL: none is sent */
	int64_t deadline; /* monotonic microseconds, as of clock_read */
};

struct exchange_reply {
	long status;
	char media_type[64]; /* lower case, without parameters; "" when there is none */
	long retry_after; /* seconds, 0 when not said */
	int64_t date; /* the service's clock, seconds since 1970-01-01T00:00:00Z; -1 when not said */
	char *body; /* owned by the reply, NUL-terminated, may hold NUL before */
	size_t length;
	char why[EXCHANGE_WHY_SIZE]; /* English, when there is no reply */
};

/* The moment until which `milliseconds` from now last. */
int64_t exchange_deadline(long milliseconds);

/* Asks the peer's base_url + path. `body` is JSON, "" for a POST without one, unused for a GET. OUTCOME_OK: any status, whole body.
 * OUTCOME_INVALID: the URL is not one for us (http or https, without user, query or fragment). OUTCOME_UNAVAILABLE: no connection.
 * OUTCOME_LATE: past the deadline. OUTCOME_INTERNAL: not HTTP, cut short, or over EXCHANGE_BODY_MAX. OUTCOME_NO_MEMORY. Always
 * followed by exchange_reply_free. */
enum outcome MUST_CHECK exchange(const struct exchange_peer *peer, enum exchange_method method,
	const char *path, const char *body, struct exchange_reply *reply);

void exchange_reply_free(struct exchange_reply *reply);

#endif
