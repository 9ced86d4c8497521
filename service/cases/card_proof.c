#include "cases/card_proof.h"

#include <stdio.h>
#include <string.h>

#include "cases/facts.h"
#include "trust/certificate.h"

_Static_assert(CHALLENGE_NONCE_SIZE == CHALLENGE_NONCE_BYTES, "what is made is what is stored");
_Static_assert(CHALLENGE_KEY_SIZE == CHALLENGE_KEY_BYTES, "what is stored is what is used");

/* The clocks of replicas agree to a second or so. */
#define CLOCKS_DIFFER_MOST (5 * MICROSECONDS)

/* "terminal:1319900013": challenges are bound to the owner of a token, or to the token where its scope has no owner. */
#define HOLDER_MAX 64

static struct slice holder_of(const struct principal *principal, char text[HOLDER_MAX])
{
	int length =
		principal->owner[0] != '\0'
			? snprintf(text, HOLDER_MAX, "%s:%s", scope_code(principal->scope), principal->owner)
			: snprintf(text, HOLDER_MAX, "%s#%lld", scope_code(principal->scope),
				  (long long)principal->token_id);
	return (struct slice){ text, (size_t)length };
}

enum outcome card_challenge_make(struct cases *cases, const struct principal *principal, int64_t now,
	char text[CHALLENGE_TEXT_SIZE], int64_t *expires_at)
{
	char holder[HOLDER_MAX];
	const uint8_t *key = store_challenge_key(cases->store);
	if (key == NULL)
		return OUTCOME_UNAVAILABLE;
	*expires_at = now + cases->settings.challenge_lives;
	return challenge_make(cases->challenger, key, holder_of(principal, holder), *expires_at, text);
}

static void refuse(struct card_proof *proof, enum card_refusal refusal)
{
	proof->refusal = refusal;
	metric_add(proof->cases->card_refusals[refusal], 1);
	proof->proved(proof, OUTCOME_REFUSED);
}

/* Genuine and signed: what the lists say, then what the rules make of it. False: refused. */
static bool decide(
	struct card_proof *proof, struct card_facts *facts, struct slice issuer, struct slice serial)
{
	int64_t now = proof->now.wall;
	switch (revocation_of(proof->cases->trust->revocation, issuer, serial, now)) {
	case REVOCATION_GOOD:
		break;
	case REVOCATION_HELD:
		facts->suspended = true;
		break;
	case REVOCATION_REVOKED:
		facts->revoked = true;
		break;
	case REVOCATION_UNKNOWN:
		facts->revocation_unknown = true;
		break;
	}
	if (facts->revocation_unknown && proof->cases->settings.revocation_hard && !facts->revoked &&
		!facts->suspended) {
		refuse(proof, CARD_REFUSAL_REVOCATION_UNAVAILABLE);
		return false;
	}
	facts->self_information_stopped = proof->found.known && proof->found.card.person_stopped;
	proof->decision = card_decide(facts, now);
	return true;
}

static enum card_medium medium_of(enum anchor_use use)
{
	return use == ANCHOR_OF_PHONES ? CARD_MEDIUM_PHONE : CARD_MEDIUM_CARD;
}

static enum outcome check_signature(struct card_proof *proof, struct slice public_key)
{
	const struct card_shown *shown = &proof->shown;
	return signature_check(
		proof->cases->verifier, shown->algorithm, public_key, shown->challenge, shown->signature);
}

/* Validated in full when it was registered. What may have changed since: its anchor, its revocation, the time. */
static void take_short_road(struct card_proof *proof)
{
	const struct known_card *card = &proof->found.card;
	enum outcome outcome = check_signature(proof, card->public_key);
	if (outcome != OUTCOME_OK) {
		if (outcome == OUTCOME_INVALID)
			refuse(proof, CARD_REFUSAL_SIGNATURE_INVALID);
		else
			proof->proved(proof, outcome);
		return;
	}
	enum card_medium medium = medium_of_card(card);
	const struct anchor *anchor =
		anchors_find(&proof->cases->trust->anchors, card->issuer_key_identifier);
	if (anchor == NULL || anchor->use == ANCHOR_OF_SIGNING || medium_of(anchor->use) != medium) {
		refuse(proof, CARD_REFUSAL_CERTIFICATE_UNTRUSTED);
	} else if (proof->now.wall < card->not_before) {
		refuse(proof, CARD_REFUSAL_CERTIFICATE_NOT_YET_VALID);
	} else {
		struct card_facts facts = card_facts_of(card);
		if (decide(proof, &facts, card->issuer_key_identifier, card->serial))
			proof->proved(proof, OUTCOME_OK);
	}
}

/* Its challenge was used by our first question. */
static void found_again(struct lane_question *question, enum outcome outcome)
{
	struct card_question *card = (struct card_question *)question;
	struct card_proof *proof = (struct card_proof *)((char *)card - offsetof(struct card_proof, found));
	if (outcome == OUTCOME_OK && card->known)
		take_short_road(proof);
	else
		proof->proved(proof, outcome);
}

static enum outcome find(struct card_proof *proof)
{
	struct card_question *card = &proof->found;
	return proof->has_known_at ? store_find_standings_by_card_as_known(proof->cases->store, card)
				   : store_find_standings_by_card(proof->cases->store, card);
}

/* Nobody's card as far as anybody knows stays what was decided of it: not registered. */
static void looked_up(struct card_lookup *lookup, enum outcome outcome)
{
	struct card_proof *proof =
		(struct card_proof *)((char *)lookup - offsetof(struct card_proof, lookup));
	if (outcome == OUTCOME_REFUSED) {
		refuse(proof, CARD_REFUSAL_REGISTER_UNAVAILABLE);
	} else if (outcome == OUTCOME_NOT_FOUND) {
		proof->proved(proof, OUTCOME_OK);
	} else {
		proof->found.question.answered = found_again;
		if (outcome == OUTCOME_OK)
			outcome = find(proof);
		if (outcome != OUTCOME_OK)
			proof->proved(proof, outcome);
	}
}

static void ask_register(
	struct card_proof *proof, const struct certificate *certificate, const struct anchor *issuer)
{
	struct card_lookup *lookup = &proof->lookup;
	lookup->cases = proof->cases;
	lookup->arena = proof->arena;
	lookup->now = proof->now;
	lookup->looked_up = looked_up;
	card_lookup_begin(lookup, certificate, issuer, proof->found.certificate_digest);
}

static void judge_unknown(struct card_proof *proof, const struct certificate *certificate)
{
	const struct anchor *issuer = NULL;
	switch (certificate_judge(certificate, &proof->cases->trust->anchors, &issuer)) {
	case CERTIFICATE_UNTRUSTED:
		refuse(proof, CARD_REFUSAL_CERTIFICATE_UNTRUSTED);
		return;
	case CERTIFICATE_WRONG_PURPOSE:
		refuse(proof, CARD_REFUSAL_CERTIFICATE_WRONG_PURPOSE);
		return;
	case CERTIFICATE_NOT_JUDGED:
		proof->proved(proof, OUTCOME_NO_MEMORY);
		return;
	case CERTIFICATE_TRUSTED:
		break;
	}
	if (proof->now.wall < certificate->not_before) {
		refuse(proof, CARD_REFUSAL_CERTIFICATE_NOT_YET_VALID);
		return;
	}
	struct card_facts facts = { .medium = medium_of(issuer->use), .not_after = certificate->not_after };
	if (!decide(proof, &facts,
		    (struct slice){ (const char *)issuer->key_identifier, issuer->key_identifier_length },
		    (struct slice){ (const char *)certificate->serial, certificate->serial_length }))
		return;
	/* Only where its answer can make a difference. */
	if (proof->cases->register_line != NULL &&
		reason_in(proof->decision.reasons, REASON_CARD_NOT_REGISTERED))
		ask_register(proof, certificate, issuer);
	else
		proof->proved(proof, OUTCOME_OK);
}

/* Nobody's card, as far as we know: still it is told apart from what is no card at all, and the register may know better. */
static void take_long_road(struct card_proof *proof)
{
	struct certificate certificate;
	enum outcome outcome = certificate_read(proof->arena, proof->shown.certificate, &certificate);
	if (outcome == OUTCOME_INVALID) {
		refuse(proof, CARD_REFUSAL_CERTIFICATE_MALFORMED);
		return;
	}
	if (outcome == OUTCOME_OK && certificate.key.length > 0)
		outcome = check_signature(
			proof, (struct slice){ (const char *)certificate.key.bytes, certificate.key.length });
	if (outcome == OUTCOME_OK)
		judge_unknown(proof, &certificate);
	else if (outcome == OUTCOME_INVALID)
		refuse(proof, CARD_REFUSAL_SIGNATURE_INVALID);
	else
		proof->proved(proof, outcome);
}

static void found(struct lane_question *question, enum outcome outcome)
{
	struct card_question *card = (struct card_question *)question;
	struct card_proof *proof = (struct card_proof *)((char *)card - offsetof(struct card_proof, found));
	if (outcome != OUTCOME_OK) {
		proof->proved(proof, outcome);
		return;
	}
	if (!card->burnt) {
		refuse(proof, CARD_REFUSAL_CHALLENGE_REUSED);
		return;
	}
	metric_add(proof->cases->card_roads[card->known ? 0 : 1], 1);
	if (card->known)
		take_short_road(proof);
	else
		take_long_road(proof);
}

static enum outcome ask(struct card_proof *proof, const struct challenge *challenge)
{
	struct card_question *card = &proof->found;
	struct hasher *hasher = proof->cases->hasher;
	card->question.answered = found;
	card->standings.arena = proof->arena;
	card->expires_at = challenge->expires_at;
	memcpy(card->nonce, challenge->nonce, CHALLENGE_NONCE_BYTES);
	memcpy(card->check_id, proof->check_id, UUID_BYTES);
	hasher_begin(hasher);
	hasher_add(hasher, proof->shown.certificate.at, proof->shown.certificate.length);
	hasher_end(hasher, card->certificate_digest);
	card->known_at = proof->known_at;
	return find(proof);
}

/* Made by a clock that was ahead, and has been set right since: it must not live so much longer. */
static bool is_of_the_future(const struct card_proof *proof, const struct challenge *challenge)
{
	return challenge->expires_at - proof->now.wall >
	       proof->cases->settings.challenge_lives + CLOCKS_DIFFER_MOST;
}

void card_proof_begin(struct card_proof *proof)
{
	char holder[HOLDER_MAX];
	struct challenge challenge;
	const uint8_t *key = store_challenge_key(proof->cases->store);
	enum outcome outcome = OUTCOME_UNAVAILABLE;
	if (key != NULL)
		outcome = challenge_read(proof->cases->challenger, key, holder_of(proof->principal, holder),
			proof->shown.challenge, proof->now.wall, &challenge);
	if (outcome == OUTCOME_INVALID || outcome == OUTCOME_LATE ||
		(outcome == OUTCOME_OK && is_of_the_future(proof, &challenge))) {
		refuse(proof, CARD_REFUSAL_CHALLENGE_EXPIRED);
		return;
	}
	if (outcome == OUTCOME_OK)
		outcome = ask(proof, &challenge);
	if (outcome != OUTCOME_OK)
		proof->proved(proof, outcome);
}
