/* 印影: the picture of an insurer's seal, as papers bear it (R15). */
#ifndef SHIKAKU_RULES_SEAL_H
#define SHIKAKU_RULES_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define SEAL_BYTES_MAX ((size_t)64 * 1024)
/* A picture that is small as a file may still be larger than any memory once it is unpacked. */
#define SEAL_PIXELS_MAX 2048

/* Whether the bytes begin and end as a PNG of at most SEAL_PIXELS_MAX in each direction does. Its pixels are not looked at. Pure. */
bool seal_is_a_small_png(struct slice bytes);

#endif
