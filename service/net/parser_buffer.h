/* A look into the buffer of libmicrohttpd 0.9.75, whose lenient parser hides what another server would read. It glues a folded line
 * to the header's name, so that "T: chunked ransfer-Encoding" becomes a Transfer-Encoding; it cuts a value at a NUL, takes a bare
 * line feed for a line's end, skips a line without a name, and more spaces than one in the request line. In its buffer an honest
 * line is the name, a NUL for the colon, white space, the value, and two NULs for the line's end; the next line follows at
 * once. */
#ifndef SHIKAKU_NET_PARSER_BUFFER_H
#define SHIKAKU_NET_PARSER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct parser_buffer {
	const char *begin;
	const char *next_line; /* where the next honest line begins; NULL: not to be told any more */
	bool dishonest;
};

/* The request line: `target_end` is where the parser said that the target ends. All point into its buffer. */
void parser_buffer_begin(struct parser_buffer *buffer, const char *method, const char *path,
	const char *target_end, const char *version);

/* The next header line; a value without a place (NULL) ends what can be told. */
void parser_buffer_line(struct parser_buffer *buffer, struct slice name, struct slice value);

/* The empty line, at which a header of so many bytes ends. */
void parser_buffer_end(struct parser_buffer *buffer, size_t header_bytes);

#endif
