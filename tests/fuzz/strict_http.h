/* What a sequence of bytes says as HTTP/1.1, read by the letter of RFC 9112 and no further: a second opinion, which knows nothing of
 * the library that the service uses. Where a reader of good will could differ from another, nothing more is there. */
#ifndef SHIKAKU_TESTS_FUZZ_STRICT_HTTP_H
#define SHIKAKU_TESTS_FUZZ_STRICT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct strict_request {
	struct slice method;
	struct slice target; /* as it came */
	struct slice head; /* from the method to the empty line, that too */
	struct slice body; /* in the reader's room, as far as it has come */
	bool whole; /* the body's end has come too */
	bool chunked;
	bool doubtful; /* its chunks, or what is behind the last, are not by the letter: who knows where they end */
	bool expects; /* 100 Continue */
	bool plain; /* nothing in it by which a server may refuse it or end the connection */
};

/* Reads what is there, at most `max` requests; how many heads are complete. Bodies are put together in `room`, as large as the
 * stream. Only the last may not be whole. */
size_t strict_read(struct slice stream, struct strict_request requests[], size_t max, char *room);

#endif
