/* /v1/insurers/{insurer_number}/…: an insurer's token opens its own number only. */
#ifndef SHIKAKU_API_INSURER_PATH_H
#define SHIKAKU_API_INSURER_PATH_H

#include "api/application.h"

/* The insurer's 8 digits when the path's first parameter is the token's owner (6 digits of 国保 do, too; R2.1). NULL: it is not, and
 * the request has been answered with the problem. Lives as long as the exchange. */
const char *insurer_of_path(struct exchange *exchange);

#endif
