/* Where a list goes on: an opaque word that holds the last id of a page. It opens nothing that its holder may not read anyway, so
 * it is not signed: a made-up one is either no cursor, or a place in the holder's own list. */
#ifndef SHIKAKU_API_CURSOR_H
#define SHIKAKU_API_CURSOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

/* The longest: a sign, then an id of 64 characters of at most 4 bytes, as base64url. */
#define CURSOR_TEXT_MAX 344

/* Appends the cursor behind this id, as a word without anything to escape. */
void cursor_put(struct text *out, struct slice last_id);

/* The id that the cursor holds, in the arena. False when it is none of ours, or memory is short. */
bool cursor_read(struct arena *arena, struct slice cursor, struct slice *last_id);

#endif
