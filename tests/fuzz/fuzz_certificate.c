/* Any bytes as a card's certificate (R5.1), and as the file of one. */
#include "target.h"

#include <string.h>

#include "base/arena.h"
#include "trust/certificate.h"
#include "trust/pem.h"
#include "trust/signature.h"

static struct verifier *the_verifier(void)
{
	static struct verifier *verifier;
	if (verifier == NULL)
		MUST_HOLD(verifier_create(&verifier) == OUTCOME_OK);
	return verifier;
}

/* A key that was read is one that the check of signatures understands, and nothing is signed by chance. */
static void look_at_key(const struct public_key *key, struct slice signature)
{
	struct slice kept = { (const char *)key->bytes, key->length };
	for (int algorithm = SIGNATURE_RS256; algorithm <= SIGNATURE_ES384; algorithm++)
		MUST_HOLD(signature_check(the_verifier(), (enum signature_algorithm)algorithm, kept,
				  SLICE_LITERAL("challenge"), signature) == OUTCOME_INVALID);
}

static void look_at(struct arena *arena, struct slice der)
{
	struct certificate certificate;
	const struct anchor *issuer = NULL;
	enum outcome outcome = certificate_read(arena, der, &certificate);
	MUST_HOLD(outcome == OUTCOME_OK || outcome == OUTCOME_INVALID);
	if (outcome != OUTCOME_OK)
		return;
	MUST_HOLD(der.length <= CERTIFICATE_MAX);
	MUST_HOLD(certificate.serial_length >= 1 && certificate.serial_length <= SERIAL_MAX);
	MUST_HOLD(certificate.serial_length == 1 || certificate.serial[0] != 0);
	MUST_HOLD(certificate.not_before < certificate.not_after);
	MUST_HOLD(certificate.key.length <= PUBLIC_KEY_MAX);
	enum certificate_verdict verdict = certificate_judge(&certificate, fuzz_anchors(), &issuer);
	MUST_HOLD(verdict != CERTIFICATE_TRUSTED || (issuer != NULL && issuer->use != ANCHOR_OF_SIGNING));
	MUST_HOLD(verdict != CERTIFICATE_TRUSTED || certificate.key.length > 0);
	if (certificate.key.length > 0)
		look_at_key(&certificate.key, (struct slice){ der.at, der.length < 64 ? der.length : 64 });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct slice content = { (const char *)data, size };
	struct slice der;
	arena_open(&arena, 1024 * 1024);
	look_at(&arena, content);
	if (pem_certificate(&arena, content, &der) == OUTCOME_OK &&
		(der.length != size || memcmp(der.at, data, size) != 0))
		look_at(&arena, der);
	arena_close(&arena);
	return 0;
}
