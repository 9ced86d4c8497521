/* POST /v1/ceiling-months. Here for what must hold of its decoding alone, whatever is sent. */
#ifndef SHIKAKU_API_CEILING_MONTHS_H
#define SHIKAKU_API_CEILING_MONTHS_H

#include "api/decode.h"
#include "cases/ceiling_month.h"

/* Reads the body into the wish of this terminal or insurer, and notes every fault; with none the wish is whole. What it keeps is in `arena`
 * or in `principal`, which outlives it. */
void ceiling_month_decode(struct arena *arena, json_t *body, struct day today,
	const struct principal *principal, struct ceiling_month_wish *wish, struct field_errors *errors);

#endif
