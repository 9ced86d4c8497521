/* A card at the desk: its challenge is used up, and its certificate's digest finds the card and its person (R4.1, R5). */
#ifndef SHIKAKU_STORE_CARDS_H
#define SHIKAKU_STORE_CARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/uuid.h"
#include "store/lane.h"
#include "store/standing.h"

#define CHALLENGE_NONCE_BYTES 16

/* What was kept when the certificate was validated in full; slices point into the result of the statement. */
struct known_card {
	int64_t person_id;
	struct slice medium; /* card or phone */
	struct slice issuer_key_identifier;
	struct slice serial;
	int64_t not_before; /* microseconds since 1970 */
	int64_t not_after;
	struct slice public_key;
	struct slice state; /* active, suspended or revoked: as far as the database knows */
	bool use_registered; /* 利用登録 of the person is in force */
	bool person_stopped; /* R14, as now, by any of the person's memberships */
	bool address_withheld; /* the same */
};

/* The caller fills the first part and `question.answered`, then asks; the answer is in the rest. */
struct card_question {
	struct lane_question question; /* first: the lane hands this back */
	int64_t expires_at; /* of the challenge, microseconds since 1970 */
	uint8_t nonce[CHALLENGE_NONCE_BYTES];
	uint8_t check_id[UUID_BYTES];
	uint8_t certificate_digest[DIGEST_SIZE];
	int64_t known_at; /* only for as_known: microseconds since 1970 */

	bool burnt; /* false: the challenge was used before */
	bool known; /* `card` has a value */
	struct known_card card;
	struct standing_list standings; /* the caller sets `arena`; the person's memberships */
};

extern const struct question_kind standings_by_card;
extern const struct question_kind standings_by_card_as_known;

#endif
