/* Which membership typed keys mean, and whether it covers the day of care (R3, R4). */
#include "rules/eligibility.h"

#define LATE_ELDERLY_AGE 75

/* The earliest of several ends decides; ends on the same day all give their reason (decided). */
struct earliest_end {
	struct optional_day day;
	bool recorded; /* somebody registered it, as opposed to a birthday to come */
	struct reason_set reasons;
};

static void consider_end(struct earliest_end *earliest, struct day end, bool recorded, enum reason reason)
{
	int order = earliest->day.known ? day_compare(end, earliest->day.day) : -1;
	if (order > 0)
		return;
	if (order < 0)
		*earliest = (struct earliest_end){ .day = { .known = true, .day = end } };
	earliest->recorded |= recorded;
	reason_add(&earliest->reasons, reason);
}

static struct earliest_end find_earliest_end(const struct membership *membership)
{
	struct earliest_end end = { .recorded = false };
	bool moves_at_75 = membership->scheme != SCHEME_LATE_ELDERLY;

	if (membership->lost_on.known)
		consider_end(&end, membership->lost_on.day, true, REASON_MEMBERSHIP_ENDED);
	if (moves_at_75)
		consider_end(&end, day_birthday(membership->born, LATE_ELDERLY_AGE), false,
			REASON_MOVED_TO_LATE_ELDERLY);
	if (!membership->dependent)
		return end;

	/* A dependant stands and falls with the insured person (R3.2, R3.3). */
	if (membership->insured_lost_on.known)
		consider_end(&end, membership->insured_lost_on.day, true, REASON_MEMBERSHIP_ENDED);
	if (membership->insured_born.known && moves_at_75)
		consider_end(&end, day_birthday(membership->insured_born.day, LATE_ELDERLY_AGE), false,
			REASON_INSURED_MOVED_TO_LATE_ELDERLY);
	return end;
}

struct cover cover_on(const struct membership *membership, struct day visit)
{
	struct earliest_end end = find_earliest_end(membership);
	bool ended = end.day.known && day_compare(visit, end.day.day) >= 0;
	struct cover cover = { .covers = false };

	/* A birthday to come is no end that anybody registered: it is told only once it has come (decided). */
	if (ended || end.recorded)
		cover.ends_on = end.day;
	if (ended)
		cover.reasons = end.reasons;
	else if (day_compare(visit, membership->acquired_on) < 0)
		reason_add(&cover.reasons, REASON_MEMBERSHIP_NOT_STARTED);
	else
		cover.covers = true;
	return cover;
}

/* In the order in which a membership is chosen among several of one person. */
enum cover_state { STATE_COVERS, STATE_ENDED, STATE_NOT_STARTED };

static enum cover_state cover_state_of(struct cover cover)
{
	if (cover.covers)
		return STATE_COVERS;
	return reason_in(cover.reasons, REASON_MEMBERSHIP_NOT_STARTED) ? STATE_NOT_STARTED : STATE_ENDED;
}

/* The one that covers, acquired last; else the one ended last; else the one starting next (decided). */
static bool is_meant_rather(
	const struct membership *a, struct cover cover_a, const struct membership *b, struct cover cover_b)
{
	enum cover_state state = cover_state_of(cover_a);
	if (state != cover_state_of(cover_b))
		return state < cover_state_of(cover_b);
	int acquired = day_compare(a->acquired_on, b->acquired_on);
	if (state == STATE_NOT_STARTED)
		return acquired < 0;
	int ended = state == STATE_ENDED ? day_compare(cover_a.ends_on.day, cover_b.ends_on.day) : 0;
	return ended != 0 ? ended > 0 : acquired > 0;
}

static bool newer_one_covers(const struct membership *chosen, const struct membership *siblings,
	size_t sibling_count, struct day visit)
{
	for (size_t i = 0; i < sibling_count; i++) {
		if (siblings[i].person != chosen->person)
			continue;
		if (day_compare(siblings[i].acquired_on, chosen->acquired_on) > 0 &&
			cover_on(&siblings[i], visit).covers)
			return true;
	}
	return false;
}

/* The one that is meant among one person's memberships; there is at least one. `covering` counts those that cover the day. */
static struct eligibility choose(
	const struct membership *memberships, size_t count, struct day visit, size_t *covering)
{
	struct eligibility eligibility = { .identified = true, .cover = cover_on(&memberships[0], visit) };
	*covering = eligibility.cover.covers;
	for (size_t i = 1; i < count; i++) {
		struct cover cover = cover_on(&memberships[i], visit);
		*covering += cover.covers;
		if (is_meant_rather(
			    &memberships[i], cover, &memberships[eligibility.chosen], eligibility.cover)) {
			eligibility.chosen = i;
			eligibility.cover = cover;
		}
	}
	eligibility.validity = eligibility.cover.covers ? VALIDITY_VALID : VALIDITY_INVALID;
	eligibility.reasons = eligibility.cover.reasons;
	if (*covering > 1)
		reason_add(&eligibility.reasons, REASON_OVERLAPPING_MEMBERSHIP);
	return eligibility;
}

struct eligibility eligibility_by_keys(const struct membership *matches, size_t match_count,
	const struct membership *siblings, size_t sibling_count, struct day visit)
{
	if (match_count == 0)
		return (struct eligibility){ .validity = VALIDITY_NOT_FOUND };

	/* We never choose between people: twins without a 枝番 are for the desk to tell apart (R4). */
	for (size_t i = 1; i < match_count; i++) {
		if (matches[i].person != matches[0].person)
			return (struct eligibility){ .validity = VALIDITY_MULTIPLE };
	}

	size_t covering = 0;
	struct eligibility eligibility = choose(matches, match_count, visit, &covering);
	/* Had another of the matches covered the day, it would have been chosen: only siblings can be newer. */
	if (covering == 0 && newer_one_covers(&matches[eligibility.chosen], siblings, sibling_count, visit))
		eligibility.validity = VALIDITY_INVALID_NEWER_EXISTS;
	return eligibility;
}

static bool another_began_that_day(
	const struct membership *memberships, size_t count, size_t chosen, struct day visit)
{
	for (size_t i = 0; i < count; i++) {
		if (i != chosen &&
			day_compare(memberships[i].acquired_on, memberships[chosen].acquired_on) == 0 &&
			cover_on(&memberships[i], visit).covers)
			return true;
	}
	return false;
}

struct eligibility eligibility_by_card(const struct membership *memberships, size_t count, struct day visit)
{
	if (count == 0) {
		struct eligibility none = { .validity = VALIDITY_NOT_FOUND };
		reason_add(&none.reasons, REASON_NO_MEMBERSHIP);
		return none;
	}
	size_t covering = 0;
	struct eligibility eligibility = choose(memberships, count, visit, &covering);
	if (covering > 1 && another_began_that_day(memberships, count, eligibility.chosen, visit))
		return (struct eligibility){ .validity = VALIDITY_MULTIPLE };
	return eligibility;
}

const char *validity_code(enum validity validity)
{
	switch (validity) {
	case VALIDITY_NOT_JUDGED:
		return "not_judged";
	case VALIDITY_VALID:
		return "valid";
	case VALIDITY_INVALID:
		return "invalid";
	case VALIDITY_INVALID_NEWER_EXISTS:
		return "invalid_newer_exists";
	case VALIDITY_NOT_FOUND:
		return "not_found";
	case VALIDITY_MULTIPLE:
		return "multiple";
	}
	return "unknown";
}
