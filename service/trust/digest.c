/* EVP takes memory for each digest since OpenSSL 3, and a record must be possible to digest when there is none: so SHA-256 by the
 * functions below it, which take none and cannot fail. They are deprecated only because they pass providers by. */
#define OPENSSL_API_COMPAT 10101

#include "trust/digest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

struct hasher {
	SHA256_CTX context;
};

enum outcome hasher_create(struct hasher **created)
{
	*created = calloc(1, sizeof **created);
	return *created == NULL ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

void hasher_destroy(struct hasher *hasher)
{
	free(hasher);
}

void hasher_begin(struct hasher *hasher)
{
	(void)SHA256_Init(&hasher->context);
}

void hasher_add(struct hasher *hasher, const void *bytes, size_t length)
{
	if (length > 0)
		(void)SHA256_Update(&hasher->context, bytes, length);
}

void hasher_add_number(struct hasher *hasher, uint64_t number)
{
	uint8_t bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (8 * (7 - i)));
	hasher_add(hasher, bytes, sizeof bytes);
}

void hasher_end(struct hasher *hasher, uint8_t digest[SHA256_SIZE])
{
	(void)SHA256_Final(digest, &hasher->context);
}

void digest_once(const void *bytes, size_t length, uint8_t digest[SHA256_SIZE])
{
	struct hasher hasher;
	hasher_begin(&hasher);
	hasher_add(&hasher, bytes, length);
	hasher_end(&hasher, digest);
}

enum outcome token_make(char token[TOKEN_TEXT_SIZE])
{
	uint8_t random[32];
	/* 44 characters with one "=" at the end, and a NUL. */
	char base64[48];
	if (RAND_priv_bytes(random, sizeof random) != 1)
		return OUTCOME_INTERNAL;
	int length = EVP_EncodeBlock((unsigned char *)base64, random, sizeof random);
	memset(random, 0, sizeof random);
	if (length != 44)
		return OUTCOME_INTERNAL;
	memcpy(token, "skk_", 4);
	for (int i = 0; i < 43; i++) {
		char c = base64[i];
		token[4 + i] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
	}
	token[47] = '\0';
	return OUTCOME_OK;
}
