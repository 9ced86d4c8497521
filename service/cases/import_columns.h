/* The columns of a file of members: its header row, and the keys of its JSON objects. */
#ifndef SHIKAKU_CASES_IMPORT_COLUMNS_H
#define SHIKAKU_CASES_IMPORT_COLUMNS_H

#include <stddef.h>

#include "base/text.h"
#include "cases/import_reader.h"

#define IMPORT_COLUMNS_MAX 64
/* Not a field of the member, but a column that may be there. */
#define IMPORT_INSURER_NUMBER ((int)MEMBER_FIELDS)
#define IMPORT_NO_COLUMN (-1)

struct import_columns {
	int fields[IMPORT_COLUMNS_MAX]; /* of each column, in the file's order */
	size_t count;
};

/* The field of this name; IMPORT_NO_COLUMN: there is none. */
int import_column_find(struct slice name);

/* Reads a header row. OUTCOME_REFUSED: `fault` and `error` say why; `error->line` is the caller's. */
enum outcome MUST_CHECK import_columns_read(struct import_columns *columns, const struct slice names[],
	size_t count, enum import_fault *fault, struct staging_error *error);

#endif
