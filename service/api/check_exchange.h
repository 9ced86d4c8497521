/* The way of a check through its request: decode, begin, answer or refuse. The same for cover and for a month's limit. */
#ifndef SHIKAKU_API_CHECK_EXCHANGE_H
#define SHIKAKU_API_CHECK_EXCHANGE_H

#include "api/application.h"
#include "api/decode.h"
#include "cases/check.h"

/* `decode` reads the body into check->question, by check->now, and notes every fault; with none the question is whole. `write` writes the
 * answer, see struct check. */
void check_exchange_start(struct exchange *exchange,
	void (*decode)(json_t *body, struct check *check, struct field_errors *errors),
	enum outcome (*write)(struct check *check, struct slice *bytes));

#endif
