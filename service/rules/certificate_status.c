#include "rules/certificate_status.h"

#define GRACE_MONTHS 3
#define NOTICE_MONTHS 3
#define SECOND INT64_C(1000000)

struct day certificate_last_day_of_grace(struct day expires)
{
	return day_last_of_month(day_plus_months(day_first_of_month(expires), GRACE_MONTHS));
}

static struct card_decision refused_because(enum reason reason)
{
	struct card_decision decision = { .usable = false };
	reason_add(&decision.reasons, reason);
	return decision;
}

static bool is_in_grace(const struct card_facts *facts, struct day expires, struct day today)
{
	return facts->medium == CARD_MEDIUM_CARD &&
	       day_compare(today, certificate_last_day_of_grace(expires)) <= 0;
}

struct card_decision card_decide(const struct card_facts *facts, int64_t now)
{
	struct day today = day_in_japan(now);
	struct day expires = day_in_japan(facts->not_after);
	bool expired = now >= facts->not_after + SECOND;
	bool in_grace = expired && is_in_grace(facts, expires, today);

	/* One reason, in this order (R5.3). */
	if (facts->revoked)
		return refused_because(REASON_CARD_REVOKED);
	if (facts->suspended)
		return refused_because(REASON_CARD_SUSPENDED);
	if (expired && !in_grace)
		return refused_because(REASON_CERTIFICATE_EXPIRED);
	if (!facts->registered || facts->self_information_stopped)
		return refused_because(REASON_CARD_NOT_REGISTERED);

	struct card_decision decision = { .usable = true, .qualification_only = in_grace };
	if (in_grace)
		reason_add(&decision.reasons, REASON_CERTIFICATE_IN_GRACE);
	else if (day_compare(today, day_plus_months(expires, -NOTICE_MONTHS)) >= 0)
		reason_add(&decision.reasons, REASON_CERTIFICATE_EXPIRES_SOON);
	if (facts->revocation_unknown)
		reason_add(&decision.reasons, REASON_REVOCATION_UNKNOWN);
	return decision;
}
