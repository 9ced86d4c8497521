#include "cases/import_row.h"

#include <stdio.h>
#include <string.h>

#include "rules/identifiers.h"

/* Each value with its length before it, so that nothing can move from one field to the next. */
static enum outcome digest_row(
	const struct import_row_maker *maker, const struct member_row *row, uint8_t digest[SHA256_SIZE])
{
	char *out = maker->room;
	size_t left = IMPORT_ROW_ROOM;
	for (size_t field = 0; field < MEMBER_FIELDS; field++) {
		struct slice value = row->values[field];
		uint32_t length = value.at == NULL ? UINT32_MAX : (uint32_t)value.length;
		if (field == MEMBER_INDIVIDUAL_NUMBER)
			continue;
		if (value.length + sizeof length > left)
			return OUTCOME_NO_MEMORY;
		for (size_t i = 0; i < sizeof length; i++)
			*out++ = (char)(length >> (8 * i) & 0xff);
		if (value.length > 0)
			memcpy(out, value.at, value.length);
		out += value.length;
		left -= value.length + sizeof length;
	}
	hasher_begin(maker->hasher);
	hasher_add(maker->hasher, maker->room, (size_t)(out - maker->room));
	hasher_end(maker->hasher, digest);
	return OUTCOME_OK;
}

static void wipe(struct slice value)
{
	union {
		const char *read_only;
		char *ours;
	} bytes = { .read_only = value.at };
	if (value.at != NULL)
		sealing_wipe(bytes.ours, value.length);
}

/* The number of this member becomes sealed bytes in hexadecimal. */
static enum outcome seal_number(
	const struct import_row_maker *maker, struct arena *arena, struct member_row *row)
{
	uint8_t sealed[SEALED_MAX];
	size_t length = 0;
	struct slice plain = row->values[MEMBER_INDIVIDUAL_NUMBER];
	struct slice member_id = row->values[MEMBER_MEMBER_ID];
	struct text bound_to;
	text_open(&bound_to, arena, 96, 512);
	text_put_terminated(&bound_to, maker->insurer_number);
	text_put_char(&bound_to, '/');
	text_put(&bound_to, member_id.at, member_id.length);
	char *hex = arena_take_raw(arena, 2 * SEALED_MAX + 1);
	if (bound_to.failed || hex == NULL)
		return OUTCOME_NO_MEMORY;
	enum outcome outcome = seal(maker->numbers_key, plain, text_slice(&bound_to), sealed, &length);
	if (outcome != OUTCOME_OK)
		return outcome;
	text_hex(sealed, length, hex);
	row->values[MEMBER_INDIVIDUAL_NUMBER] = (struct slice){ hex, 2 * length };
	return OUTCOME_OK;
}

static void note(
	struct staged_row *staged, int64_t line, const char *field, struct slice value, const char *reason)
{
	if (staged->error_count == IMPORT_ROW_ERRORS_MAX)
		return;
	staged->errors[staged->error_count++] = (struct staging_error){
		.line = line, .field = field, .value_class = import_value_class(value), .reason = reason
	};
}

static void check_insurer(
	const struct import_row_maker *maker, const struct import_row *row, struct staged_row *staged)
{
	char number[INSURER_NUMBER_DIGITS + 1];
	if (row->insurer_number.at != NULL && (insurer_number_normalise(row->insurer_number.at,
						       row->insurer_number.length, number) != OUTCOME_OK ||
						      strcmp(number, maker->insurer_number) != 0))
		note(staged, row->line, "insurer_number", row->insurer_number, "other_insurer");
}

static enum outcome check(const struct import_row_maker *maker, struct arena *arena, struct import_row *row,
	struct staged_row *staged)
{
	struct member_faults faults = { .count = 0 };
	struct member_row *values = &row->values;
	check_insurer(maker, row, staged);
	if (values->values[MEMBER_INDIVIDUAL_NUMBER].at != NULL && maker->numbers_key == NULL)
		note(staged, row->line, member_fields[MEMBER_INDIVIDUAL_NUMBER].column,
			values->values[MEMBER_INDIVIDUAL_NUMBER], "not_accepted");
	enum outcome outcome = member_row_check(arena, maker->insurer_number, maker->today, values, &faults);
	for (size_t i = 0; outcome == OUTCOME_OK && i < faults.count; i++)
		note(staged, row->line, member_fields[faults.list[i].field].column,
			values->values[faults.list[i].field], member_fault_code(faults.list[i].fault));
	return outcome;
}

enum outcome import_row_make(const struct import_row_maker *maker, struct arena *arena,
	struct import_row *row, struct staged_row *staged)
{
	struct member_row *values = &row->values;
	struct slice as_sent = values->values[MEMBER_INDIVIDUAL_NUMBER];
	staged->error_count = 0;
	enum outcome outcome = check(maker, arena, row, staged);
	struct slice as_kept = values->values[MEMBER_INDIVIDUAL_NUMBER];
	bool good = outcome == OUTCOME_OK && staged->error_count == 0;
	if (good)
		outcome = digest_row(maker, values, staged->digest);
	if (good && outcome == OUTCOME_OK && as_kept.at != NULL)
		outcome = seal_number(maker, arena, values);
	wipe(as_sent);
	wipe(as_kept);
	if (good && outcome == OUTCOME_OK) {
		memcpy(staged->values, values->values, sizeof values->values);
		staged->values[MEMBER_FIELDS] = values->symbol_key;
		staged->values[MEMBER_FIELDS + 1] = values->number_key;
	}
	return outcome;
}

_Static_assert(STAGED_VALUES == MEMBER_FIELDS + 2,
	"copy_members.sql has a column for each field and two for their keys");
