/* The last covered day of a month (R3, R7.11, R7.13). */
#include "rules/covered_day.h"

struct optional_day last_covered_day(const struct membership *membership, struct day month)
{
	const struct optional_day none = { .known = false };
	struct day last = day_last_of_month(month);
	struct cover cover = cover_on(membership, last);
	if (!cover.covers && cover.ends_on.known && day_compare(cover.ends_on.day, last) <= 0) {
		last = day_plus(cover.ends_on.day, -1);
		cover = cover_on(membership, last);
	}
	if (!cover.covers || day_compare(last, day_first_of_month(month)) < 0)
		return none;
	return (struct optional_day){ .known = true, .day = last };
}

struct optional_day last_covered_day_of(const struct membership *memberships, size_t count, struct day month)
{
	struct optional_day last = { .known = false };
	for (size_t i = 0; i < count; i++) {
		struct optional_day one = last_covered_day(&memberships[i], month);
		if (one.known && (!last.known || day_compare(one.day, last.day) > 0))
			last = one;
	}
	return last;
}
