/* Challenges that nobody has to remember: 16 random bytes, when they expire, and an HMAC over both and whoever asked. Only a use
 * is written down (R5.1). */
#ifndef SHIKAKU_TRUST_CHALLENGE_H
#define SHIKAKU_TRUST_CHALLENGE_H

#include <stdint.h>

#include "base/outcome.h"
#include "base/text.h"

#define CHALLENGE_KEY_SIZE 32
#define CHALLENGE_NONCE_SIZE 16
/* base64url of version, nonce, expiry and HMAC-SHA-256: 57 bytes, and a NUL. */
#define CHALLENGE_TEXT_SIZE 77

struct challenge {
	uint8_t nonce[CHALLENGE_NONCE_SIZE];
	int64_t expires_at; /* microseconds since 1970; the first moment at which it is too old */
};

/* OpenSSL's objects for challenges, one a loop. */
struct challenger;

enum outcome MUST_CHECK challenger_create(struct challenger **created);
void challenger_destroy(struct challenger *challenger);

/* A new challenge for `holder` (who may use it) that lives until `expires_at`. */
enum outcome MUST_CHECK challenge_make(struct challenger *challenger, const uint8_t key[CHALLENGE_KEY_SIZE],
	struct slice holder, int64_t expires_at, char text[CHALLENGE_TEXT_SIZE]);

/* OUTCOME_INVALID: not made under this key for this holder. OUTCOME_LATE: it was, and has expired by `now`. */
enum outcome MUST_CHECK challenge_read(struct challenger *challenger, const uint8_t key[CHALLENGE_KEY_SIZE],
	struct slice holder, struct slice text, int64_t now, struct challenge *challenge);

#endif
