#include "store/link_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define LIMIT_MS 10000
#define NUMBER_TEXT_SIZE 24
#define RESULT_TEXT_SIZE (2 * SEALED_NUMBER_MAX + 3)
#define ARRAY_TEXT_MAX ((size_t)64 * 1024)

struct claiming {
	void (*take)(void *owner, const struct link_due *due);
	void *owner;
};

static void take_due(void *owner, const struct row *row)
{
	const struct claiming *claiming = owner;
	struct link_due due = { .claim = { .member_key = row_integer(row, 1) } };
	struct slice sealed = row_text(row, 4);
	struct slice version = row_text(row, 6);
	if (sealed.length > sizeof due.claim.sealed || version.length >= sizeof due.claim.version)
		return;
	memcpy(due.claim.sealed, sealed.at, sealed.length);
	due.claim.sealed_length = sealed.length;
	memcpy(due.claim.version, version.at, version.length);
	due.claim.attempts = (int)row_integer(row, 5);
	due.insurer_number = row_text(row, 2);
	due.member_id = row_text(row, 3);
	due.name = row_text(row, 7);
	due.name_kana = row_text(row, 8);
	due.birth_date = row_text(row, 9);
	due.address = row_text(row, 10);
	due.sex = row_text(row, 11);
	claiming->take(claiming->owner, &due);
}

enum outcome store_claim_link_checks(struct plain *plain, int64_t at, int64_t lease_until, size_t most,
	void (*take)(void *owner, const struct link_due *due), void *owner)
{
	char at_text[INSTANT_TEXT_SIZE];
	char lease[INSTANT_TEXT_SIZE];
	char most_text[NUMBER_TEXT_SIZE];
	struct claiming claiming = { .take = take, .owner = owner };
	instant_format(at, at_text);
	instant_format(lease_until, lease);
	(void)snprintf(most_text, sizeof most_text, "%zu", most);
	const struct command_parameter parameters[] = { { .text = at_text }, { .text = lease },
		{ .text = most_text } };
	return plain_run(plain, STATEMENT_CLAIM_LINK_CHECKS, parameters, 3, LIMIT_MS, take_due, &claiming);
}

struct recording {
	struct link_result *results;
	size_t count;
};

static void take_said(void *owner, const struct row *row)
{
	const struct recording *recording = owner;
	int64_t key = row_integer(row, 1);
	struct slice said = row_text(row, 2);
	for (size_t i = 0; i < recording->count; i++) {
		if (recording->results[i].claim->member_key == key)
			recording->results[i].recorded = slice_is(said, "linked")     ? LINK_RECORDED_LINKED
							 : slice_is(said, "mismatch") ? LINK_RECORDED_MISMATCH
										      : LINK_RECORDED_STALE;
	}
}

/* One element of an array as PostgreSQL reads it. */
static void put_element(struct text *out, struct slice value)
{
	text_put(out, ",", out->length > 1 ? 1 : 0);
	if (value.at == NULL) {
		text_put_terminated(out, "NULL");
		return;
	}
	text_put_char(out, '"');
	for (size_t i = 0; i < value.length; i++) {
		if (value.at[i] == '"' || value.at[i] == '\\')
			text_put_char(out, '\\');
		text_put_char(out, value.at[i]);
	}
	text_put_char(out, '"');
}

/* In the order of the statement's parameters. */
enum result_column { KEY, SEALED, VERSION, AT, MISMATCHED, WARNED, CODE, LAST4, RESULT_COLUMNS };

static struct slice value_of(
	const struct link_result *result, enum result_column column, char buffer[RESULT_TEXT_SIZE])
{
	const struct link_claim *claim = result->claim;
	switch (column) {
	case KEY:
		(void)snprintf(buffer, RESULT_TEXT_SIZE, "%" PRId64, claim->member_key);
		return slice_of(buffer);
	case SEALED:
		buffer[0] = '\\';
		buffer[1] = 'x';
		text_hex(claim->sealed, claim->sealed_length, buffer + 2);
		return slice_of(buffer);
	case VERSION:
		return slice_of(claim->version);
	case MISMATCHED:
		return result->mismatched;
	case WARNED:
		return result->warned;
	case CODE:
		return result->person_code;
	case LAST4:
		return result->last4;
	case AT:
	case RESULT_COLUMNS:
		break;
	}
	return (struct slice){ NULL, 0 };
}

/* NULL: the arena is full. */
static const char *array_of(
	struct arena *arena, const struct link_result results[], size_t count, enum result_column column)
{
	struct text out;
	text_open(&out, arena, 512, ARRAY_TEXT_MAX);
	text_put_char(&out, '{');
	for (size_t i = 0; i < count; i++) {
		char buffer[RESULT_TEXT_SIZE];
		put_element(&out, value_of(&results[i], column, buffer));
	}
	text_put(&out, "}", 2);
	return out.failed ? NULL : out.at;
}

enum outcome store_record_link_checks(
	struct plain *plain, struct arena *arena, int64_t at, struct link_result results[], size_t count)
{
	struct command_parameter parameters[RESULT_COLUMNS];
	struct recording recording = { .results = results, .count = count };
	char at_text[INSTANT_TEXT_SIZE];
	instant_format(at, at_text);
	for (int column = 0; column < RESULT_COLUMNS; column++) {
		const char *text =
			column == AT ? at_text : array_of(arena, results, count, (enum result_column)column);
		if (text == NULL)
			return OUTCOME_NO_MEMORY;
		parameters[column] = (struct command_parameter){ .text = text };
	}
	for (size_t i = 0; i < count; i++)
		results[i].recorded = LINK_RECORDED_STALE;
	return plain_run(plain, STATEMENT_RECORD_LINK_CHECKS, parameters, RESULT_COLUMNS, LIMIT_MS, take_said,
		&recording);
}

enum outcome store_postpone_link_check(
	struct plain *plain, const struct link_claim *claim, int64_t next_try_at)
{
	char key[NUMBER_TEXT_SIZE];
	char at_text[INSTANT_TEXT_SIZE];
	(void)snprintf(key, sizeof key, "%" PRId64, claim->member_key);
	instant_format(next_try_at, at_text);
	const struct command_parameter parameters[] = {
		{ .text = key },
		{ .bytes = claim->sealed, .length = claim->sealed_length },
		{ .text = at_text },
	};
	return plain_run(plain, STATEMENT_POSTPONE_LINK_CHECK, parameters, 3, LIMIT_MS, NULL, NULL);
}
