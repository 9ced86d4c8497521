/* 限度額適用区分 and 特定疾病 of the membership that answers: what is registered, and what of it may be told (R7.6, R7.8, R7.9). */
#ifndef SHIKAKU_CASES_LIMIT_H
#define SHIKAKU_CASES_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "rules/copayment.h"
#include "rules/limit_category.h"
#include "rules/reasons.h"
#include "store/standing.h"

struct limit_told {
	enum limit_category
		registered; /* whether or not it may be told: what a disease costs depends on it (R7.6) */
	enum limit_category category; /* LIMIT_CATEGORY_NONE: none may be told, or there is none */
	struct slice
		certificate; /* as registered, as the rest is; no value where the category comes from the ratio */
	struct day_range valid;
	struct optional_day long_stay_from;
};

/* On the visit date, for a membership that is valid. Adds the reason why there is none, or where it comes from. */
struct limit_told limit_tell(const struct standing *standing, struct day visit,
	const struct copayment *copayment, bool by_card, bool consented, struct reason_set *reasons);

/* The registered disease of that category ('1' to '3') which holds on the visit date; NULL when there is none. */
const struct standing_disease *disease_on(const struct standing *standing, char category, struct day visit);

/* What that disease costs at most in a month (R7.6), in yen. `registered`: see struct limit_told. */
int64_t disease_ceiling(const struct standing_disease *disease, enum limit_category registered, bool halved);

#endif
