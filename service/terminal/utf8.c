#include "terminal/utf8.h"

size_t utf8_next(const char *text, size_t length, uint32_t *character)
{
	if (length == 0)
		return 0;
	unsigned char first = (unsigned char)text[0];
	if (first < 0x80) {
		*character = first;
		return 1;
	}

	size_t bytes;
	uint32_t smallest;
	uint32_t value;
	if ((first & 0xe0u) == 0xc0u) {
		bytes = 2;
		smallest = 0x80;
		value = first & 0x1fu;
	} else if ((first & 0xf0u) == 0xe0u) {
		bytes = 3;
		smallest = 0x800;
		value = first & 0x0fu;
	} else if ((first & 0xf8u) == 0xf0u) {
		bytes = 4;
		smallest = 0x10000;
		value = first & 0x07u;
	} else {
		return 0;
	}
	if (bytes > length)
		return 0;
	for (size_t i = 1; i < bytes; i++) {
		unsigned char next = (unsigned char)text[i];
		if ((next & 0xc0u) != 0x80u)
			return 0;
		value = value << 6 | (next & 0x3fu);
	}
	if (value < smallest || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return bytes;
}

size_t utf8_write(uint32_t character, char bytes[UTF8_MAX_BYTES])
{
	if (character < 0x80) {
		bytes[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		bytes[0] = (char)(0xc0u | character >> 6);
		bytes[1] = (char)(0x80u | (character & 0x3fu));
		return 2;
	}
	if (character < 0x10000) {
		bytes[0] = (char)(0xe0u | character >> 12);
		bytes[1] = (char)(0x80u | (character >> 6 & 0x3fu));
		bytes[2] = (char)(0x80u | (character & 0x3fu));
		return 3;
	}
	bytes[0] = (char)(0xf0u | character >> 18);
	bytes[1] = (char)(0x80u | (character >> 12 & 0x3fu));
	bytes[2] = (char)(0x80u | (character >> 6 & 0x3fu));
	bytes[3] = (char)(0x80u | (character & 0x3fu));
	return 4;
}

bool utf8_is_valid(const char *text, size_t length)
{
	while (length > 0) {
		uint32_t character;
		size_t bytes = utf8_next(text, length, &character);
		if (bytes == 0)
			return false;
		text += bytes;
		length -= bytes;
	}
	return true;
}
