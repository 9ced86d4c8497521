/* What is asked, as the body of POST /v1/eligibility-checks or /v1/limit-queries. */
#ifndef SHIKAKU_TERMINAL_REQUEST_H
#define SHIKAKU_TERMINAL_REQUEST_H

#include "terminal/card_proof.h"
#include "terminal/options.h"

/* Holds only what was given; the service's defaults stay the service's. The numbers go out as typed: their one spelling is the
 * service's business (R2). By card `proof` and how the holder was verified (may be NULL) take the place of the typed keys; else
 * `proof` is NULL. NULL when out of memory; the caller frees it. `indent` in spaces, 0 for one line. */
char *request_text(const struct options *options, const struct card_proof *proof,
	const char *holder_verification, size_t indent);

#endif
