#include "net/header.h"

#include <string.h>

/* Of the 8 KiB that libmicrohttpd has for a connection. */
#define HEADER_BYTES_MAX ((size_t)6 * 1024)
/* Very many short lines, parts of a query and cookies count, too: each takes a record of the library's besides, and cookies are
 * copied. */
#define HEADER_MEMORY_MAX ((size_t)7 * 1024)
#define HEADER_RECORD_MEMORY ((size_t)64)

static void keep(struct header *header, struct slice *kept, struct slice value)
{
	kept->at = arena_copy(&header->request->arena, value.at, value.length);
	kept->length = value.length;
	if (kept->at == NULL)
		header->no_memory = true;
}

/* Two of it say nothing: neither may be taken for the other. */
static void keep_only(struct header *header, struct slice *kept, struct slice value)
{
	if (kept->at == NULL)
		keep(header, kept, value);
	else
		kept->length = 0;
}

void header_begin(struct header *header, struct request *request, const char *method, const char *path,
	const char *version)
{
	*header = (struct header){ .request = request };
	header->sanity.bad_target = request->bad_target;
	header->sanity.old_version = strcmp(version, "HTTP/1.1") != 0;
	sanity_see_method(&header->sanity, slice_of(method));
	keep(header, &request->path, slice_of(path));
	request->method = arena_copy(&request->arena, method, strlen(method));
	if (request->method == NULL)
		header->no_memory = true;
}

void header_take(struct header *header, struct slice name, struct slice value)
{
	struct request *request = header->request;
	if (value.at == NULL)
		value = SLICE_LITERAL("");
	sanity_see_header(&header->sanity, name, value);
	header->lines++;
	if (slice_is_any_case(name, "cookie"))
		header->cookie_bytes += value.length;
	if (slice_is_any_case(name, "authorization"))
		keep(header, &request->authorization, value);
	else if (slice_is_any_case(name, "content-type"))
		keep(header, &request->content_type, value);
	else if (slice_is_any_case(name, "accept"))
		keep(header, &request->accept, value);
	else if (slice_is_any_case(name, "content-encoding"))
		keep(header, &request->content_encoding, value);
	else if (slice_is_any_case(name, "if-match"))
		keep_only(header, &request->if_match, value);
	else if (slice_is_any_case(name, "idempotency-key"))
		keep_only(header, &request->idempotency_key, value);
}

bool header_is_too_large(const struct header *header, size_t bytes, size_t parts)
{
	return bytes > HEADER_BYTES_MAX ||
	       bytes + header->cookie_bytes + (header->lines + parts) * HEADER_RECORD_MEMORY >
		       HEADER_MEMORY_MAX;
}
