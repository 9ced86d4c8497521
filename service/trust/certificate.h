/* A certificate as a terminal sends it: read, and told apart from what is no card's (R5.1, R5.2). */
#ifndef SHIKAKU_TRUST_CERTIFICATE_H
#define SHIKAKU_TRUST_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/outcome.h"
#include "base/text.h"
#include "trust/anchors.h"
#include "trust/signature.h"

/* A card's certificate has some 1,300 bytes. */
#define CERTIFICATE_MAX 6144
#define SERIAL_MAX 20

struct certificate {
	struct public_key key; /* length 0: none that a card may have (kind or size) */
	uint8_t serial[SERIAL_MAX]; /* big-endian, without leading zeros */
	size_t serial_length;
	int64_t not_before; /* microseconds since 1970 */
	int64_t not_after; /* the last second in which it is valid, its beginning */
	void *x509; /* OpenSSL's; belongs to the arena */
};

/* Reads exactly one DER certificate. OUTCOME_INVALID: it is none, there is something behind it, its encoding is not DER, or it
 * is longer than CERTIFICATE_MAX. OUTCOME_NO_MEMORY. Costs some 100 µs. */
enum outcome MUST_CHECK certificate_read(
	struct arena *arena, struct slice der, struct certificate *certificate);

enum certificate_verdict {
	CERTIFICATE_TRUSTED,
	CERTIFICATE_UNTRUSTED, /* of no anchor, or with a key or an extension that we do not take */
	CERTIFICATE_WRONG_PURPOSE, /* 署名用, a CA, without digitalSignature, of another policy */
	CERTIFICATE_NOT_JUDGED, /* for want of memory */
};

/* Whose it is and what for: chosen by key identifier and signature, never by name, which all generations share. With
 * CERTIFICATE_TRUSTED `issuer` is one of the anchors for cards or phones. Dates are judged elsewhere. */
enum certificate_verdict certificate_judge(
	const struct certificate *certificate, const struct anchors *anchors, const struct anchor **issuer);

#endif
