/* From rows to what the rules judge: the one place that knows both. */
#ifndef SHIKAKU_CASES_FACTS_H
#define SHIKAKU_CASES_FACTS_H

#include "rules/certificate_status.h"
#include "rules/copayment.h"
#include "rules/eligibility.h"
#include "rules/presentation.h"
#include "store/cards.h"
#include "store/standings.h"
#include "trust/revocation.h"

struct membership membership_of(const struct standing *standing);
struct membership membership_of_sibling(const struct standing_sibling *sibling);
/* The person's cards taken together: what the database knows of them, and what the revocation lists say now (R6). */
struct presenter presenter_of(
	const struct standing *standing, const struct revocation_index *revocation, int64_t now);

enum card_medium medium_of_card(const struct known_card *card);
/* What the database knows of a card; what the revocation lists say comes to it. */
struct card_facts card_facts_of(const struct known_card *card);

/* The registered ratio that covers the day. False when there is none. */
bool ratio_on(const struct standing *standing, struct day visit, struct registered_ratio *ratio);
/* The share on that day (R7.1). */
struct copayment copayment_of(const struct standing *standing, struct day visit);

/* Asks for those whom the keys name (R4.2); the keys' texts outlive the question. */
void ask_by_keys(struct standings_question *question, const struct typed_keys *keys);

/* The scheme of a stored 保険者番号 (always 8 digits). */
enum scheme scheme_of_insurer(struct slice insurer_number);

#endif
