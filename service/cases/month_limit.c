#include "cases/month_limit.h"

#include "rules/covered_day.h"

struct day month_visit(struct day month, struct day today, const struct membership *memberships, size_t count)
{
	struct day first = day_first_of_month(month);
	struct day last = day_last_of_month(month);
	if (day_compare(today, first) < 0)
		return first;
	if (day_compare(today, last) <= 0)
		return today;
	struct optional_day covered = last_covered_day_of(memberships, count, month);
	return covered.known ? covered.day : last;
}

static struct optional_yen yen_of(struct amount_column column)
{
	return (struct optional_yen){ column.known, column.yen };
}

static struct limit_amounts amounts_of(const struct limit_amounts_row *row)
{
	return (struct limit_amounts){
		.base = row->base,
		.threshold = row->threshold,
		.rate_percent = row->rate_percent,
		.multiple = yen_of(row->multiple),
		.outpatient = yen_of(row->outpatient),
		.annual = yen_of(row->annual),
		.annual_low_income = yen_of(row->annual_low_income),
		.outpatient_annual = yen_of(row->outpatient_annual),
	};
}

/* R7.6, as far as it may be known (R7.9). */
static struct optional_yen disease_asked(const struct month_asked *asked, const struct month_person *person,
	bool halved, struct reason_set *reasons)
{
	const struct optional_yen none = { .known = false };
	if (asked->disease == '\0')
		return none;
	if (!person->diseases_told) {
		reason_add(reasons, REASON_SPECIFIC_DISEASE_CONSENT_MISSING);
		return none;
	}
	const struct standing_disease *disease = disease_on(person->standing, asked->disease, person->visit);
	if (disease == NULL) {
		reason_add(reasons, REASON_SPECIFIC_DISEASE_NOT_REGISTERED);
		return none;
	}
	return (struct optional_yen){ true, disease_ceiling(disease, person->registered, halved) };
}

/* The ceiling does not depend on the share: it can be told where the share cannot. */
#define ANY_RATIO 30

static enum outcome work_out_ceiling(
	const struct month_asked *asked, const struct limit_amounts *full, struct month_limit *limit)
{
	struct limit_item item = { asked->total, ANY_RATIO, asked->care };
	struct limit_month month = { limit->prior_ceiling_months, limit->halved };
	limit->has_ceiling = true;
	return limit_ceiling_of(full, &item, &month, &limit->ceiling) == OUTCOME_OK ? OUTCOME_OK
										    : OUTCOME_INTERNAL;
}

static enum outcome work_out_payment(
	const struct month_asked *asked, int ratio_percent, struct month_limit *limit)
{
	struct limit_item item = { asked->total, ratio_percent, asked->care };
	struct optional_yen ceiling = { limit->has_ceiling, limit->ceiling.amount };
	int64_t share = 0;
	if (limit_share(&item, &share) != OUTCOME_OK)
		return OUTCOME_INTERNAL;
	int64_t pays = limit_patient_pays(share, ceiling, limit->disease);
	limit->patient_pays = (struct optional_yen){ true, pays };
	if (asked->paid_so_far.known) {
		int64_t left = pays - asked->paid_so_far.amount;
		limit->pay_now = (struct optional_yen){ true, left > 0 ? left : 0 };
	}
	return OUTCOME_OK;
}

enum outcome month_limit_work_out(const struct month_asked *asked, const struct month_person *person,
	const struct limit_facts_question *facts, struct month_limit *limit, struct reason_set *reasons)
{
	limit->disease = disease_asked(asked, person, limit->halved, reasons);
	limit->has_amounts = person->category != LIMIT_CATEGORY_NONE;
	if (limit->has_amounts) {
		struct limit_amounts full = amounts_of(&facts->amounts);
		limit->prior_ceiling_months =
			asked->has_prior ? asked->prior_ceiling_months : facts->ceiling_months;
		if (!asked->has_prior)
			reason_add(reasons, REASON_CEILING_MONTHS_COUNTED);
		limit->amounts = limit->halved ? limit_amounts_halved(&full) : full;
		if (asked->has_total && work_out_ceiling(asked, &full, limit) != OUTCOME_OK)
			return OUTCOME_INTERNAL;
	}
	if (!asked->has_total || person->ratio_percent == 0)
		return OUTCOME_OK;
	return work_out_payment(asked, person->ratio_percent, limit);
}
