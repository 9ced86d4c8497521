/* A table of amounts in a body: read, and what is wrong with it named (R7.2). */
#ifndef SHIKAKU_API_LIMIT_TABLE_BODY_H
#define SHIKAKU_API_LIMIT_TABLE_BODY_H

#include "api/decode.h"
#include "cases/limit_tables.h"

/* Reads the body into the case's table, source and note, and notes every fault of form; what the amounts say together is the case's
 * to judge. What it keeps is in `arena`. */
void limit_table_body_decode(
	struct arena *arena, json_t *body, struct limit_table_case *of, struct field_errors *errors);

/* Notes what the case found. */
void limit_table_body_note_faults(
	struct arena *arena, const struct limit_table_faults *faults, struct field_errors *errors);

/* Notes one fault: "expected ", then these two. */
void limit_table_body_note(struct arena *arena, const char *pointer, enum field_error_code code,
	const char *first, const char *second, struct field_errors *errors);

#endif
