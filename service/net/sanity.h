/* What MHD's lenient parser lets through and must never reach a handler: the cases in which we and a proxy before us could
 * disagree where a request ends (request smuggling), and paths that are cut short. */
#ifndef SHIKAKU_NET_SANITY_H
#define SHIKAKU_NET_SANITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct sanity {
	unsigned hosts;
	unsigned content_lengths;
	unsigned transfer_encodings;
	bool chunked;
	bool bad_length;
	bool bad_name;
	bool bad_value;
	bool bad_line; /* folded, cut or skipped; set by the caller, who sees the bytes */
	bool old_version; /* not HTTP/1.1; set by the caller */
	bool bad_method;
	bool bad_target;
	uint64_t content_length; /* 0 where there is none */
};

/* Looks at the method. */
void sanity_see_method(struct sanity *sanity, struct slice method);

/* Looks at the request target as it came, before any decoding. */
void sanity_see_target(struct sanity *sanity, struct slice target);

/* Looks at one header field. */
void sanity_see_header(struct sanity *sanity, struct slice name, struct slice value);

/* Why the request must be refused and its connection closed, an English sentence; NULL when it is sane. */
const char *sanity_fault(const struct sanity *sanity);

#endif
