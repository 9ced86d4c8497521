/* The query of a request: parameters by name, decoded. */
#ifndef SHIKAKU_API_QUERY_H
#define SHIKAKU_API_QUERY_H

#include <stddef.h>

#include "net/request.h"

/* values[i] becomes what names[i] was given, percent-decoded and in the request's arena; no value where it is absent. False when the
 * query cannot be read, names something else or names something twice: then the request has been answered with the problem. */
bool query_read(struct request *request, const char *const names[], size_t count, struct slice values[]);

#endif
