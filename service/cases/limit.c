#include "cases/limit.h"

#include <stddef.h>

#include "rules/limit.h"

static const struct standing_limit *registered_on(
	const struct standing *standing, struct day visit, enum copayment_basis basis)
{
	for (size_t i = 0; i < standing->limit_count; i++) {
		const struct standing_limit *limit = &standing->limits[i];
		if (day_range_holds(limit->valid, visit) &&
			limit_category_fits(limit_category_of(limit->category), basis))
			return limit;
	}
	return NULL;
}

struct limit_told limit_tell(const struct standing *standing, struct day visit,
	const struct copayment *copayment, bool by_card, bool consented, struct reason_set *reasons)
{
	struct limit_told told = { .category = LIMIT_CATEGORY_NONE };
	const struct standing_limit *registered = registered_on(standing, visit, copayment->basis);
	if (registered != NULL)
		told.registered = limit_category_of(registered->category);
	if (!limit_may_be_told(by_card, consented, visit)) {
		reason_add(reasons, REASON_LIMIT_CONSENT_MISSING);
		return told;
	}
	if (registered != NULL) {
		told.category = told.registered;
		told.certificate = registered->certificate;
		told.valid = registered->valid;
		told.long_stay_from = registered->long_stay_from;
		return told;
	}
	told.category = limit_category_from_ratio(copayment);
	if (told.category != LIMIT_CATEGORY_NONE)
		told.valid = copayment->valid;
	reason_add(reasons,
		told.category == LIMIT_CATEGORY_NONE ? REASON_LIMIT_NOT_REGISTERED : REASON_LIMIT_FROM_RATIO);
	return told;
}

const struct standing_disease *disease_on(const struct standing *standing, char category, struct day visit)
{
	for (size_t i = 0; i < standing->disease_count; i++) {
		const struct standing_disease *disease = &standing->diseases[i];
		if (disease->category == category && day_range_holds(disease->valid, visit))
			return disease;
	}
	return NULL;
}

int64_t disease_ceiling(const struct standing_disease *disease, enum limit_category registered, bool halved)
{
	struct optional_yen self_pay = { disease->has_self_pay, disease->self_pay };
	return specific_disease_ceiling(disease->category, self_pay, registered, halved);
}
