#include "trust/challenge.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "trust/library.h"

#define VERSION 1
#define SIGNED_SIZE (1 + CHALLENGE_NONCE_SIZE + 8)
#define MAC_SIZE 32
#define BYTES_SIZE (SIGNED_SIZE + MAC_SIZE)

_Static_assert(
	BYTES_SIZE % 3 == 0 && BYTES_SIZE / 3 * 4 + 1 == CHALLENGE_TEXT_SIZE, "base64 without padding");

struct challenger {
	EVP_MAC *algorithm;
	EVP_MAC_CTX *context;
};

enum outcome challenger_create(struct challenger **created)
{
	*created = NULL;
	library_watch();
	struct challenger *challenger = calloc(1, sizeof *challenger);
	if (challenger == NULL)
		return OUTCOME_NO_MEMORY;
	challenger->algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
	challenger->context = challenger->algorithm == NULL ? NULL : EVP_MAC_CTX_new(challenger->algorithm);
	if (challenger->context == NULL) {
		challenger_destroy(challenger);
		return library_outcome(OUTCOME_INTERNAL);
	}
	*created = challenger;
	return OUTCOME_OK;
}

void challenger_destroy(struct challenger *challenger)
{
	if (challenger == NULL)
		return;
	EVP_MAC_CTX_free(challenger->context);
	EVP_MAC_free(challenger->algorithm);
	free(challenger);
}

/* The holder's length stands before it, so that no two pairs of holder and challenge give the same bytes. */
static enum outcome authenticate(struct challenger *challenger, const uint8_t key[CHALLENGE_KEY_SIZE],
	struct slice holder, const uint8_t bytes[SIGNED_SIZE], uint8_t mac[MAC_SIZE])
{
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	uint8_t length[2] = { (uint8_t)(holder.length >> 8), (uint8_t)holder.length };
	size_t written = 0;
	if (holder.length > UINT16_MAX)
		return OUTCOME_INTERNAL;
	library_watch();
	bool made =
		EVP_MAC_init(challenger->context, key, CHALLENGE_KEY_SIZE, parameters) == 1 &&
		EVP_MAC_update(challenger->context, length, sizeof length) == 1 &&
		EVP_MAC_update(challenger->context, (const unsigned char *)holder.at, holder.length) == 1 &&
		EVP_MAC_update(challenger->context, bytes, SIGNED_SIZE) == 1 &&
		EVP_MAC_final(challenger->context, mac, &written, MAC_SIZE) == 1 && written == MAC_SIZE;
	return library_outcome(made ? OUTCOME_OK : OUTCOME_INTERNAL);
}

enum outcome challenge_make(struct challenger *challenger, const uint8_t key[CHALLENGE_KEY_SIZE],
	struct slice holder, int64_t expires_at, char text[CHALLENGE_TEXT_SIZE])
{
	uint8_t bytes[BYTES_SIZE];
	bytes[0] = VERSION;
	library_watch();
	if (RAND_bytes(bytes + 1, CHALLENGE_NONCE_SIZE) != 1)
		return library_outcome(OUTCOME_INTERNAL);
	for (int i = 0; i < 8; i++)
		bytes[1 + CHALLENGE_NONCE_SIZE + i] = (uint8_t)((uint64_t)expires_at >> (8 * (7 - i)));
	enum outcome outcome = authenticate(challenger, key, holder, bytes, bytes + SIGNED_SIZE);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (EVP_EncodeBlock((unsigned char *)text, bytes, BYTES_SIZE) != CHALLENGE_TEXT_SIZE - 1)
		return OUTCOME_INTERNAL;
	for (int i = 0; i < CHALLENGE_TEXT_SIZE - 1; i++)
		text[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
	return OUTCOME_OK;
}

static bool is_base64url(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

enum outcome challenge_read(struct challenger *challenger, const uint8_t key[CHALLENGE_KEY_SIZE],
	struct slice holder, struct slice text, int64_t now, struct challenge *challenge)
{
	char standard[CHALLENGE_TEXT_SIZE - 1];
	uint8_t bytes[BYTES_SIZE];
	uint8_t mac[MAC_SIZE];
	if (text.length != sizeof standard)
		return OUTCOME_INVALID;
	for (size_t i = 0; i < sizeof standard; i++) {
		if (!is_base64url(text.at[i]))
			return OUTCOME_INVALID;
		standard[i] = (char)(text.at[i] == '-' ? '+' : text.at[i] == '_' ? '/' : text.at[i]);
	}
	if (EVP_DecodeBlock(bytes, (const unsigned char *)standard, sizeof standard) != BYTES_SIZE ||
		bytes[0] != VERSION)
		return OUTCOME_INVALID;
	enum outcome outcome = authenticate(challenger, key, holder, bytes, mac);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (CRYPTO_memcmp(mac, bytes + SIGNED_SIZE, MAC_SIZE) != 0)
		return OUTCOME_INVALID;
	uint64_t expires_at = 0;
	for (int i = 0; i < 8; i++)
		expires_at = expires_at << 8 | bytes[1 + CHALLENGE_NONCE_SIZE + i];
	memcpy(challenge->nonce, bytes + 1, CHALLENGE_NONCE_SIZE);
	challenge->expires_at = (int64_t)expires_at;
	return challenge->expires_at <= now ? OUTCOME_LATE : OUTCOME_OK;
}
