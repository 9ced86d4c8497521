/* Tokens by their digest: who asks. */
#ifndef SHIKAKU_STORE_TOKENS_H
#define SHIKAKU_STORE_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "store/lane.h"

#define TOKEN_OWNER_MAX 16

struct token_question {
	struct lane_question question; /* first */
	uint8_t digest[DIGEST_SIZE];

	bool found;
	int64_t token_id;
	char scope[16];
	char owner[TOKEN_OWNER_MAX]; /* "" where the scope has none */
	int64_t rate_per_second;
	int64_t burst;
	int64_t expires_at; /* microseconds since 1970 */
	bool revoked;
};

extern const struct question_kind tokens_by_digest;

#endif
