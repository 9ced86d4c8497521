#include "store/link_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define LIMIT_MS 10000
#define NUMBER_TEXT_SIZE 24

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

static void take_said(void *owner, const struct row *row)
{
	enum link_recorded *recorded = owner;
	struct slice said = row_text(row, 1);
	*recorded = slice_is(said, "linked")     ? LINK_RECORDED_LINKED
		    : slice_is(said, "mismatch") ? LINK_RECORDED_MISMATCH
						 : LINK_RECORDED_STALE;
}

enum outcome store_record_link_check(struct plain *plain, const struct link_claim *claim, int64_t at,
	const struct link_result *result, enum link_recorded *recorded)
{
	char key[NUMBER_TEXT_SIZE];
	char at_text[INSTANT_TEXT_SIZE];
	*recorded = LINK_RECORDED_STALE;
	(void)snprintf(key, sizeof key, "%" PRId64, claim->member_key);
	instant_format(at, at_text);
	const struct command_parameter parameters[] = {
		{ .text = key },
		{ .bytes = claim->sealed, .length = claim->sealed_length },
		{ .text = claim->version },
		{ .text = at_text },
		{ .text = result->mismatched },
		{ .text = result->warned },
		{ .text = result->person_code },
		{ .text = result->last4 },
	};
	return plain_run(plain, STATEMENT_RECORD_LINK_CHECK, parameters, 8, LIMIT_MS, take_said, recorded);
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
