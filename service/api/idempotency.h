/* Idempotency-Key: a request that creates a record, sent again because its answer was lost, gets that answer and creates nothing
 * (see store/idempotency.h). */
#ifndef SHIKAKU_API_IDEMPOTENCY_H
#define SHIKAKU_API_IDEMPOTENCY_H

#include "api/application.h"
#include "store/idempotency.h"

#define IDEMPOTENCY_KEY_MAX 255

/* What the exchange's request says of it; `given` is false where it says nothing. False when the key is none: then the request has
 * been answered with the problem. */
bool idempotency_read(struct exchange *exchange, struct idempotency *idempotency);

/* Says in the answer's header that it was given before. Call before answering. */
void idempotency_note_replay(struct request *request);

#endif
