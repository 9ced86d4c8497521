/* A line of NDJSON as a row: the names of a file's columns as keys, or a member's record as it is read over the API and exported. */
#ifndef SHIKAKU_CASES_IMPORT_JSON_H
#define SHIKAKU_CASES_IMPORT_JSON_H

#include "cases/import_reader.h"

/* Reads the line into `row`, whose texts are then in `arena`. OUTCOME_INVALID: it is no row; `error` says why, but for its line. */
enum outcome MUST_CHECK import_json_read(
	struct arena *arena, struct slice line, struct import_row *row, struct staging_error *error);

#endif
