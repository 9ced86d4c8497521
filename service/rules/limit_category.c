/* 限度額適用区分: codes, labels, and what the category, or its absence, decides (R7.8, R7.9, R7.11, R7.13). */
#include "rules/limit_category.h"

#include <stddef.h>

const char *const care_codes[CARES] = { [CARE_INPATIENT] = "inpatient", [CARE_OUTPATIENT] = "outpatient" };

/* Facts 1.7, table 012. */
static const struct {
	const char *code;
	const char *label;
} categories[LIMIT_CATEGORIES] = {
	[LIMIT_A01] = { "A01", "ア" },
	[LIMIT_A02] = { "A02", "イ" },
	[LIMIT_A03] = { "A03", "ウ" },
	[LIMIT_A04] = { "A04", "エ" },
	[LIMIT_A05] = { "A05", "オ" },
	[LIMIT_A06] = { "A06", "オ(境)" },
	[LIMIT_B01] = { "B01", "現役並みⅢ" },
	[LIMIT_B02] = { "B02", "現役並みⅡ" },
	[LIMIT_B03] = { "B03", "現役並みⅠ" },
	[LIMIT_B04] = { "B04", "一般" },
	[LIMIT_B05] = { "B05", "低所得Ⅱ" },
	[LIMIT_B06] = { "B06", "低所得Ⅰ" },
	[LIMIT_B07] = { "B07", "低所得Ⅰ(老福)" },
	[LIMIT_B08] = { "B08", "低所得Ⅰ(境)" },
	[LIMIT_B09] = { "B09", "一般Ⅱ" },
	[LIMIT_B10] = { "B10", "一般Ⅰ" },
};

enum limit_category limit_category_of(struct slice code)
{
	for (int category = LIMIT_A01; category < LIMIT_CATEGORIES; category++) {
		if (slice_is(code, categories[category].code))
			return (enum limit_category)category;
	}
	return LIMIT_CATEGORY_NONE;
}

const char *limit_category_code(enum limit_category category)
{
	return categories[category].code;
}

const char *limit_category_label(enum limit_category category)
{
	return categories[category].label;
}

static bool is_elderly(enum copayment_basis basis)
{
	return basis == COPAYMENT_ELDERLY || basis == COPAYMENT_LATE_ELDERLY;
}

bool limit_category_fits(enum limit_category category, enum copayment_basis basis)
{
	return category != LIMIT_CATEGORY_NONE && (category >= LIMIT_B01) == is_elderly(basis);
}

enum limit_category limit_category_from_ratio(const struct copayment *copayment)
{
	bool late = copayment->basis == COPAYMENT_LATE_ELDERLY;
	if (!is_elderly(copayment->basis))
		return LIMIT_CATEGORY_NONE;

	switch (copayment->percent) {
	case 30:
		return LIMIT_B01;
	case 20:
		return late ? LIMIT_B09 : LIMIT_B04;
	case 10:
		return late ? LIMIT_B10 : LIMIT_CATEGORY_NONE;
	default:
		return LIMIT_CATEGORY_NONE;
	}
}

bool limit_may_be_told(bool by_card, bool consented, struct day visit)
{
	struct day given_by_card = day_from_civil((struct civil_date){ 2024, 10, 1 });
	return consented || (by_card && day_compare(visit, given_by_card) >= 0);
}

bool ceiling_month_counts(enum limit_category category, enum copayment_basis basis, enum care care)
{
	if (care == CARE_INPATIENT)
		return true;
	if (category == LIMIT_CATEGORY_NONE)
		return !is_elderly(basis);
	/* A, and those with 30 % from 70 on: the one ceiling that they have. */
	return category <= LIMIT_B03;
}
