#include "cases/audit.h"

#include <string.h>

#include "cases/record.h"
#include "store/checks_on_record.h"

/* Where the walk stands. */
struct walk {
	struct audit *audit;
	struct check_place place; /* where the next record of the chain is due */
	bool broken; /* what follows a broken link says nothing */
};

static void report(
	struct audit *audit, enum audit_fault fault, const struct check_on_record *at, int64_t position)
{
	struct audit_finding finding = { .fault = fault, .position = position };
	memcpy(finding.chain_id, at->place.chain_id, UUID_BYTES);
	memcpy(finding.check_id, at->record.check_id, UUID_BYTES);
	audit->findings++;
	audit->found(audit->owner, &finding);
}

static void begin_chain(struct walk *walk, const struct check_on_record *first)
{
	walk->audit->chains++;
	walk->broken = false;
	walk->place = (struct check_place){ .position = 0 };
	memcpy(walk->place.chain_id, first->place.chain_id, UUID_BYTES);
}

static void break_chain(
	struct walk *walk, enum audit_fault fault, const struct check_on_record *at, int64_t position)
{
	walk->broken = true;
	report(walk->audit, fault, at, position);
}

static void take(void *owner, const struct check_on_record *read)
{
	struct walk *walk = owner;
	struct check_place *place = &walk->place;
	if (walk->audit->records++ == 0 || memcmp(place->chain_id, read->place.chain_id, UUID_BYTES) != 0)
		begin_chain(walk, read);
	if (walk->broken)
		return;
	if (read->place.position > place->position) {
		break_chain(walk, AUDIT_RECORD_MISSING, read, place->position);
		return;
	}
	if (read->place.position < place->position) {
		break_chain(walk, AUDIT_RECORD_TWICE, read, read->place.position);
		return;
	}
	if (place->position == 0)
		memcpy(place->previous, read->place.previous, DIGEST_SIZE);
	uint8_t digest[DIGEST_SIZE];
	record_digest(walk->audit->hasher, &read->record, place, digest);
	if (memcmp(digest, read->digest, DIGEST_SIZE) != 0) {
		break_chain(walk, AUDIT_RECORD_ALTERED, read, place->position);
		return;
	}
	memcpy(place->previous, digest, DIGEST_SIZE);
	place->position++;
}

static void take_lost_head(void *owner, const struct check_on_record *first)
{
	report(owner, AUDIT_HEAD_LOST, first, 0);
}

enum outcome audit_verify(struct audit *audit, const char *database_url)
{
	struct walk walk = { .audit = audit };
	enum outcome outcome = checks_walk(database_url, take, &walk);
	return outcome == OUTCOME_OK ? checks_find_lost_heads(database_url, take_lost_head, audit) : outcome;
}
