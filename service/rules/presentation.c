/* What was shown at the desk, whether it is accepted, and what the desk does when it is not (R6, R14). */
#include "rules/presentation.h"

const char *const presented_kind_codes[PRESENTED_KINDS] = {
	[PRESENTED_CARD] = "card",
	[PRESENTED_QUALIFICATION_NOTICE] = "qualification_notice",
	[PRESENTED_PORTAL_RECORD] = "portal_record",
	[PRESENTED_ELIGIBILITY_CERTIFICATE] = "eligibility_certificate",
	[PRESENTED_INSURANCE_CARD] = "insurance_card",
};

/* The old 健康保険証 and its transition (R6, R6.1). Law, not configuration: past care is judged by it for years to come. */
static const struct civil_date last_day_of_insurance_card = { 2025, 12, 1 };
static const struct civil_date last_tolerated_day = { 2026, 3, 31 };

static bool is_until(struct day day, struct civil_date last)
{
	return day_compare(day, day_from_civil(last)) <= 0;
}

static bool is_tolerated(struct day visit)
{
	return !is_until(visit, last_day_of_insurance_card) && is_until(visit, last_tolerated_day);
}

static struct acceptance accepted(void)
{
	return (struct acceptance){ .accepted = true };
}

static struct acceptance accepted_because(enum reason reason)
{
	struct acceptance acceptance = { .accepted = true };
	reason_add(&acceptance.reasons, reason);
	return acceptance;
}

static struct acceptance refused_because(enum reason reason)
{
	struct acceptance acceptance = { .accepted = false };
	reason_add(&acceptance.reasons, reason);
	return acceptance;
}

/* Whoever had their own information stopped must look exactly like a person without a registration (R14). */
static bool counts_as_registered(const struct presenter *presenter)
{
	return presenter->registered && !presenter->self_information_stopped;
}

/* The card is in hand but was not read: what we know of the person's cards stands in for it. One reason, in the order of
 * R5.3. */
static struct acceptance document_with_card(const struct presenter *presenter)
{
	if (presenter->cards == CARDS_REVOKED)
		return refused_because(REASON_CARD_REVOKED);
	if (presenter->cards == CARDS_SUSPENDED)
		return refused_because(REASON_CARD_SUSPENDED);
	if (!counts_as_registered(presenter))
		return refused_because(REASON_CARD_NOT_REGISTERED);
	return accepted();
}

static struct acceptance document_alone(
	const struct presentation *shown, const struct presenter *presenter, struct day visit)
{
	if (shown->setting == SETTING_SCHOOL)
		return counts_as_registered(presenter) ? accepted()
						       : refused_because(REASON_CARD_NOT_REGISTERED);
	if (shown->kind == PRESENTED_QUALIFICATION_NOTICE && is_tolerated(visit))
		return accepted_because(REASON_TOLERATED_UNTIL_2026_03_31);

	struct acceptance refused = refused_because(REASON_CARD_REQUIRED_WITH_DOCUMENT);
	if (!counts_as_registered(presenter))
		reason_add(&refused.reasons, REASON_CARD_NOT_REGISTERED);
	return refused;
}

static struct acceptance eligibility_certificate(const struct presenter *presenter, struct day visit)
{
	switch (presenter->certificate) {
	case CERTIFICATE_NONE:
		return accepted_because(REASON_CERTIFICATE_NOT_ON_RECORD);
	case CERTIFICATE_ISSUED:
		if (presenter->certificate_valid_until.known &&
			day_compare(visit, presenter->certificate_valid_until.day) > 0)
			return refused_because(REASON_CERTIFICATE_NOT_CURRENT);
		return accepted();
	case CERTIFICATE_RETURNED:
	case CERTIFICATE_REVOKED:
		break;
	}
	return refused_because(REASON_CERTIFICATE_NOT_CURRENT);
}

static struct acceptance insurance_card(struct day visit)
{
	if (is_until(visit, last_day_of_insurance_card))
		return accepted();
	if (is_tolerated(visit))
		return accepted_because(REASON_TOLERATED_UNTIL_2026_03_31);
	return refused_because(REASON_INSURANCE_CARD_ENDED);
}

struct acceptance presentation_on(
	const struct presentation *shown, const struct presenter *presenter, struct day visit)
{
	switch (shown->kind) {
	case PRESENTED_QUALIFICATION_NOTICE:
	case PRESENTED_PORTAL_RECORD:
		return shown->with_card ? document_with_card(presenter)
					: document_alone(shown, presenter, visit);
	case PRESENTED_ELIGIBILITY_CERTIFICATE:
		return eligibility_certificate(presenter, visit);
	case PRESENTED_INSURANCE_CARD:
		return insurance_card(visit);
	case PRESENTED_CARD:
		return accepted(); /* one that may not be used did not come as far as this (R5.3) */
	}
	return (struct acceptance){ .accepted = false };
}

#define ACTION(name) (UINT32_C(1) << NEXT_ACTION_##name)

/* What each reason and validity asks of the desk (R6.2; the assignment is decided). */
static uint32_t actions_for_reason(enum reason reason)
{
	switch (reason) {
	case REASON_CARD_NOT_REGISTERED:
		return ACTION(REGISTER_CARD_NOW) | ACTION(ASK_FOR_ELIGIBILITY_CERTIFICATE);
	case REASON_CARD_REVOKED:
	case REASON_CARD_SUSPENDED:
	case REASON_CARD_REQUIRED_WITH_DOCUMENT:
		return ACTION(ASK_FOR_ELIGIBILITY_CERTIFICATE);
	case REASON_CERTIFICATE_EXPIRED:
		return ACTION(ASK_FOR_ELIGIBILITY_CERTIFICATE) | ACTION(RENEW_CERTIFICATE);
	case REASON_CERTIFICATE_NOT_CURRENT:
		return ACTION(SHOW_NOTICE_OR_PORTAL_RECORD) | ACTION(CONTACT_INSURER);
	case REASON_INSURANCE_CARD_ENDED:
		return ACTION(ASK_FOR_ELIGIBILITY_CERTIFICATE) | ACTION(SHOW_NOTICE_OR_PORTAL_RECORD);
	default:
		return 0;
	}
}

static uint32_t actions_for_validity(enum validity validity)
{
	switch (validity) {
	case VALIDITY_NOT_JUDGED:
	case VALIDITY_VALID:
		return 0;
	case VALIDITY_INVALID:
	case VALIDITY_INVALID_NEWER_EXISTS:
		return ACTION(ASK_FOR_ELIGIBILITY_CERTIFICATE) | ACTION(SHOW_NOTICE_OR_PORTAL_RECORD) |
		       ACTION(CONTACT_INSURER) | ACTION(ACCEPT_DECLARATION);
	case VALIDITY_NOT_FOUND:
	case VALIDITY_MULTIPLE:
		return ACTION(SHOW_NOTICE_OR_PORTAL_RECORD) | ACTION(CONTACT_INSURER) |
		       ACTION(ACCEPT_DECLARATION);
	}
	return 0;
}

/* Not linked closes the card's road only (R8.3): a paper that shows its numbers opens it. */
static bool is_closed_to_card_only(
	const struct presentation *shown, enum validity validity, struct reason_set reasons)
{
	return shown->kind == PRESENTED_CARD && validity == VALIDITY_NOT_FOUND &&
	       reason_in(reasons, REASON_LINK_NOT_CONFIRMED);
}

struct next_action_set next_actions(
	const struct presentation *shown, enum validity validity, bool accepted, struct reason_set reasons)
{
	struct next_action_set actions = { 0 };
	if (accepted)
		return actions;

	actions.bits = actions_for_validity(validity);
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		if (reason_in(reasons, (enum reason)reason))
			actions.bits |= actions_for_reason((enum reason)reason);
	}
	if (is_closed_to_card_only(shown, validity, reasons))
		actions.bits |= ACTION(ASK_FOR_ELIGIBILITY_CERTIFICATE);
	if (!shown->with_card && shown->kind != PRESENTED_CARD)
		actions.bits &= ~(ACTION(REGISTER_CARD_NOW) | ACTION(ACCEPT_DECLARATION));
	if (shown->setting != SETTING_SCHOOL)
		actions.bits |= ACTION(CHARGE_FULL_AMOUNT);
	return actions;
}
