/* POST /v1/card-suspensions. Here for what must hold of its decoding alone, whatever is sent. */
#ifndef SHIKAKU_API_CARD_SUSPENSIONS_H
#define SHIKAKU_API_CARD_SUSPENSIONS_H

#include "api/decode.h"
#include "cases/suspension.h"

/* Reads the body into the wish, but for its Idempotency-Key, and notes every fault; with none the wish is whole. What it keeps is in
 * `arena`. */
void card_suspension_decode(struct arena *arena, json_t *body, struct day today, struct suspension_wish *wish,
	struct field_errors *errors);

#endif
