/* 多数回: an insurer or an institution reports that care of a month reached its ceiling, so that later months cost less (R7.11). */
#ifndef SHIKAKU_CASES_CEILING_MONTH_H
#define SHIKAKU_CASES_CEILING_MONTH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cases/cases.h"
#include "cases/principal.h"
#include "rules/identifiers.h"
#include "rules/limit_category.h"
#include "store/store.h"

/* What came of it. */
enum ceiling_month_said {
	CEILING_MONTH_REPORTED,
	CEILING_MONTH_ON_RECORD, /* said before by the same institution: as it is on record now */
	CEILING_MONTH_NO_MEMBER, /* the keys match nobody */
	CEILING_MONTH_SEVERAL_MEMBERS, /* the keys match several persons */
	CEILING_MONTH_NOT_COVERED, /* no membership that the keys match covers a day of the month */
};

struct ceiling_month_wish {
	struct typed_keys person; /* who was treated */
	struct day month; /* its first day; not a month to come */
	enum care care;
	struct slice
		institution_code; /* 10 digits and a NUL; no value: the insurer says so of no one institution */
};

struct ceiling_month {
	/* The caller's. */
	struct cases *cases;
	struct arena *arena;
	struct clock_reading now;
	struct principal principal;
	struct ceiling_month_wish wish;
	/* It is over. With OUTCOME_OK what is `said` is stored, and where the month is on record `row` is it, valid during the call; else
	 * nothing is known of it. */
	void (*finished)(struct ceiling_month *report, enum outcome outcome);
	void *owner;
	/* The case's. */
	enum ceiling_month_said said;
	const struct ceiling_month_row *row;
	struct standings_question look_up;
	struct ceiling_month_question question;
};

/* Calls `finished` later, or at once with an outcome other than OK. Whether the month counts is judged on its last day that the person's
 * membership covers. Who reported, and to which insurer, stands in the security log. */
void ceiling_month_report(struct ceiling_month *report);

#endif
