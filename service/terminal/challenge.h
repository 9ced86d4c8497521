/* The service's challenge: a text to be signed once, soon (R5.1). */
#ifndef SHIKAKU_TERMINAL_CHALLENGE_H
#define SHIKAKU_TERMINAL_CHALLENGE_H

#include <stddef.h>

#include "base/outcome.h"

#define CHALLENGES_PATH "/v1/card-challenges"
#define CHALLENGE_MAX 200

/* Reads the body of a 201 to POST /v1/card-challenges. OUTCOME_INVALID: not understood, and `why` (English) says what. A card signs
 * only what can be a challenge, base64url: a service that is not ours gets no signature under a text of its choosing. */
enum outcome MUST_CHECK challenge_read(
	const char *body, size_t length, char challenge[CHALLENGE_MAX + 1], const char **why);

#endif
