/* 75歳到達月: a month under two insurers, so that each asks for half (R7.5). */
#include "rules/halved_month.h"

#define LATE_ELDERLY_AGE 75

/* On the 1st nothing is halved: the whole month is under one insurer. */
static bool is_within(struct day birthday, struct day month)
{
	struct day first = day_first_of_month(month);
	return day_compare(birthday, first) > 0 && day_compare(birthday, day_last_of_month(month)) <= 0;
}

/* By 障害認定. */
static bool entered_before(const struct membership *membership, struct day birthday)
{
	return membership->scheme == SCHEME_LATE_ELDERLY &&
	       day_compare(membership->acquired_on, birthday) < 0;
}

static bool turns_75(
	struct day month, const struct membership *chosen, const struct membership *others, size_t count)
{
	struct day birthday = day_birthday(chosen->born, LATE_ELDERLY_AGE);
	if (!is_within(birthday, month) || entered_before(chosen, birthday))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (entered_before(&others[i], birthday))
			return false;
	}
	return true;
}

/* The day in the month on which a dependant's cover ended because the insured person turned 75; not known where it did not, or where
 * something else had ended it before: a loss of their own, the dependant's own birthday, the insured person's 障害認定. */
static struct optional_day lost_with_insured(const struct membership *membership, struct day month)
{
	const struct optional_day none = { .known = false };
	if (!membership->insured_born.known)
		return none;
	struct day birthday = day_birthday(membership->insured_born.day, LATE_ELDERLY_AGE);
	if (!is_within(birthday, month) || day_compare(membership->acquired_on, birthday) >= 0)
		return none;
	struct cover cover = cover_on(membership, birthday);
	if (!reason_in(cover.reasons, REASON_INSURED_MOVED_TO_LATE_ELDERLY))
		return none;
	return (struct optional_day){ .known = true, .day = birthday };
}

/* Whether the membership took the dependant in that month, after they had lost the other. */
static bool follows(const struct membership *membership, struct optional_day lost, struct day month)
{
	return lost.known && day_compare(membership->acquired_on, lost.day) >= 0 &&
	       day_compare(membership->acquired_on, day_last_of_month(month)) <= 0;
}

bool month_is_halved(
	struct day month, const struct membership *chosen, const struct membership *others, size_t count)
{
	if (turns_75(month, chosen, others, count) || lost_with_insured(chosen, month).known)
		return true;
	for (size_t i = 0; i < count; i++) {
		if (follows(chosen, lost_with_insured(&others[i], month), month))
			return true;
	}
	return false;
}
