/* From rows to what the rules judge: the one place that knows both. */
#ifndef SHIKAKU_CASES_FACTS_H
#define SHIKAKU_CASES_FACTS_H

#include "rules/copayment.h"
#include "rules/eligibility.h"
#include "rules/presentation.h"
#include "store/standings.h"

struct membership membership_of(const struct standing *standing);
struct membership membership_of_sibling(const struct standing_sibling *sibling);
struct presenter presenter_of(const struct standing *standing);

/* The registered ratio that covers the day. False when there is none. */
bool ratio_on(const struct standing *standing, struct day visit, struct registered_ratio *ratio);

/* The scheme of a stored 保険者番号 (always 8 digits). */
enum scheme scheme_of_insurer(struct slice insurer_number);

#endif
