/* 一部負担金割合: the share of the cost that the patient pays (R7.1). */
#ifndef SHIKAKU_RULES_COPAYMENT_H
#define SHIKAKU_RULES_COPAYMENT_H

#include "base/calendar.h"
#include "rules/identifiers.h"

enum copayment_basis { COPAYMENT_STANDARD, COPAYMENT_PRESCHOOL, COPAYMENT_ELDERLY, COPAYMENT_LATE_ELDERLY };

/* A ratio that the insurer registered for a time. */
struct registered_ratio {
	int percent;
	struct day_range valid;
};

struct copayment {
	enum copayment_basis basis;
	int percent; /* 10, 20 or 30; 0 where the insurer registered none: we never guess */
	/* First and last day on which this share holds, open where the rule sets no bound: preschool ends on its 31 March;
	 * a registered ratio holds as registered. */
	struct day_range valid;
};

/* The first day on which a registered ratio counts outside 後期: of the month after the one in which 70 is reached (R7.1). */
struct day elderly_first_day(struct day born);

/* The share on the visit date. `registered` is the insurer's ratio that covers that day, or NULL. Pure. */
struct copayment copayment_on(
	struct day visit, struct day born, enum scheme scheme, const struct registered_ratio *registered);

#endif
