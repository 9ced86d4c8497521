/* A card whose person the resident register has named becomes known (R5.6). */
#ifndef SHIKAKU_STORE_CARD_LEARNING_H
#define SHIKAKU_STORE_CARD_LEARNING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "store/lane.h"

enum card_learned {
	CARD_LEARNED, /* it is known as this person's, now or since before */
	CARD_LEARNED_OF_NOBODY, /* nobody here has this code */
	CARD_LEARNED_OTHERWISE, /* it is known as another person's, or with other bytes */
};

/* The caller fills the first part and `question.answered`, then asks. */
struct card_learning_question {
	struct lane_question question; /* first */
	struct slice person_code;
	struct slice medium; /* card or phone */
	uint8_t certificate_digest[DIGEST_SIZE];
	struct slice issuer_key_identifier; /* this and the next: lower-case hexadecimal */
	struct slice serial;
	int64_t not_before; /* microseconds since 1970 */
	int64_t not_after;
	struct slice public_key; /* hexadecimal; as trust/signature.h keeps it */
	int64_t now;

	enum card_learned learned;
};

extern const struct question_kind cards_learned;

#endif
