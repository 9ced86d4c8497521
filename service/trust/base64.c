#include "trust/base64.h"

#include <limits.h>
#include <stdbool.h>

#include <openssl/evp.h>

/* Without branches, because a certificate has some 1,700 of them. */
static bool are_of_the_alphabet(const char *text, size_t length)
{
	unsigned wrong = 0;
	for (size_t i = 0; i < length; i++) {
		unsigned c = (unsigned char)text[i];
		unsigned letter = ((c | 32u) - 'a') < 26u;
		unsigned digit = (c - '0') < 10u;
		wrong |= (letter | digit | (c == '+') | (c == '/')) ^ 1u;
	}
	return wrong == 0;
}

static unsigned value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '+' ? 62 : 63;
}

/* OpenSSL's decoder takes white space and says nothing of bits that no byte holds. */
static bool is_strict(struct slice text, size_t padding)
{
	size_t length = text.length - padding;
	if (text.length % 4 != 0 || !are_of_the_alphabet(text.at, length))
		return false;
	unsigned unused = padding == 0 ? 0 : padding == 1 ? 0x03 : 0x0f;
	return (value_of(text.at[length - 1]) & unused) == 0;
}

enum outcome base64_decode(struct arena *arena, struct slice text, struct slice *bytes)
{
	*bytes = (struct slice){ NULL, 0 };
	if (text.length < 4 || text.length > INT_MAX)
		return OUTCOME_INVALID;
	size_t padding = text.at[text.length - 1] != '=' ? 0 : text.at[text.length - 2] != '=' ? 1 : 2;
	if (!is_strict(text, padding))
		return OUTCOME_INVALID;
	unsigned char *decoded = arena_take_raw(arena, text.length / 4 * 3);
	if (decoded == NULL)
		return OUTCOME_NO_MEMORY;
	int length = EVP_DecodeBlock(decoded, (const unsigned char *)text.at, (int)text.length);
	if (length < (int)padding)
		return OUTCOME_INVALID;
	*bytes = (struct slice){ (const char *)decoded, (size_t)length - padding };
	return OUTCOME_OK;
}
