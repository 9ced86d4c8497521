/* The version of a record: its ETag, and If-Match, by which a change that came meanwhile is not lost (RFC 9110, 13.1.1). */
#ifndef SHIKAKU_API_VERSION_H
#define SHIKAKU_API_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "net/request.h"
#include "store/wanted_version.h"

/* Adds the ETag of this version (a number from 0; of most records microseconds since 1970) to the answer that is about to be given. */
void version_add_etag(struct request *request, int64_t version);

/* What If-Match wants. False when no version can be what it names: then the request has been answered with 412. */
bool version_read_if_match(struct request *request, struct wanted_version *wanted);

#endif
