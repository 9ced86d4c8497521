/* One row of a file as it is staged: checked, in its one spelling, with its digest and its number sealed. */
#ifndef SHIKAKU_CASES_IMPORT_ROW_H
#define SHIKAKU_CASES_IMPORT_ROW_H

#include "cases/import_reader.h"
#include "trust/digest.h"
#include "trust/sealing.h"

/* What all rows of a file share. */
struct import_row_maker {
	const char *insurer_number;
	struct day today;
	const struct sealing_key *numbers_key; /* NULL: no individual number is accepted */
	struct hasher *hasher;
	char *room; /* IMPORT_ROW_ROOM bytes for what is digested */
};
#define IMPORT_ROW_ROOM ((size_t)512 * 1024)

#define IMPORT_ROW_ERRORS_MAX (MEMBER_FAULTS_MAX + 2)

struct staged_row {
	struct slice values[STAGED_VALUES];
	uint8_t digest[SHA256_SIZE]; /* of everything but the individual number */
	struct staging_error errors[IMPORT_ROW_ERRORS_MAX];
	size_t error_count; /* with one, the rest is not filled */
};

/* OUTCOME_OK whether or not the row is good. An individual number is in no memory of the row's afterwards. */
enum outcome MUST_CHECK import_row_make(const struct import_row_maker *maker, struct arena *arena,
	struct import_row *row, struct staged_row *staged);

#endif
