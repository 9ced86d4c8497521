#include "trust/digest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

/* Small pieces are gathered first: a call into OpenSSL costs more than hashing eight bytes. */
#define GATHERED_MAX 256

struct hasher {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
	size_t gathered;
	uint8_t bytes[GATHERED_MAX];
};

enum outcome hasher_create(struct hasher **created)
{
	*created = NULL;
	struct hasher *hasher = calloc(1, sizeof *hasher);
	if (hasher == NULL)
		return OUTCOME_NO_MEMORY;
	hasher->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	hasher->context = EVP_MD_CTX_new();
	if (hasher->algorithm == NULL || hasher->context == NULL) {
		hasher_destroy(hasher);
		return OUTCOME_INTERNAL;
	}
	*created = hasher;
	return OUTCOME_OK;
}

void hasher_destroy(struct hasher *hasher)
{
	if (hasher == NULL)
		return;
	EVP_MD_CTX_free(hasher->context);
	EVP_MD_free(hasher->algorithm);
	free(hasher);
}

void hasher_begin(struct hasher *hasher)
{
	hasher->gathered = 0;
	if (EVP_DigestInit_ex2(hasher->context, hasher->algorithm, NULL) != 1)
		abort();
}

static void update(struct hasher *hasher, const void *bytes, size_t length)
{
	if (length > 0 && EVP_DigestUpdate(hasher->context, bytes, length) != 1)
		abort();
}

void hasher_add(struct hasher *hasher, const void *bytes, size_t length)
{
	if (length > GATHERED_MAX - hasher->gathered) {
		update(hasher, hasher->bytes, hasher->gathered);
		hasher->gathered = 0;
	}
	if (length > GATHERED_MAX) {
		update(hasher, bytes, length);
	} else if (length > 0) {
		memcpy(hasher->bytes + hasher->gathered, bytes, length);
		hasher->gathered += length;
	}
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
	unsigned length = 0;
	update(hasher, hasher->bytes, hasher->gathered);
	if (EVP_DigestFinal_ex(hasher->context, digest, &length) != 1 || length != SHA256_SIZE)
		abort();
}

enum outcome digest_once(const void *bytes, size_t length, uint8_t digest[SHA256_SIZE])
{
	struct hasher *hasher = NULL;
	enum outcome outcome = hasher_create(&hasher);
	if (outcome != OUTCOME_OK)
		return outcome;
	hasher_begin(hasher);
	hasher_add(hasher, bytes, length);
	hasher_end(hasher, digest);
	hasher_destroy(hasher);
	return OUTCOME_OK;
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
