/* カードの確認: was this card really here, whose is it, and may it be used? For every case that begins with a card (R5). */
#ifndef SHIKAKU_CASES_CARD_PROOF_H
#define SHIKAKU_CASES_CARD_PROOF_H

#include "base/arena.h"
#include "base/clock.h"
#include "cases/card_lookup.h"
#include "cases/cases.h"
#include "cases/principal.h"
#include "rules/certificate_status.h"
#include "store/cards.h"
#include "trust/signature.h"

/* What a terminal sends of a card. */
struct card_shown {
	struct slice certificate; /* DER */
	struct slice challenge; /* as it was issued: these bytes are signed */
	struct slice signature;
	enum signature_algorithm algorithm;
};

struct card_proof {
	/* The caller's. */
	struct cases *cases;
	struct arena *arena;
	struct clock_reading now;
	const struct principal *principal;
	uint8_t check_id[UUID_BYTES]; /* who uses the challenge */
	bool has_known_at;
	int64_t known_at;
	struct card_shown shown;
	/* Called once. OUTCOME_OK: the card was here; `decision` says whether it may be used, `found` what is known of its person.
	 * OUTCOME_REFUSED: it was not, or nobody can tell, and `refusal` says why. Anything else: a failure of ours. */
	void (*proved)(struct card_proof *proof, enum outcome outcome);
	/* The case's. */
	enum card_refusal refusal;
	struct card_decision decision;
	struct card_question found; /* standings: the person's memberships, linked or not */
	struct card_lookup lookup; /* for a certificate that is not known here */
};

/* Begins; `proved` is called later, or at once. The proof lives in `arena` until then. A challenge of ours that has not expired is
 * used up by this, whatever comes after. */
void card_proof_begin(struct card_proof *proof);

/* A challenge for this principal. `expires_at` in microseconds since 1970. OUTCOME_UNAVAILABLE: the database was not reached yet. */
enum outcome MUST_CHECK card_challenge_make(struct cases *cases, const struct principal *principal,
	int64_t now, char text[CHALLENGE_TEXT_SIZE], int64_t *expires_at);

#endif
