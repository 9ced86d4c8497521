/* What comes back as a challenge is anybody's text (R5.1). The key of these inputs is no one's: all zeros. */
#include "target.h"

#include <string.h>

#include "trust/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct challenger *challenger;
	static const uint8_t key[CHALLENGE_KEY_SIZE];
	const struct slice holder = { "terminal:1319900013", 19 };
	struct challenge challenge = { .expires_at = 0 };
	struct challenge again = { .expires_at = 0 };
	if (challenger == NULL)
		MUST_HOLD(challenger_create(&challenger) == OUTCOME_OK);
	enum outcome outcome = challenge_read(challenger, key, holder,
		(struct slice){ size == 0 ? "" : (const char *)data, size }, 0, &challenge);
	MUST_HOLD(outcome == OUTCOME_OK || outcome == OUTCOME_INVALID || outcome == OUTCOME_LATE);
	if (outcome == OUTCOME_INVALID)
		return 0;
	MUST_HOLD((outcome == OUTCOME_OK) == (challenge.expires_at > 0));
	MUST_HOLD(challenge_read(challenger, key, holder,
			  (struct slice){ size == 0 ? "" : (const char *)data, size }, INT64_MAX,
			  &again) == OUTCOME_LATE);
	MUST_HOLD(memcmp(challenge.nonce, again.nonce, CHALLENGE_NONCE_SIZE) == 0);
	return 0;
}
