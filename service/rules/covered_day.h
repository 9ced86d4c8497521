/* Which day of a month speaks for it: the last one that a membership covers (R3, R7.11, R7.13). */
#ifndef SHIKAKU_RULES_COVERED_DAY_H
#define SHIKAKU_RULES_COVERED_DAY_H

#include <stddef.h>

#include "base/calendar.h"
#include "rules/eligibility.h"

/* The last day of the month that the membership covers, as cover_on says it; not known where it covers none. `month`: any day of it. Pure. */
struct optional_day last_covered_day(const struct membership *membership, struct day month);

/* The same of several memberships: the latest day that one of them covers. Pure. */
struct optional_day last_covered_day_of(const struct membership *memberships, size_t count, struct day month);

#endif
