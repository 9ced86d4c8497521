/* 資格有効性: does a membership cover the day of care (R3, R4)? */
#ifndef SHIKAKU_RULES_ELIGIBILITY_H
#define SHIKAKU_RULES_ELIGIBILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "rules/identifiers.h"
#include "rules/reasons.h"

/* National codes 1–5 of OQSCD006, in that order. */
enum validity {
	VALIDITY_NOT_JUDGED = 0, /* a card that may not be used says nothing of a membership (R5.3) */
	VALIDITY_VALID = 1,
	VALIDITY_INVALID = 2,
	VALIDITY_INVALID_NEWER_EXISTS = 3,
	VALIDITY_NOT_FOUND = 4,
	VALIDITY_MULTIPLE = 5,
};

/* The dates of one membership that decide its cover. */
struct membership {
	int64_t person; /* whose it is: equal for one person's memberships */
	enum scheme scheme;
	struct day born;
	struct day acquired_on;
	struct optional_day lost_on; /* first day without cover (R3.1) */
	bool dependent;
	/* Of a dependant's insured person; unknown for an insured person. */
	struct optional_day insured_born;
	struct optional_day insured_lost_on;
};

struct cover {
	bool covers;
	/* First day without cover as the rules find it (R3.1–R3.3): the earliest end. Unknown while that is only a 75th
	 * birthday still to come: nobody has registered it as a loss. */
	struct optional_day ends_on;
	struct reason_set reasons; /* why it does not cover; empty where it does */
};

/* Whether one membership covers the day, and why not (R3.1–R3.3). Pure. */
struct cover cover_on(const struct membership *membership, struct day visit);

struct eligibility {
	enum validity validity;
	bool identified; /* one membership is meant: chosen says which */
	size_t chosen; /* index into `matches` */
	struct cover cover; /* of the chosen one */
	struct reason_set reasons;
};

/* What typed keys that matched `matches` mean on the visit date (R4). `siblings` are the other memberships of the matched
 * persons; only those of the chosen one's person count. Neither array needs an order. Several memberships of one person:
 * the one that covers, acquired last (with overlapping_membership where several do); else the one ended last; else the
 * one starting next. Pure. */
struct eligibility eligibility_by_keys(const struct membership *matches, size_t match_count,
	const struct membership *siblings, size_t sibling_count, struct day visit);

/* What a card means on the visit date: `memberships` are all of its person's that count for a card (R8.3). Of those that cover
 * the day the one acquired last, with overlapping_membership where several do, VALIDITY_MULTIPLE where two were acquired on
 * the same day; else the one ended last; else the one starting next; none at all: no_membership (R4.1). Pure. */
struct eligibility eligibility_by_card(const struct membership *memberships, size_t count, struct day visit);

const char *validity_code(enum validity validity);

#endif
