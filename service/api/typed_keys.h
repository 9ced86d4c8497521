/* The keys that are typed from a document, as fields of a request: read and normalised alike by every endpoint that takes
 * them (R2). A fault is noted with the field's own pointer; what was sent is never repeated. */
#ifndef SHIKAKU_API_TYPED_KEYS_H
#define SHIKAKU_API_TYPED_KEYS_H

#include "api/decode.h"
#include "rules/identifiers.h"

/* 保険者番号 with 8 digits (R2.1); `number` stays as it is for NULL and for what is none. */
void decode_insurer_number(const json_t *value, const char *pointer, struct field_errors *errors,
	char number[INSURER_NUMBER_DIGITS + 1]);

/* The spelling by which 記号 or 番号 is compared (R2.2), kept in the arena; no value for NULL and for what is none. */
struct slice decode_key(
	struct arena *arena, const json_t *value, const char *pointer, struct field_errors *errors);

/* 枝番, two digits (R2.2), kept in the arena; no value for NULL and for what is none. */
struct slice decode_branch(
	struct arena *arena, const json_t *value, const char *pointer, struct field_errors *errors);

#endif
