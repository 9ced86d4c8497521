#include "rules/seal.h"

#include <stdint.h>
#include <string.h>

/* Signature, then the chunk IHDR: length 13, name, width, height, five bytes more, checksum. The last chunk is IEND, always the
 * same twelve bytes (PNG, third edition, 5.2 and 11.2). */
enum { WIDTH_AT = 16, HEIGHT_AT = 20, HEAD_LENGTH = 33 };

static const char head[WIDTH_AT + 1] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
static const char tail[12 + 1] = "\0\0\0\0IEND\xae\x42\x60\x82";

static uint32_t number_at(const char *at)
{
	const unsigned char *bytes = (const unsigned char *)at;
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_side(uint32_t pixels)
{
	return pixels >= 1 && pixels <= SEAL_PIXELS_MAX;
}

bool seal_is_a_small_png(struct slice bytes)
{
	const size_t tail_length = sizeof tail - 1;
	return bytes.length >= HEAD_LENGTH + tail_length && bytes.length <= SEAL_BYTES_MAX &&
	       memcmp(bytes.at, head, WIDTH_AT) == 0 && is_side(number_at(bytes.at + WIDTH_AT)) &&
	       is_side(number_at(bytes.at + HEIGHT_AT)) &&
	       memcmp(bytes.at + bytes.length - tail_length, tail, tail_length) == 0;
}
