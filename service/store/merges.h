/* Merging the rows of a file that is in (import_merge), on a connection for long work. */
#ifndef SHIKAKU_STORE_MERGES_H
#define SHIKAKU_STORE_MERGES_H

#include <stdint.h>

#include "base/outcome.h"
#include "base/uuid.h"
#include "store/plain.h"

struct merge_state {
	int slices;
	int slices_merged;
};

enum merge_said {
	MERGE_MERGED,
	MERGE_ROWS_REFUSED, /* nothing of the slice: rows contradict each other or what is on record */
	MERGE_TOO_MANY_MISSING, /* nothing of the file */
};

/* rest: hundredths of the time worked, while checks are made. OUTCOME_NOT_FOUND: there is no such import. */
enum outcome MUST_CHECK store_begin_merge(
	struct plain *plain, const uint8_t import_id[UUID_BYTES], int64_t rest, struct merge_state *state);
/* As long as it takes. OUTCOME_LATE: told to stop, or the job is not `runner`'s any more; then nothing of the slice is merged. */
enum outcome MUST_CHECK store_merge_slice(struct plain *plain, const uint8_t import_id[UUID_BYTES],
	const uint8_t runner[UUID_BYTES], int slice, int64_t at, enum merge_said *said);
enum outcome MUST_CHECK store_finish_import(struct plain *plain, const uint8_t import_id[UUID_BYTES]);

#endif
