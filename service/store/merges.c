#include "store/merges.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

#define LOOK_LIMIT_MS 5000

struct found_state {
	struct merge_state *state;
	bool any;
};

static void take_state(void *owner, const struct row *row)
{
	struct found_state *found = owner;
	found->any = true;
	found->state->slices = (int)row_integer(row, 1);
	found->state->slices_merged = (int)row_integer(row, 2);
}

enum outcome store_begin_merge(
	struct plain *plain, const uint8_t import_id[UUID_BYTES], int64_t rest, struct merge_state *state)
{
	char id[UUID_TEXT_SIZE];
	char rest_text[24];
	struct found_state found = { .state = state };
	uuid_format(import_id, id);
	(void)snprintf(rest_text, sizeof rest_text, "%" PRId64, rest);
	const struct command_parameter parameters[] = { { .text = id }, { .text = rest_text } };
	enum outcome outcome =
		plain_run(plain, STATEMENT_BEGIN_MERGE, parameters, 2, LOOK_LIMIT_MS, take_state, &found);
	return outcome == OUTCOME_OK && !found.any ? OUTCOME_NOT_FOUND : outcome;
}

struct found_said {
	enum merge_said said;
	bool known;
};

static void take_said(void *owner, const struct row *row)
{
	struct found_said *found = owner;
	struct slice outcome = row_text(row, 1);
	static const char *const codes[] = { [MERGE_MERGED] = "merged",
		[MERGE_ROWS_REFUSED] = "rows_refused",
		[MERGE_TOO_MANY_MISSING] = "too_many_missing" };
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (slice_is(outcome, codes[i])) {
			found->said = (enum merge_said)i;
			found->known = true;
		}
	}
}

enum outcome store_merge_slice(struct plain *plain, const uint8_t import_id[UUID_BYTES],
	const uint8_t runner[UUID_BYTES], int slice, int64_t at, enum merge_said *said)
{
	char id[UUID_TEXT_SIZE];
	char runner_text[UUID_TEXT_SIZE];
	char slice_text[12];
	char at_text[INSTANT_TEXT_SIZE];
	struct found_said found = { .known = false };
	uuid_format(import_id, id);
	uuid_format(runner, runner_text);
	instant_format(at, at_text);
	(void)snprintf(slice_text, sizeof slice_text, "%d", slice);
	const struct command_parameter parameters[] = { { .text = id }, { .text = runner_text },
		{ .text = slice_text }, { .text = at_text } };
	enum outcome outcome =
		plain_run(plain, STATEMENT_MERGE_IMPORT_SLICE, parameters, 4, 0, take_said, &found);
	*said = found.said;
	return outcome == OUTCOME_OK && !found.known ? OUTCOME_INTERNAL : outcome;
}

enum outcome store_finish_import(struct plain *plain, const uint8_t import_id[UUID_BYTES])
{
	char id[UUID_TEXT_SIZE];
	uuid_format(import_id, id);
	const struct command_parameter parameters[] = { { .text = id } };
	return plain_run(plain, STATEMENT_FINISH_IMPORT, parameters, 1, 0, NULL, NULL);
}
