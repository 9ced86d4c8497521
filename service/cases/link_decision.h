/* A mismatch is looked at by a person at the insurer, and a member disputes their last four digits (R8.1, R8.3). */
#ifndef SHIKAKU_CASES_LINK_DECISION_H
#define SHIKAKU_CASES_LINK_DECISION_H

#include "base/clock.h"
#include "cases/cases.h"
#include "cases/principal.h"
#include "store/link_decisions.h"

enum link_wish {
	LINK_ACCEPT, /* record and number are one person's all the same */
	LINK_REJECT, /* they are not */
	LINK_DISPUTE, /* the member says that the digits are another's */
	LINK_WISHES
};
/* As the API and the database write them; the first two are decisions. */
extern const char *const link_wishes[LINK_WISHES];
#define LINK_DECISIONS LINK_DISPUTE

enum link_said {
	LINK_SAID_DONE,
	LINK_SAID_NO_MEMBER,
	LINK_SAID_NOTHING_TO_DECIDE, /* no mismatch, decided so already, or no such digits on record */
	LINK_SAID_IMPORT_RUNNING,
	LINK_SAID_KEY_REUSED, /* the Idempotency-Key came with another request */
};

struct link_decision {
	/* The caller's. The question's `insurer_number`, `member_id`, `note`, `last4` and `idempotency`. */
	struct cases *cases;
	struct clock_reading now;
	struct principal principal;
	enum link_wish wish;
	struct link_decision_question question;
	/* It is over. With OUTCOME_OK what is `said` is stored, and when it is done the question's `document` and `version` are valid
	 * during the call; else nothing is known of it. */
	void (*finished)(struct link_decision *decision, enum outcome outcome);
	void *owner;
	/* The case's. */
	enum link_said said;
};

/* Calls `finished` later, or at once with an outcome other than OK. Who decided stands on record, and in the security log. */
void link_decide(struct link_decision *decision);

#endif
