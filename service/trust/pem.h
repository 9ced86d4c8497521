/* The certificate in a file as people keep them. */
#ifndef SHIKAKU_TRUST_PEM_H
#define SHIKAKU_TRUST_PEM_H

#include "base/arena.h"
#include "base/outcome.h"
#include "base/text.h"

/* The DER of the first certificate in a PEM file (a key beside it is passed over); a file that is not PEM is taken as DER as it
 * is. OUTCOME_INVALID: PEM without a certificate. The bytes are copied into the arena. */
enum outcome MUST_CHECK pem_certificate(struct arena *arena, struct slice content, struct slice *der);

#endif
