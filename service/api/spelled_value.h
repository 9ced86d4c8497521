/* One field of a request that is spelled like a field of a member's record: the same name, address or key is the same wherever it
 * stands. */
#ifndef SHIKAKU_API_SPELLED_VALUE_H
#define SHIKAKU_API_SPELLED_VALUE_H

#include "api/decode.h"
#include "rules/member_record.h"

/* The value in its one spelling, blanks around it taken off, in the arena; no value for NULL and for what is none, which is noted.
 * `expected` says what would have been one. */
struct slice decode_spelled(struct arena *arena, const json_t *value, const char *pointer,
	enum member_field like, const char *expected, struct field_errors *errors);

/* The same for a text that stands in no JSON. False when it is none, or memory is short. */
bool spell_text_like(struct arena *arena, struct slice given, enum member_field like, struct slice *spelled);

#endif
