#include "cases/cases.h"

#include <stdio.h>

static const char *const refusal_codes[CARD_REFUSAL_COUNT] = {
	[CARD_REFUSAL_NONE] = "none",
	[CARD_REFUSAL_CHALLENGE_EXPIRED] = "challenge_expired",
	[CARD_REFUSAL_CHALLENGE_REUSED] = "challenge_reused",
	[CARD_REFUSAL_SIGNATURE_INVALID] = "card_signature_invalid",
	[CARD_REFUSAL_CERTIFICATE_MALFORMED] = "card_certificate_malformed",
	[CARD_REFUSAL_CERTIFICATE_UNTRUSTED] = "card_certificate_untrusted",
	[CARD_REFUSAL_CERTIFICATE_WRONG_PURPOSE] = "card_certificate_wrong_purpose",
	[CARD_REFUSAL_CERTIFICATE_NOT_YET_VALID] = "card_certificate_not_yet_valid",
	[CARD_REFUSAL_REVOCATION_UNAVAILABLE] = "revocation_unavailable",
	[CARD_REFUSAL_REGISTER_UNAVAILABLE] = "register_unavailable",
};

static void register_metrics(struct cases *cases)
{
	char labels[96];
	for (int validity = VALIDITY_NOT_JUDGED; validity <= VALIDITY_MULTIPLE; validity++) {
		for (int accepted = 0; accepted < 2; accepted++) {
			(void)snprintf(labels, sizeof labels, "validity=\"%s\",accepted=\"%s\"",
				validity_code((enum validity)validity), accepted != 0 ? "true" : "false");
			cases->checks[validity][accepted] = metrics_counter(
				"shikaku_checks_total", "Checks on record, by outcome.", labels);
		}
	}
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		(void)snprintf(labels, sizeof labels, "reason=\"%s\"", reason_code((enum reason)reason));
		cases->reasons[reason] = metrics_counter(
			"shikaku_check_reasons_total", "Reasons given in checks on record.", labels);
	}
	for (int road = 0; road < 2; road++)
		cases->card_roads[road] = metrics_counter("shikaku_card_proofs_total",
			"Cards whose challenge was used: known ones take the short road.",
			road == 0 ? "road=\"short\"" : "road=\"long\"");
	for (int refusal = CARD_REFUSAL_NONE + 1; refusal < CARD_REFUSAL_COUNT; refusal++) {
		(void)snprintf(labels, sizeof labels, "problem=\"%s\"", refusal_codes[refusal]);
		cases->card_refusals[refusal] = metrics_counter(
			"shikaku_card_refusals_total", "Card proofs that were refused.", labels);
	}
}

enum outcome cases_open(struct cases *cases, const struct cases_settings *settings, struct store *store,
	struct hasher *hasher, struct trust *trust, const struct sealing_key *numbers_key)
{
	*cases = (struct cases){ .settings = *settings,
		.store = store,
		.hasher = hasher,
		.trust = trust_hold(trust),
		.numbers_key = numbers_key };
	register_metrics(cases);
	enum outcome outcome = challenger_create(&cases->challenger);
	return outcome == OUTCOME_OK ? verifier_create(&cases->verifier) : outcome;
}

void cases_close(struct cases *cases)
{
	outbound_destroy(cases->register_line);
	challenger_destroy(cases->challenger);
	verifier_destroy(cases->verifier);
	trust_let_go(cases->trust);
	*cases = (struct cases){ .store = NULL };
}

void cases_believe(struct cases *cases, struct trust *trust)
{
	trust_let_go(cases->trust);
	cases->trust = trust;
}
