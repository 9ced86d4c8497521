/* Text of others in our UTF-8. */
#ifndef SHIKAKU_BASE_CHARSET_H
#define SHIKAKU_BASE_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outcome.h"
#include "base/text.h"

bool utf8_is_valid(struct slice text);

/* From CP932, the Shift_JIS of Windows (Windows-31J). */
struct cp932;

/* OUTCOME_UNAVAILABLE: the C library lacks it. */
enum outcome MUST_CHECK cp932_create(struct cp932 **created);
void cp932_destroy(struct cp932 *cp932);

/* A byte becomes at most so many. */
#define CP932_GROWTH 3
/* `room` is for CP932_GROWTH times the length of `text`. OUTCOME_INVALID: that is no CP932. */
enum outcome MUST_CHECK cp932_to_utf8(struct cp932 *cp932, struct slice text, char *room, size_t *length);

#endif
