/* POST /v1/limit-queries: what does this patient pay this month? Here for what must hold of its decoding alone, whatever is sent. */
#ifndef SHIKAKU_API_LIMIT_QUERIES_H
#define SHIKAKU_API_LIMIT_QUERIES_H

#include "api/decode.h"
#include "cases/check.h"

/* Reads the body into check->question, by check->now, and notes every fault; with none the question is whole. What it keeps is
 * in check->arena or in `body`. */
void limit_query_decode(json_t *body, struct check *check, struct field_errors *errors);

#endif
