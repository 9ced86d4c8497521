/* Public keys in the short form in which they are kept, and signatures by them. */
#ifndef SHIKAKU_TRUST_SIGNATURE_H
#define SHIKAKU_TRUST_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/text.h"

/* R, 4 bytes exponent (big-endian), modulus; or P, uncompressed point. What is longer is no key that a card may have. */
#define PUBLIC_KEY_MAX (1 + 4 + 512)

struct public_key {
	uint8_t bytes[PUBLIC_KEY_MAX];
	size_t length;
};

enum signature_algorithm {
	SIGNATURE_RS256, /* RSASSA-PKCS1-v1_5 with SHA-256 */
	SIGNATURE_ES256, /* ECDSA on P-256 with SHA-256 */
	SIGNATURE_ES384, /* ECDSA on P-384 with SHA-384 */
};

/* OpenSSL's objects for verifying, fetched once, one a loop. */
struct verifier;

enum outcome MUST_CHECK verifier_create(struct verifier **created);
void verifier_destroy(struct verifier *verifier);

/* OUTCOME_OK when `signature` is the key's over the message. OUTCOME_INVALID when it is not, also when the algorithm is none for
 * this kind of key. ECDSA signatures are taken as DER and as r‖s. OUTCOME_INTERNAL: the key is not in the form above, or
 * memory is short. RSA-2048 takes 24 µs, P-256 some 60, P-384 some 500. */
enum outcome MUST_CHECK signature_check(struct verifier *verifier, enum signature_algorithm algorithm,
	struct slice public_key, struct slice message, struct slice signature);

#endif
