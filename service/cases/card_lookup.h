/* A certificate that nobody here has met is asked of the resident register, and known from then on as its person's (R5.6, R8.2). On a
 * loop. */
#ifndef SHIKAKU_CASES_CARD_LOOKUP_H
#define SHIKAKU_CASES_CARD_LOOKUP_H

#include "base/arena.h"
#include "base/clock.h"
#include "cases/cases.h"
#include "net/outbound.h"
#include "store/card_learning.h"
#include "trust/certificate.h"

struct card_lookup {
	/* The caller's. */
	struct cases *cases;
	struct arena *arena;
	struct clock_reading now;
	/* Called once, later or at once. OUTCOME_OK: the card is known now, of a person who is known here. OUTCOME_NOT_FOUND: the
	 * register knows no such card, or nobody here is its person. OUTCOME_REFUSED: the register does not say, now. Anything else: a
	 * failure of ours. */
	void (*looked_up)(struct card_lookup *lookup, enum outcome outcome);
	/* The case's. */
	struct outbound_question question;
	struct card_learning_question learning;
};

/* Begins. The certificate is validated, of this issuer, and `digest` that of its DER; none of them is needed any more when it returns.
 * cases->register_line is not NULL. */
void card_lookup_begin(struct card_lookup *lookup, const struct certificate *certificate,
	const struct anchor *issuer, const uint8_t digest[SHA256_SIZE]);

#endif
