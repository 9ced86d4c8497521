/* May this card be used now? Its certificate's time, its revocation, its registration (R5.3–R5.6). */
#ifndef SHIKAKU_RULES_CERTIFICATE_STATUS_H
#define SHIKAKU_RULES_CERTIFICATE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "rules/reasons.h"

enum card_medium { CARD_MEDIUM_CARD, CARD_MEDIUM_PHONE };

/* What is known of a card whose certificate is genuine and whose signature holds. */
struct card_facts {
	enum card_medium medium;
	int64_t not_after; /* microseconds since 1970: the beginning of the last second in which the certificate is valid */
	bool revoked;
	bool suspended; /* by the hotline, or on hold */
	bool revocation_unknown; /* no current list tells (R5.5) */
	bool registered; /* 利用登録 of its person is in force */
	bool self_information_stopped; /* R14: as if not registered */
};

struct card_decision {
	bool usable;
	bool qualification_only; /* in the grace time: no medical information (R5.4) */
	struct reason_set reasons; /* exactly one where it is not usable */
};

/* Pure. `now` in microseconds since 1970. */
struct card_decision card_decide(const struct card_facts *facts, int64_t now);

/* The last day on which the expired certificate of a card is accepted: of the third month after the month of its expiry. */
struct day certificate_last_day_of_grace(struct day expires);

#endif
