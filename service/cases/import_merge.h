/* A file of members that is in becomes records: slice by slice, each whole or not at all. Whoever does it again goes on where it ended. */
#ifndef SHIKAKU_CASES_IMPORT_MERGE_H
#define SHIKAKU_CASES_IMPORT_MERGE_H

#include <stdint.h>

#include "base/outcome.h"
#include "base/uuid.h"
#include "store/plain.h"

struct import_merge {
	struct plain *database;
	uint8_t import_id[UUID_BYTES];
	uint8_t runner[UUID_BYTES]; /* the process that has the job */
	int64_t rest; /* as the setting import_rest */
	const char *failure; /* with OUTCOME_REFUSED: a code */
};

/* Waits until all is merged. OUTCOME_REFUSED: the file, or the rest of it, is not to be merged; import_errors or import_missing say
 * why. OUTCOME_LATE: told to stop. Everything else may go well next time. */
enum outcome MUST_CHECK import_merge_run(struct import_merge *merge);

#endif
