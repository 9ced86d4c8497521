#include "store/checks_on_record.h"

#include <string.h>

#include "store/command.h"

struct reader {
	void (*take)(void *owner, const struct check_on_record *record);
	void *owner;
};

/* What is not of its size reads as zeros, which no digest agrees with. */
static void copy_bytes(const struct row *row, int column, uint8_t *to, size_t size)
{
	struct slice bytes = row_text(row, column);
	if (bytes.length == size)
		memcpy(to, bytes.at, size);
}

static void take_record(void *owner, const struct row *row)
{
	const struct reader *reader = owner;
	struct check_on_record read = { .place.position = (int32_t)row_integer(row, 3) };
	struct check_record *record = &read.record;
	copy_bytes(row, 0, record->check_id, UUID_BYTES);
	record->checked_at = row_instant(row, 1);
	copy_bytes(row, 2, read.place.chain_id, UUID_BYTES);
	read.place.follows_known = row_has(row, 4);
	copy_bytes(row, 4, read.place.previous, DIGEST_SIZE);
	copy_bytes(row, 5, read.digest, DIGEST_SIZE);
	copy_bytes(row, 6, record->answer_digest, DIGEST_SIZE);
	copy_bytes(row, 7, record->keys_digest, DIGEST_SIZE);
	record->token_id = row_integer(row, 8);
	record->owner = row_text(row, 9);
	record->visit_date = row_day(row, 10).day;
	record->has_known_at = row_has(row, 11);
	record->known_at = row_instant(row, 11);
	record->presented = (int)row_integer(row, 12);
	record->setting = (int)row_integer(row, 13);
	record->with_card = row_bool(row, 14);
	record->validity = (int)row_integer(row, 15);
	record->accepted = row_bool(row, 16);
	record->reasons = (uint64_t)row_integer(row, 17);
	record->identified = row_has(row, 18) || row_has(row, 19);
	record->membership_id = row_integer(row, 18);
	record->data_version = row_integer(row, 19);
	record->insurer_number = row_text(row, 20);
	record->has_care_month = row_has(row, 21);
	record->care_month = row_day(row, 21).day;
	reader->take(reader->owner, &read);
}

static void take_lost_head(void *owner, const struct row *row)
{
	const struct reader *reader = owner;
	struct check_on_record read = { .place.follows_known = true };
	copy_bytes(row, 0, read.record.check_id, UUID_BYTES);
	copy_bytes(row, 1, read.place.chain_id, UUID_BYTES);
	reader->take(reader->owner, &read);
}

enum outcome checks_walk(
	const char *url, void (*take)(void *owner, const struct check_on_record *record), void *owner)
{
	struct reader reader = { take, owner };
	return command_read(url, STATEMENT_WALK_CHECKS, take_record, &reader);
}

enum outcome checks_find_lost_heads(
	const char *url, void (*take)(void *owner, const struct check_on_record *record), void *owner)
{
	struct reader reader = { take, owner };
	return command_read(url, STATEMENT_FIND_LOST_HEADS, take_lost_head, &reader);
}
