/* POST /v1/eligibility-checks: the main job. Here for what must hold of its decoding alone, whatever is sent. */
#ifndef SHIKAKU_API_ELIGIBILITY_CHECKS_H
#define SHIKAKU_API_ELIGIBILITY_CHECKS_H

#include "api/decode.h"
#include "cases/check.h"

/* Reads the body into check->question, by check->now, and notes every fault; with none the question is whole. What it keeps is
 * in check->arena or in `body`. */
void eligibility_check_decode(json_t *body, struct check *check, struct field_errors *errors);

#endif
