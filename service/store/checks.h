/* The record of a check (R13): written before its answer leaves, append-only, chained by digests. */
#ifndef SHIKAKU_STORE_CHECKS_H
#define SHIKAKU_STORE_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "store/lane.h"

/* One row of `checks`, without its place in the chain. */
struct check_record {
	uint8_t check_id[UUID_BYTES];
	int64_t checked_at; /* microseconds since 1970 */
	uint8_t answer_digest[DIGEST_SIZE];
	uint8_t keys_digest[DIGEST_SIZE];
	int64_t token_id;
	struct slice owner;
	struct day visit_date;
	bool has_known_at;
	int64_t known_at;
	int presented;
	int setting;
	bool with_card;
	int validity;
	bool accepted;
	uint64_t reasons;
	bool identified; /* membership_id and data_version have values */
	int64_t membership_id;
	int64_t data_version;
	struct slice insurer_number; /* whose members it was about; no value: nobody's */
	bool has_care_month; /* a question about a month's limit */
	struct day care_month; /* its first day */
};

struct check_place {
	uint8_t chain_id[UUID_BYTES];
	int32_t position;
	bool follows_known; /* at position 0: `previous` is the head that the chain follows */
	uint8_t previous[DIGEST_SIZE];
};

struct record_question {
	struct lane_question question; /* first */
	struct check_record record;
};

/* The chain of one connection. A connection begins a new one, because what its predecessor sent last may or may not be stored;
 * its first row names the newest head that the database had. */
struct check_chain {
	/* Digest of a record in its place; given by who knows how (OpenSSL is not store's). */
	void (*digest)(void *owner, const struct check_record *record, const struct check_place *place,
		uint8_t digest[DIGEST_SIZE]);
	void (*new_id)(void *owner, uint8_t id[UUID_BYTES]);
	void *owner;
	struct check_place stored; /* where the next record goes once everything sent is stored */
	struct check_place sending; /* as `stored`, after the set under way */
};

/* Fills `kind` for records that are chained in `chain`, which outlives it. */
void checks_kind(struct question_kind *kind, struct check_chain *chain);

/* Begins a new chain after the head in open_session's row. */
void checks_begin_chain(struct check_chain *chain, const struct row *session);

#endif
