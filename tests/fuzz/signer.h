/* Issuers whose keys are known to everybody who reads signer.c: what a fuzzer makes up gets their signature, so that what is judged
 * behind a signature is reached. The same keys in every run. */
#ifndef SHIKAKU_TESTS_FUZZ_SIGNER_H
#define SHIKAKU_TESTS_FUZZ_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "../unit/authority.h"
#include "base/arena.h"

/* Of cards, phones and signing, by enum anchor_use; all of one name. */
const struct authority *signer(enum anchor_use use);

/* The three as anchors, made once, with a policy for cards. */
const struct anchors *signer_anchors(void);

/* What was to be signed, its signature behind it: a certificate or a revocation list. */
struct slice sign(struct arena *arena, enum anchor_use use, const uint8_t *to_be_signed, size_t size);

#endif
