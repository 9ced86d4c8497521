/* What the database may keep but never read: マイナンバー while the resident register has not answered (R2.4). AES-256-GCM under a
 * key that lives in a file outside the database. */
#ifndef SHIKAKU_TRUST_SEALING_H
#define SHIKAKU_TRUST_SEALING_H

#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/text.h"

#define SEALED_MAX 128
/* What seal() adds: a nonce of 12 bytes and a tag of 16. */
#define SEALED_MORE 28

/* Never changes once it is loaded: any thread may use it. */
struct sealing_key;

/* From a file of 64 hexadecimal digits. After a log line: OUTCOME_NOT_FOUND, there is none; OUTCOME_REFUSED, other users can read
 * it; OUTCOME_INVALID, it holds something else; OUTCOME_UNAVAILABLE, it cannot be read. */
enum outcome MUST_CHECK sealing_key_load(const char *path, struct sealing_key **made);
void sealing_key_free(struct sealing_key *key);

/* Seals up to SEALED_MAX - SEALED_MORE bytes. `bound_to` says whose they are: only with the same can they be unsealed. The same
 * bytes, bound to the same, become the same sealed bytes, so that who sends a number again changes nothing.
 * OUTCOME_INVALID: too long. */
enum outcome MUST_CHECK seal(const struct sealing_key *key, struct slice plain, struct slice bound_to,
	uint8_t sealed[SEALED_MAX], size_t *length);

/* The way back; the caller wipes `plain` by sealing_wipe as soon as it can. OUTCOME_INVALID: not sealed under this key for this
 * `bound_to`, or changed since. */
enum outcome MUST_CHECK unseal(const struct sealing_key *key, struct slice sealed, struct slice bound_to,
	uint8_t plain[SEALED_MAX], size_t *length);

/* Overwrites, also where a compiler sees that nobody reads it again. */
void sealing_wipe(void *bytes, size_t length);

#endif
