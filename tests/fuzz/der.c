#include "der.h"

#include <string.h>

bool der_take(struct der *rest, struct der_element *element)
{
	size_t header = 2;
	if (rest->length < 2)
		return false;
	size_t length = rest->at[1];
	if (length >= 0x80) {
		size_t bytes = length - 0x80;
		if (bytes < 1 || bytes > 3 || rest->length < 2 + bytes)
			return false;
		length = 0;
		for (size_t i = 0; i < bytes; i++)
			length = length << 8 | rest->at[2 + i];
		header += bytes;
	}
	if (length > rest->length - header)
		return false;
	*element = (struct der_element){ .tag = rest->at[0],
		.whole = { rest->at, header + length },
		.content = { rest->at + header, length } };
	rest->at += header + length;
	rest->length -= header + length;
	return true;
}

bool der_take_tag(struct der *rest, uint8_t tag, struct der_element *element)
{
	enum { CONSTRUCTED = 0x20 }; /* OpenSSL does not look at it everywhere */
	return rest->length > 0 && (rest->at[0] | CONSTRUCTED) == (tag | CONSTRUCTED) &&
	       der_take(rest, element);
}

bool der_is(struct der bytes, const char *expected, size_t length)
{
	return bytes.length == length && memcmp(bytes.at, expected, length) == 0;
}
