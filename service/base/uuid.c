#include "base/uuid.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

#define RANDOM_BYTES 10
/* getrandom gives up to 256 bytes in one uninterrupted piece. */
#define POOL_BYTES 250

static _Thread_local uint8_t pool[POOL_BYTES];
static _Thread_local size_t pool_left;

void uuid_make(int64_t wall, uint8_t uuid[UUID_BYTES])
{
	if (pool_left < RANDOM_BYTES) {
		/* Without randomness no identifier is worth having, and the kernel always has some. */
		if (getrandom(pool, sizeof pool, 0) != (ssize_t)sizeof pool)
			abort();
		pool_left = sizeof pool;
	}
	pool_left -= RANDOM_BYTES;
	uint64_t milliseconds = (uint64_t)(wall / 1000);
	for (int i = 0; i < 6; i++)
		uuid[i] = (uint8_t)(milliseconds >> (8 * (5 - i)));
	memcpy(uuid + 6, pool + pool_left, RANDOM_BYTES);
	uuid[6] = (uint8_t)(0x70 | (uuid[6] & 0x0f));
	uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3f));
}

void uuid_format(const uint8_t uuid[UUID_BYTES], char text[UUID_TEXT_SIZE])
{
	static const uint8_t groups[] = { 4, 2, 2, 2, 6 };
	size_t from = 0;
	char *to = text;
	for (size_t i = 0; i < sizeof groups; i++) {
		if (i > 0)
			*to++ = '-';
		text_hex(uuid + from, groups[i], to);
		to += (size_t)2 * groups[i];
		from += groups[i];
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool uuid_parse(const char *text, size_t length, uint8_t uuid[UUID_BYTES])
{
	if (length != UUID_TEXT_SIZE - 1)
		return false;
	size_t at = 0;
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
			return false;
		int high = hex_value(text[at++]);
		int low = hex_value(text[at++]);
		if (high < 0 || low < 0)
			return false;
		uuid[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}
