/* Base64 as JSON fields carry it: the standard alphabet with padding (RFC 4648, 4), strictly. */
#ifndef SHIKAKU_TRUST_BASE64_H
#define SHIKAKU_TRUST_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/outcome.h"
#include "base/text.h"

/* Decodes into the arena. One text for each value: a character outside the alphabet (white space too), missing padding and bits
 * set behind the last byte are OUTCOME_INVALID. */
enum outcome MUST_CHECK base64_decode(struct arena *arena, struct slice text, struct slice *bytes);

#endif
