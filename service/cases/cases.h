/* What the cases of one loop share: the database, OpenSSL's objects, what is believed about cards, and what is counted. */
#ifndef SHIKAKU_CASES_CASES_H
#define SHIKAKU_CASES_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/metrics.h"
#include "net/outbound.h"
#include "rules/eligibility.h"
#include "rules/reasons.h"
#include "store/store.h"
#include "trust/challenge.h"
#include "trust/digest.h"
#include "trust/sealing.h"
#include "trust/signature.h"
#include "trust/trust.h"

/* Why a card's proof is refused, in the order in which it is looked at (R5.1). The API has a problem for each. */
enum card_refusal {
	CARD_REFUSAL_NONE,
	CARD_REFUSAL_CHALLENGE_EXPIRED, /* also one that is not ours, or another token's */
	CARD_REFUSAL_CHALLENGE_REUSED,
	CARD_REFUSAL_SIGNATURE_INVALID,
	CARD_REFUSAL_CERTIFICATE_MALFORMED,
	CARD_REFUSAL_CERTIFICATE_UNTRUSTED,
	CARD_REFUSAL_CERTIFICATE_WRONG_PURPOSE,
	CARD_REFUSAL_CERTIFICATE_NOT_YET_VALID,
	CARD_REFUSAL_REVOCATION_UNAVAILABLE,
	CARD_REFUSAL_REGISTER_UNAVAILABLE, /* nobody can tell whose card it is (R5.6) */
	CARD_REFUSAL_COUNT,
};

struct cases_settings {
	int64_t challenge_lives; /* microseconds */
	bool revocation_hard; /* R5.5 */
};

struct cases {
	struct cases_settings settings;
	struct store *store;
	struct hasher *hasher;
	struct challenger *challenger;
	struct verifier *verifier;
	struct trust *trust; /* held; replaced between turns */
	struct outbound *register_line; /* to the resident register; NULL: none is configured */
	const struct sealing_key *numbers_key; /* of individual numbers, shared; NULL: none is accepted */
	struct metric *checks[VALIDITY_MULTIPLE + 1][2]; /* by validity and accepted */
	struct metric *reasons[REASON_COUNT];
	struct metric *card_roads[2]; /* short and long */
	struct metric *card_refusals[CARD_REFUSAL_COUNT];
};

/* `store`, `hasher`, `numbers_key` outlive the cases; `trust` is held until cases_close.
 * `register_line` is NULL at first, and closed with them. */
enum outcome MUST_CHECK cases_open(struct cases *cases, const struct cases_settings *settings,
	struct store *store, struct hasher *hasher, struct trust *trust,
	const struct sealing_key *numbers_key);
void cases_close(struct cases *cases);

/* From the next request on this is believed. Takes over the caller's hold. In the loop's thread. */
void cases_believe(struct cases *cases, struct trust *trust);

#endif
