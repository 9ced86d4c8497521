/* The header of a request: what is kept of it, and what is noted for the judgement whether it is sane. */
#ifndef SHIKAKU_NET_HEADER_H
#define SHIKAKU_NET_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "net/request.h"
#include "net/sanity.h"

struct header {
	struct request *request;
	struct sanity sanity;
	size_t lines;
	size_t cookie_bytes;
	bool no_memory; /* not everything could be kept */
};

/* Keeps the method and the path, and notes what the request line tells. */
void header_begin(struct header *header, struct request *request, const char *method, const char *path,
	const char *version);

/* Keeps and notes one header field. */
void header_take(struct header *header, struct slice name, struct slice value);

/* Whether a header of so many bytes, with so many parts of its query and cookies, leaves libmicrohttpd no room for the answer's: the
 * request would be served and never answered. */
bool header_is_too_large(const struct header *header, size_t bytes, size_t parts);

#endif
