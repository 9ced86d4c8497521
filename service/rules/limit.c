/* 高額療養費: what a patient pays at most for a month of care (R7.3 to R7.7). */
#include "rules/limit.h"

/* 多数回 begins with the fourth ceiling month: three before this one (R7.3). */
#define MULTIPLE_AFTER_MONTHS 3

/* 特定疾病 (R7.6). */
#define DISEASE_CEILING 10000
#define DISEASE_CEILING_DIALYSIS 20000
#define DISEASE_DIALYSIS '1'

/* The bounds keep every product below 2^63: no sum or product further down can overflow. */
_Static_assert(LIMIT_COST_MAX <= (INT64_MAX - 1000) / 100, "a cost times a percentage fits");
_Static_assert(LIMIT_AMOUNT_MAX <= INT64_MAX - LIMIT_COST_MAX, "a base and the whole cost fit");

static bool amount_is_sound(int64_t amount)
{
	return amount >= 0 && amount <= LIMIT_AMOUNT_MAX;
}

static bool optional_is_sound(struct optional_yen yen)
{
	return !yen.known || amount_is_sound(yen.amount);
}

static bool amounts_are_sound(const struct limit_amounts *amounts)
{
	return amount_is_sound(amounts->base) && amount_is_sound(amounts->threshold) &&
	       amounts->rate_percent >= 0 && amounts->rate_percent <= 100 &&
	       optional_is_sound(amounts->multiple) && optional_is_sound(amounts->outpatient) &&
	       optional_is_sound(amounts->annual) && optional_is_sound(amounts->annual_low_income) &&
	       optional_is_sound(amounts->outpatient_annual);
}

static bool item_is_sound(const struct limit_item *item)
{
	int ratio = item->ratio_percent;
	return item->total >= 0 && item->total <= LIMIT_COST_MAX &&
	       (ratio == 10 || ratio == 20 || ratio == 30);
}

static bool month_is_sound(const struct limit_month *month)
{
	return month->prior_ceiling_months >= 0 && month->prior_ceiling_months <= CEILING_MONTHS_MAX;
}

/* An odd yen is rounded down: in the patient's favour. */
static int64_t half(int64_t amount)
{
	return amount / 2;
}

static struct optional_yen optional_half(struct optional_yen yen)
{
	return (struct optional_yen){ .known = yen.known, .amount = half(yen.amount) };
}

struct limit_amounts limit_amounts_halved(const struct limit_amounts *amounts)
{
	struct limit_amounts halved = *amounts;
	halved.base = half(amounts->base);
	halved.threshold = half(amounts->threshold);
	halved.multiple = optional_half(amounts->multiple);
	halved.outpatient = optional_half(amounts->outpatient);
	return halved;
}

int64_t specific_disease_ceiling(
	char disease, struct optional_yen self_pay, enum limit_category category, bool halved)
{
	/* A is only for those below 70 (R7.13). */
	bool earns_much_below_70 = category == LIMIT_A01 || category == LIMIT_A02;
	int64_t ceiling = DISEASE_CEILING;
	if (disease == DISEASE_DIALYSIS && earns_much_below_70)
		ceiling = DISEASE_CEILING_DIALYSIS;
	if (self_pay.known)
		ceiling = self_pay.amount;
	return halved ? half(ceiling) : ceiling;
}

enum outcome limit_share(const struct limit_item *item, int64_t *share)
{
	if (!item_is_sound(item))
		return OUTCOME_INVALID;
	/* A yen is a hundred of these, and ten yen a thousand; half of those round up. */
	int64_t hundredths = item->total * item->ratio_percent;
	*share = (hundredths + 500) / 1000 * 10;
	return OUTCOME_OK;
}

/* Base + 1 % of what lies above the threshold, half a yen rounded up (R7.3). */
static int64_t by_formula(const struct limit_amounts *amounts, int64_t total)
{
	int64_t above = total > amounts->threshold ? total - amounts->threshold : 0;
	return amounts->base + (above * amounts->rate_percent + 50) / 100;
}

enum outcome limit_ceiling_of(const struct limit_amounts *amounts, const struct limit_item *item,
	const struct limit_month *month, struct limit_ceiling *ceiling)
{
	if (!amounts_are_sound(amounts) || !item_is_sound(item) || !month_is_sound(month))
		return OUTCOME_INVALID;

	struct limit_amounts counting = month->halved ? limit_amounts_halved(amounts) : *amounts;
	bool multiple_months = month->prior_ceiling_months >= MULTIPLE_AFTER_MONTHS;

	if (item->care == CARE_OUTPATIENT && counting.outpatient.known)
		*ceiling = (struct limit_ceiling){ .amount = counting.outpatient.amount };
	else if (multiple_months && counting.multiple.known)
		*ceiling =
			(struct limit_ceiling){ .amount = counting.multiple.amount, .multiple_months = true };
	else
		*ceiling = (struct limit_ceiling){ .amount = by_formula(&counting, item->total) };
	return OUTCOME_OK;
}

static int64_t at_most(int64_t amount, struct optional_yen bound)
{
	return bound.known && bound.amount < amount ? bound.amount : amount;
}

int64_t limit_patient_pays(int64_t share, struct optional_yen ceiling, struct optional_yen disease)
{
	return at_most(at_most(share, ceiling), disease);
}
