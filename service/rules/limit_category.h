/* 限度額適用区分: which income class counts for the month's ceiling, and who may be told (R7.8, R7.9, R7.11, R7.13; facts 1.7, table 012). */
#ifndef SHIKAKU_RULES_LIMIT_CATEGORY_H
#define SHIKAKU_RULES_LIMIT_CATEGORY_H

#include <stdbool.h>

#include "base/calendar.h"
#include "base/text.h"
#include "rules/copayment.h"
#include "rules/identifiers.h"

enum limit_category {
	LIMIT_CATEGORY_NONE,
	LIMIT_A01,
	LIMIT_A02,
	LIMIT_A03,
	LIMIT_A04,
	LIMIT_A05,
	LIMIT_A06,
	LIMIT_B01,
	LIMIT_B02,
	LIMIT_B03,
	LIMIT_B04,
	LIMIT_B05,
	LIMIT_B06,
	LIMIT_B07,
	LIMIT_B08,
	LIMIT_B09,
	LIMIT_B10,
	LIMIT_CATEGORIES
};

enum care { CARE_INPATIENT, CARE_OUTPATIENT };

#define CARES 2
/* By the enum, as the API writes them. */
extern const char *const care_codes[CARES];

/* By its code, "A01" to "B10"; LIMIT_CATEGORY_NONE for anything else. */
enum limit_category limit_category_of(struct slice code);
/* NULL for LIMIT_CATEGORY_NONE. */
const char *limit_category_code(enum limit_category category);
/* ア, 現役並みⅢ, 一般 …: as the desk says it; NULL for LIMIT_CATEGORY_NONE. */
const char *limit_category_label(enum limit_category category);

/* Which category counts where the insurer registered none for the day (R7.8): from 70 on, and in 後期, the ratio carries it; below, and where
 * the ratio is not known, or is one to which no category belongs, LIMIT_CATEGORY_NONE. Pure. */
enum limit_category limit_category_from_ratio(const struct copayment *copayment);

/* Whether a registered category counts for somebody whose share of the cost has that basis (R7.13): A below 70, B from 70 on and in 後期. What
 * is registered without an end outlives the month in which 70 is reached, and counts until then. Pure. */
bool limit_category_fits(enum limit_category category, enum copayment_basis basis);

/* Whether limit information may be told (R7.9): by card always for visit dates from 2024-10-01; else with the patient's consent. Pure. */
bool limit_may_be_told(bool by_card, bool consented, struct day visit);

/* Whether a month in which such care reached its ceiling counts as a ceiling month (R7.11): the 外来 ceiling of those of 70 and above does
 * not, but that of B01 to B03, who have none of their own, and of everyone in A, does. Without a category outpatient care of the elderly
 * does not count. Pure. */
bool ceiling_month_counts(enum limit_category category, enum copayment_basis basis, enum care care);

#endif
