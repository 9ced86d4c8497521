/* The card's answer to a challenge: what shows that this very card is here and now (R5.1). */
#ifndef SHIKAKU_TERMINAL_CARD_PROOF_H
#define SHIKAKU_TERMINAL_CARD_PROOF_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/outcome.h"
#include "terminal/card_trouble.h"
#include "terminal/challenge.h"

/* The contract's bounds, characters of base64. */
#define PROOF_CERTIFICATE_MAX 8192
#define PROOF_SIGNATURE_MAX 1024

struct card_proof {
	const char *algorithm;
	char challenge[CHALLENGE_MAX + 1];
	char certificate[PROOF_CERTIFICATE_MAX + 1]; /* DER, base64 */
	char signature[PROOF_SIGNATURE_MAX + 1]; /* base64; ECDSA as DER */
};

/* RS256 for RSA, ES256 for P-256, ES384 for P-384; NULL for other keys, and for what would not fit into a proof. */
const char *card_algorithm(const X509 *certificate);

/* Signs the challenge's ASCII bytes, and checks with the certificate that the signature holds, as the service will. The certificate
 * is one for which card_algorithm has a name. CARD_SIGN_FAILED: the key does not. */
enum card_trouble MUST_CHECK card_proof_make(
	X509 *certificate, EVP_PKEY *key, const char *challenge, struct card_proof *proof);

#endif
