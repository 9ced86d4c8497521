#include "terminal/card_proof.h"

#include <openssl/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BASE64_BYTES(characters) ((characters) / 4 * 3)
#define CURVE_NAME_MAX 32

static const char *algorithm_of_curve(const EVP_PKEY *key)
{
	char curve[CURVE_NAME_MAX];
	size_t length = 0;
	if (EVP_PKEY_get_group_name(key, curve, sizeof curve, &length) != 1)
		return NULL;
	if (strcmp(curve, "prime256v1") == 0)
		return "ES256";
	return strcmp(curve, "secp384r1") == 0 ? "ES384" : NULL;
}

const char *card_algorithm(const X509 *certificate)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	int length = i2d_X509(certificate, NULL);
	if (key == NULL || length <= 0 || length > BASE64_BYTES(PROOF_CERTIFICATE_MAX) ||
		EVP_PKEY_get_size(key) > BASE64_BYTES(PROOF_SIGNATURE_MAX))
		return NULL;
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return "RS256";
	case EVP_PKEY_EC:
		return algorithm_of_curve(key);
	default:
		return NULL;
	}
}

static bool sign(
	EVP_PKEY *key, const EVP_MD *digest, const char *challenge, unsigned char *signature, size_t *length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool signed_it = context != NULL && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
			 EVP_DigestSign(context, signature, length, (const unsigned char *)challenge,
				 strlen(challenge)) == 1;
	EVP_MD_CTX_free(context);
	return signed_it;
}

static bool verifies(X509 *certificate, const EVP_MD *digest, const char *challenge,
	const unsigned char *signature, size_t length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool holds = context != NULL &&
		     EVP_DigestVerifyInit(context, NULL, digest, NULL, X509_get0_pubkey(certificate)) == 1 &&
		     EVP_DigestVerify(context, signature, length, (const unsigned char *)challenge,
			     strlen(challenge)) == 1;
	EVP_MD_CTX_free(context);
	return holds;
}

static bool put_certificate(const X509 *certificate, struct card_proof *proof)
{
	unsigned char der[BASE64_BYTES(PROOF_CERTIFICATE_MAX)];
	unsigned char *end = der;
	int length = i2d_X509(certificate, NULL);
	if (length <= 0 || (size_t)length > sizeof der || i2d_X509(certificate, &end) != length)
		return false;
	EVP_EncodeBlock((unsigned char *)proof->certificate, der, length);
	return true;
}

enum card_trouble card_proof_make(
	X509 *certificate, EVP_PKEY *key, const char *challenge, struct card_proof *proof)
{
	*proof = (struct card_proof){ .algorithm = card_algorithm(certificate) };
	if (proof->algorithm == NULL)
		return CARD_UNSUPPORTED;
	const EVP_MD *digest = strcmp(proof->algorithm, "ES384") == 0 ? EVP_sha384() : EVP_sha256();
	unsigned char signature[BASE64_BYTES(PROOF_SIGNATURE_MAX)];
	size_t length = sizeof signature;
	bool made = put_certificate(certificate, proof) && sign(key, digest, challenge, signature, &length) &&
		    verifies(certificate, digest, challenge, signature, length);
	ERR_clear_error();
	if (!made)
		return CARD_SIGN_FAILED;
	EVP_EncodeBlock((unsigned char *)proof->signature, signature, (int)length);
	snprintf(proof->challenge, sizeof proof->challenge, "%s", challenge);
	return CARD_FINE;
}
