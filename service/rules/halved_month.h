/* 75歳到達月: the month in which the personal amounts are halved (R7.5). */
#ifndef SHIKAKU_RULES_HALVED_MONTH_H
#define SHIKAKU_RULES_HALVED_MONTH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/calendar.h"
#include "rules/eligibility.h"

/* Whether the personal amounts of the month are halved for the membership `chosen`: the 75th birthday falls in the month, not on its 1st,
 * and the person entered prefix 39 by it, not by 障害認定 before; or the person was a dependant who lost cover because the insured person
 * turned 75 so. Under the insurer before and under the one after. `others` are the person's other memberships; the chosen one among them
 * changes nothing. `month`: any day of it. Pure. */
bool month_is_halved(
	struct day month, const struct membership *chosen, const struct membership *others, size_t count);

#endif
