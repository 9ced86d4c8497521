/* What is asked, as the body of POST /v1/eligibility-checks. */
#ifndef SHIKAKU_TERMINAL_REQUEST_H
#define SHIKAKU_TERMINAL_REQUEST_H

#include "terminal/options.h"

/* Holds only what was given; the service's defaults stay the service's. The numbers go out as typed: their one spelling is the
 * service's business (R2). NULL when out of memory; the caller frees it. `indent` in spaces, 0 for one line. */
char *request_text(const struct check_options *options, size_t indent);

#endif
