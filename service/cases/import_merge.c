#include "cases/import_merge.h"

#include "base/clock.h"
#include "store/merges.h"

static enum outcome refuse(struct import_merge *merge, const char *failure)
{
	merge->failure = failure;
	return OUTCOME_REFUSED;
}

static enum outcome merge_one(struct import_merge *merge, int slice)
{
	enum merge_said said = MERGE_MERGED;
	enum outcome outcome = store_merge_slice(
		merge->database, merge->import_id, merge->runner, slice, clock_read().wall, &said);
	if (outcome != OUTCOME_OK)
		return outcome;
	switch (said) {
	case MERGE_MERGED:
		return OUTCOME_OK;
	case MERGE_ROWS_REFUSED:
		return refuse(merge, "rows_refused");
	case MERGE_TOO_MANY_MISSING:
		return refuse(merge, "too_many_missing");
	}
	return OUTCOME_INTERNAL;
}

enum outcome import_merge_run(struct import_merge *merge)
{
	struct merge_state state = { .slices = 0 };
	merge->failure = NULL;
	enum outcome outcome = store_begin_merge(merge->database, merge->import_id, merge->rest, &state);
	for (int slice = state.slices_merged; outcome == OUTCOME_OK && slice < state.slices; slice++)
		outcome = merge_one(merge, slice);
	return outcome == OUTCOME_OK ? store_finish_import(merge->database, merge->import_id) : outcome;
}
