/* A member's record as JSON: read from a request, or from what GET answers, and where in it something is wrong. */
#ifndef SHIKAKU_API_MEMBER_BODY_H
#define SHIKAKU_API_MEMBER_BODY_H

#include "api/decode.h"
#include "cases/whole_record.h"

/* Fills the record; what it points to lives as long as `body` and the arena. Only the shape is looked at: unknown fields, wrong types, lists
 * that are too long. What an answer shows and nobody can write is passed over, so that a record can be sent back as it came.
 * `member_id` is the path's, which the body may repeat; no value: the body's own counts. */
void member_body_decode(struct arena *arena, json_t *body, struct slice member_id,
	struct whole_record *record, struct field_errors *errors);

/* The same over a record that is there (JSON Merge Patch, RFC 7396): what the body names takes the place of what was, null takes it away,
 * and the rest stays. The record's member_id stays as it is. */
void member_body_merge(
	struct arena *arena, json_t *body, struct whole_record *record, struct field_errors *errors);

/* What is wrong with the record, each with its pointer into the JSON. */
void member_body_note_faults(
	struct arena *arena, const struct record_faults *faults, struct field_errors *errors);

/* One of them, at a pointer of its own. */
void member_body_note_fault(struct arena *arena, const char *pointer, const struct record_fault *fault,
	struct field_errors *errors);

#endif
