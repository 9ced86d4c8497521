/* A card's proof as fields of a request, for every endpoint that takes one, and the problem that says why it was refused. */
#ifndef SHIKAKU_API_CARD_FIELDS_H
#define SHIKAKU_API_CARD_FIELDS_H

#include "api/decode.h"
#include "cases/card_proof.h"

/* Reads `presented` of kind card. Its bytes are kept in the arena, but the challenge's, which stay the document's. */
void decode_card_shown(
	struct arena *arena, json_t *presented, struct card_shown *shown, struct field_errors *errors);

/* R5.1. */
enum problem problem_of_card_refusal(enum card_refusal refusal);

#endif
