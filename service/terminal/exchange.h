/* One question over HTTP, one answer: the only file with curl.h. No redirects (they would carry the token elsewhere), no retries
 * (the person at the desk decides), and a bound on everything that comes back. */
#ifndef SHIKAKU_TERMINAL_EXCHANGE_H
#define SHIKAKU_TERMINAL_EXCHANGE_H

#include <stddef.h>

#include "base/outcome.h"

#define EXCHANGE_BODY_MAX ((size_t)1024 * 1024)
#define EXCHANGE_WHY_SIZE 256

struct exchange_reply {
	long status;
	char media_type[64]; /* lower case, without parameters; "" when there is none */
	long retry_after; /* seconds, 0 when not said */
	char *body; /* owned by the reply, NUL-terminated, may hold NUL before */
	size_t length;
	char why[EXCHANGE_WHY_SIZE]; /* English, when there is no reply */
};

/* POSTs JSON to `base_url` + /v1/eligibility-checks. OUTCOME_OK: any status, whole body. OUTCOME_INVALID: the URL is not one for us
 * (http or https, without user, query or fragment). OUTCOME_UNAVAILABLE: no connection. OUTCOME_LATE: past timeout_ms.
 * OUTCOME_INTERNAL: not HTTP, cut short, or over EXCHANGE_BODY_MAX. OUTCOME_NO_MEMORY. Always followed by exchange_reply_free. */
enum outcome MUST_CHECK exchange_post(const char *base_url, const char *token, const char *body,
	long timeout_ms, struct exchange_reply *reply);

void exchange_reply_free(struct exchange_reply *reply);

#endif
