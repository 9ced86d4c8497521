/* Numbers that wait to be checked, as the thread that checks them sees them (pending_numbers, link_checks). Each asks on the caller's
 * connection and waits a few seconds at most. Times in microseconds since 1970. */
#ifndef SHIKAKU_STORE_LINK_CHECKS_H
#define SHIKAKU_STORE_LINK_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/outcome.h"
#include "base/text.h"
#include "store/plain.h"

#define SEALED_NUMBER_MAX 128
#define VERSION_TEXT_MAX 48

/* By which a claimed number is named afterwards. */
struct link_claim {
	int64_t member_key;
	uint8_t sealed[SEALED_NUMBER_MAX];
	size_t sealed_length;
	int attempts; /* this one counted */
	char version[VERSION_TEXT_MAX]; /* of the member: as PostgreSQL writes it, to the microsecond */
};

/* Slices are valid while it is handed out. */
struct link_due {
	struct link_claim claim;
	struct slice insurer_number;
	struct slice member_id;
	struct slice name;
	struct slice name_kana;
	struct slice birth_date; /* YYYY-MM-DD */
	struct slice address; /* no value: none is registered */
	struct slice sex;
};

/* Hands out up to `most` numbers that are due; nobody else gets them until `lease_until`. */
enum outcome MUST_CHECK store_claim_link_checks(struct plain *plain, int64_t at, int64_t lease_until,
	size_t most, void (*take)(void *owner, const struct link_due *due), void *owner);

enum link_recorded { LINK_RECORDED_LINKED, LINK_RECORDED_MISMATCH, LINK_RECORDED_STALE };

struct link_result {
	const struct link_claim *claim;
	struct slice mismatched; /* "{name,sex}"; no value: linked */
	struct slice warned; /* the same; no value: nothing */
	struct slice person_code; /* no value: the number is nobody's */
	struct slice last4;

	enum link_recorded recorded; /* stale: number or member have changed since, nothing was recorded */
};

/* Records all of them or none, and erases their numbers. `arena` is for what is sent. OUTCOME_BUSY: somebody writes one of the members;
 * the claims stand until their end. */
enum outcome MUST_CHECK store_record_link_checks(
	struct plain *plain, struct arena *arena, int64_t at, struct link_result results[], size_t count);

enum outcome MUST_CHECK store_postpone_link_check(
	struct plain *plain, const struct link_claim *claim, int64_t next_try_at);

#endif
