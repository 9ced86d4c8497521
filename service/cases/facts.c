#include "cases/facts.h"

#include <string.h>

enum scheme scheme_of_insurer(struct slice insurer_number)
{
	char number[INSURER_NUMBER_DIGITS + 1] = { 0 };
	if (insurer_number.length == INSURER_NUMBER_DIGITS)
		memcpy(number, insurer_number.at, INSURER_NUMBER_DIGITS);
	return scheme_of(number);
}

struct membership membership_of(const struct standing *standing)
{
	return (struct membership){
		.person = standing->person_id,
		.scheme = scheme_of_insurer(standing->insurer_number),
		.born = standing->birth_date,
		.acquired_on = standing->acquired_on,
		.lost_on = standing->lost_on,
		.dependent = slice_is(standing->relationship, "dependent"),
		.insured_born = standing->insured_birth_date,
		.insured_lost_on = standing->insured_lost_on,
	};
}

struct membership membership_of_sibling(const struct standing_sibling *sibling)
{
	return (struct membership){
		.person = sibling->person_id,
		.scheme = scheme_of_insurer(sibling->insurer_number),
		.born = sibling->birth_date,
		.acquired_on = sibling->acquired_on,
		.lost_on = sibling->lost_on,
		.dependent = sibling->dependent,
		.insured_born = sibling->insured_birth_date,
		.insured_lost_on = sibling->insured_lost_on,
	};
}

/* One card: what the database knows, unless a revocation list knows worse. */
static enum cards_state card_state_now(
	const struct standing_card *card, const struct revocation_index *revocation, int64_t now)
{
	enum revocation_state listed =
		revocation_of(revocation, card->issuer_key_identifier, card->serial, now);
	if (card->state == 3 || listed == REVOCATION_REVOKED)
		return CARDS_REVOKED;
	return card->state == 2 || listed == REVOCATION_HELD ? CARDS_SUSPENDED : CARDS_USABLE;
}

static enum cards_state cards_of(
	const struct standing *standing, const struct revocation_index *revocation, int64_t now)
{
	enum cards_state best = CARDS_REVOKED;
	switch (standing->cards_state) {
	case 1:
		break;
	case 2:
		return CARDS_SUSPENDED;
	case 3:
		return CARDS_REVOKED;
	default:
		return CARDS_NONE_KNOWN;
	}
	if (standing->card_count == 0)
		return CARDS_USABLE; /* not asked for, so it does not matter */
	for (size_t i = 0; i < standing->card_count; i++) {
		enum cards_state state = card_state_now(&standing->cards[i], revocation, now);
		best = state < best ? state : best;
	}
	return best;
}

static enum certificate_state certificate_of(int stored)
{
	switch (stored) {
	case 1:
		return CERTIFICATE_ISSUED;
	case 2:
		return CERTIFICATE_RETURNED;
	case 3:
		return CERTIFICATE_REVOKED;
	default:
		return CERTIFICATE_NONE;
	}
}

struct presenter presenter_of(
	const struct standing *standing, const struct revocation_index *revocation, int64_t now)
{
	return (struct presenter){
		.registered = standing->registered,
		.self_information_stopped = standing->self_information_stopped,
		.cards = cards_of(standing, revocation, now),
		.certificate = certificate_of(standing->certificate_state),
		.certificate_valid_until = standing->certificate_valid_until,
	};
}

bool ratio_on(const struct standing *standing, struct day visit, struct registered_ratio *ratio)
{
	for (size_t i = 0; i < standing->ratio_count; i++) {
		const struct standing_ratio *one = &standing->ratios[i];
		if (!day_range_holds(one->valid, visit))
			continue;
		*ratio = (struct registered_ratio){ .percent = one->percent, .valid = one->valid };
		return true;
	}
	return false;
}

struct copayment copayment_of(const struct standing *standing, struct day visit)
{
	struct registered_ratio ratio;
	bool registered = ratio_on(standing, visit, &ratio);
	return copayment_on(visit, standing->birth_date, scheme_of_insurer(standing->insurer_number),
		registered ? &ratio : NULL);
}

void ask_by_keys(struct standings_question *question, const struct typed_keys *keys)
{
	question->insurer_number = slice_of(keys->insurer_number);
	question->number_key = keys->number_key;
	question->birth_date = keys->birth_date.day;
	question->symbol_key = keys->symbol_key;
	question->branch_number = keys->branch_number;
}

enum card_medium medium_of_card(const struct known_card *card)
{
	return slice_is(card->medium, "phone") ? CARD_MEDIUM_PHONE : CARD_MEDIUM_CARD;
}

struct card_facts card_facts_of(const struct known_card *card)
{
	return (struct card_facts){
		.medium = medium_of_card(card),
		.not_after = card->not_after,
		.revoked = slice_is(card->state, "revoked"),
		.suspended = slice_is(card->state, "suspended"),
		.registered = card->use_registered,
	};
}
