#include "signer.h"

#include <string.h>

#include <openssl/evp.h>

#include "target.h"

/* Ed25519, because its signatures need no chance: the same input is the same certificate. */
#define SIGNATURE_SIZE 64

const struct authority *signer(enum anchor_use use)
{
	static struct authority authorities[ANCHOR_USES];
	if (authorities[use].key == NULL) {
		unsigned char seed[32];
		memset(seed, 1 + (int)use, sizeof seed);
		EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
		MUST_HOLD(key != NULL);
		authorities[use] = make_authority("JPKI-TEST", key);
	}
	return &authorities[use];
}

const struct anchors *signer_anchors(void)
{
	static struct anchors anchors;
	if (anchors.count > 0)
		return &anchors;
	for (int use = 0; use < ANCHOR_USES; use++)
		add_anchor_of(&anchors, (enum anchor_use)use, signer((enum anchor_use)use));
	add_policy_of(&anchors, ANCHOR_OF_CARDS, CARD_POLICY);
	fuzz_silence();
	return &anchors;
}

struct slice sign(struct arena *arena, enum anchor_use use, const uint8_t *to_be_signed, size_t size)
{
	static const unsigned char algorithm[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 };
	static const unsigned char bit_string[] = { 0x03, SIGNATURE_SIZE + 1, 0x00 };
	size_t length = size + sizeof algorithm + sizeof bit_string + SIGNATURE_SIZE;
	unsigned char *whole = arena_take_raw(arena, length + 5);
	size_t signature_length = SIGNATURE_SIZE;
	MUST_HOLD(whole != NULL && length <= 0xffffff);
	size_t at = 0;
	whole[at++] = 0x30;
	/* The length in as few bytes as DER wants; it is never below 128 with what is to be signed. */
	size_t bytes = length > 0xffff ? 3 : length > 0xff ? 2 : 1;
	if (length > 0x7f)
		whole[at++] = (unsigned char)(0x80 + bytes);
	for (size_t i = bytes; i > 0; i--)
		whole[at++] = (unsigned char)(length >> (8 * (i - 1)));
	memcpy(whole + at, to_be_signed, size);
	at += size;
	memcpy(whole + at, algorithm, sizeof algorithm);
	at += sizeof algorithm;
	memcpy(whole + at, bit_string, sizeof bit_string);
	at += sizeof bit_string;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	MUST_HOLD(context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, signer(use)->key) == 1 &&
		  EVP_DigestSign(context, whole + at, &signature_length, to_be_signed, size) == 1);
	EVP_MD_CTX_free(context);
	return (struct slice){ (const char *)whole, at + signature_length };
}
