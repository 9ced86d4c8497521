#include "base/gunzip.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ONLY_GZIP (15 + 16)

struct gunzip {
	z_stream stream;
	bool ended; /* a member has; another may follow */
	bool begun;
	uint64_t read;
	uint64_t made;
};

enum outcome gunzip_create(struct gunzip **created)
{
	*created = calloc(1, sizeof **created);
	if (*created == NULL)
		return OUTCOME_NO_MEMORY;
	if (inflateInit2(&(*created)->stream, ONLY_GZIP) != Z_OK) {
		free(*created);
		*created = NULL;
		return OUTCOME_NO_MEMORY;
	}
	return OUTCOME_OK;
}

void gunzip_destroy(struct gunzip *gunzip)
{
	if (gunzip == NULL)
		return;
	(void)inflateEnd(&gunzip->stream);
	free(gunzip);
}

static enum outcome step(struct gunzip *gunzip, struct slice *packed, char *room, size_t size, size_t *made)
{
	z_stream *stream = &gunzip->stream;
	union {
		const char *read_only;
		Bytef *for_zlib;
	} in = { .read_only = packed->at };
	uInt given = packed->length > UINT_MAX ? UINT_MAX : (uInt)packed->length;
	uInt wanted = size > UINT_MAX ? UINT_MAX : (uInt)size;
	stream->next_in = in.for_zlib;
	stream->avail_in = given;
	stream->next_out = (Bytef *)room;
	stream->avail_out = wanted;
	int said = inflate(stream, Z_NO_FLUSH);
	packed->at += given - stream->avail_in;
	packed->length -= given - stream->avail_in;
	gunzip->read += given - stream->avail_in;
	gunzip->made += wanted - stream->avail_out;
	*made = wanted - stream->avail_out;
	gunzip->ended = said == Z_STREAM_END;
	if (said == Z_MEM_ERROR)
		return OUTCOME_NO_MEMORY;
	return said == Z_OK || said == Z_STREAM_END || said == Z_BUF_ERROR ? OUTCOME_OK : OUTCOME_INVALID;
}

enum outcome gunzip_take(struct gunzip *gunzip, struct slice *packed, char *room, size_t size, size_t *made)
{
	enum outcome outcome = OUTCOME_OK;
	*made = 0;
	while (outcome == OUTCOME_OK && *made < size) {
		size_t more = 0;
		size_t before = packed->length;
		if (gunzip->ended && packed->length == 0)
			break;
		if (gunzip->ended && inflateReset2(&gunzip->stream, ONLY_GZIP) != Z_OK)
			return OUTCOME_INTERNAL;
		gunzip->begun = gunzip->begun || packed->length > 0;
		outcome = step(gunzip, packed, room + *made, size - *made, &more);
		*made += more;
		if (gunzip->made > GUNZIP_FREE && gunzip->made / GUNZIP_GROWTH_MAX > gunzip->read)
			outcome = OUTCOME_REFUSED;
		if (more == 0 && packed->length == before && !gunzip->ended)
			break;
	}
	return outcome;
}

bool gunzip_is_whole(const struct gunzip *gunzip)
{
	return gunzip->ended || !gunzip->begun;
}

bool gunzip_knows(struct slice bytes)
{
	return bytes.length >= 2 && memcmp(bytes.at, "\x1f\x8b", 2) == 0;
}
