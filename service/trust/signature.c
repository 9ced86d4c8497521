#include "trust/signature.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "trust/library.h"

#define EXPONENT_SIZE 4
#define POINT_P256 65
#define POINT_P384 97
#define DIGEST_LONGEST 48
/* SEQUENCE { INTEGER, INTEGER } of two numbers of 48 bytes. */
#define ECDSA_DER_MAX 128

struct verifier {
	EVP_MD *sha256;
	EVP_MD *sha384;
	EVP_MD_CTX *digesting;
	EVP_PKEY_CTX *make_rsa;
	EVP_PKEY_CTX *make_ec;
};

enum outcome verifier_create(struct verifier **created)
{
	*created = NULL;
	library_watch();
	struct verifier *verifier = calloc(1, sizeof *verifier);
	if (verifier == NULL)
		return OUTCOME_NO_MEMORY;
	verifier->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	verifier->sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
	verifier->digesting = EVP_MD_CTX_new();
	verifier->make_rsa = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	verifier->make_ec = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (verifier->sha256 == NULL || verifier->sha384 == NULL || verifier->digesting == NULL ||
		verifier->make_rsa == NULL || verifier->make_ec == NULL) {
		verifier_destroy(verifier);
		return library_outcome(OUTCOME_INTERNAL);
	}
	*created = verifier;
	return OUTCOME_OK;
}

void verifier_destroy(struct verifier *verifier)
{
	if (verifier == NULL)
		return;
	EVP_PKEY_CTX_free(verifier->make_ec);
	EVP_PKEY_CTX_free(verifier->make_rsa);
	EVP_MD_CTX_free(verifier->digesting);
	EVP_MD_free(verifier->sha384);
	EVP_MD_free(verifier->sha256);
	free(verifier);
}

/* OSSL_PARAM wants numbers in the machine's own byte order. */
static bool to_native(const unsigned char *bytes, size_t length, unsigned char *native)
{
	BIGNUM *number = BN_bin2bn(bytes, (int)length, NULL);
	bool made = number != NULL && BN_bn2nativepad(number, native, (int)length) == (int)length;
	BN_free(number);
	return made;
}

static EVP_PKEY *make_key(EVP_PKEY_CTX *context, OSSL_PARAM parameters[])
{
	EVP_PKEY *key = NULL;
	if (EVP_PKEY_fromdata_init(context) != 1 ||
		EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		return NULL;
	return key;
}

static EVP_PKEY *rsa_key(struct verifier *verifier, struct slice public_key)
{
	unsigned char exponent[EXPONENT_SIZE];
	unsigned char modulus[PUBLIC_KEY_MAX];
	const unsigned char *bytes = (const unsigned char *)public_key.at + 1;
	size_t length = public_key.length - 1 - EXPONENT_SIZE;
	if (!to_native(bytes, EXPONENT_SIZE, exponent) || !to_native(bytes + EXPONENT_SIZE, length, modulus))
		return NULL;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, length),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent, EXPONENT_SIZE),
		OSSL_PARAM_construct_end(),
	};
	return make_key(verifier->make_rsa, parameters);
}

static EVP_PKEY *ec_key(struct verifier *verifier, struct slice public_key)
{
	char p256[] = "P-256";
	char p384[] = "P-384";
	unsigned char point[POINT_P384];
	size_t length = public_key.length - 1;
	memcpy(point, public_key.at + 1, length);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(
			OSSL_PKEY_PARAM_GROUP_NAME, length == POINT_P256 ? p256 : p384, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, length),
		OSSL_PARAM_construct_end(),
	};
	return make_key(verifier->make_ec, parameters);
}

/* In one of the two forms; whether it is a key of its kind OpenSSL says. */
static bool is_key(struct slice public_key)
{
	if (public_key.length <= 1 + EXPONENT_SIZE || public_key.length > PUBLIC_KEY_MAX)
		return false;
	return public_key.at[0] == 'R' ||
	       (public_key.at[0] == 'P' &&
		       (public_key.length == 1 + POINT_P256 || public_key.length == 1 + POINT_P384));
}

static bool fits(enum signature_algorithm algorithm, struct slice public_key)
{
	switch (algorithm) {
	case SIGNATURE_RS256:
		return public_key.at[0] == 'R';
	case SIGNATURE_ES256:
		return public_key.at[0] == 'P' && public_key.length == 1 + POINT_P256;
	case SIGNATURE_ES384:
		return public_key.at[0] == 'P' && public_key.length == 1 + POINT_P384;
	}
	return false;
}

static enum outcome verify(EVP_PKEY *key, enum signature_algorithm algorithm, const EVP_MD *hash,
	const unsigned char *digest, size_t digest_length, const unsigned char *signature, size_t length)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	enum outcome outcome = OUTCOME_INTERNAL;
	if (context != NULL && EVP_PKEY_verify_init(context) == 1 &&
		(algorithm != SIGNATURE_RS256 ||
			EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1) &&
		EVP_PKEY_CTX_set_signature_md(context, hash) == 1)
		outcome = EVP_PKEY_verify(context, signature, length, digest, digest_length) == 1
				  ? OUTCOME_OK
				  : OUTCOME_INVALID;
	EVP_PKEY_CTX_free(context);
	return outcome;
}

/* r‖s, each as long as the curve's order, as DER. 0 when it is not of that length, or memory is short. */
static size_t to_der(struct slice signature, size_t order_length, unsigned char der[ECDSA_DER_MAX])
{
	const unsigned char *bytes = (const unsigned char *)signature.at;
	if (signature.length != 2 * order_length)
		return 0;
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, (int)order_length, NULL);
	BIGNUM *s = BN_bin2bn(bytes + order_length, (int)order_length, NULL);
	int length = 0;
	if (numbers != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(numbers, r, s) == 1) {
		r = NULL;
		s = NULL;
		length = i2d_ECDSA_SIG(numbers, NULL);
		length = length > 0 && length <= ECDSA_DER_MAX ? i2d_ECDSA_SIG(numbers, &der) : 0;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(numbers);
	return length > 0 ? (size_t)length : 0;
}

/* Either form may have the length of the other by chance; accepted is what verifies. */
static enum outcome verify_ecdsa(EVP_PKEY *key, enum signature_algorithm algorithm, const EVP_MD *hash,
	const unsigned char *digest, size_t digest_length, struct slice signature)
{
	unsigned char der[ECDSA_DER_MAX];
	size_t length = to_der(signature, algorithm == SIGNATURE_ES256 ? 32 : 48, der);
	enum outcome outcome = OUTCOME_INVALID;
	if (length > 0)
		outcome = verify(key, algorithm, hash, digest, digest_length, der, length);
	if (outcome == OUTCOME_INVALID)
		outcome = verify(key, algorithm, hash, digest, digest_length,
			(const unsigned char *)signature.at, signature.length);
	return outcome;
}

enum outcome signature_check(struct verifier *verifier, enum signature_algorithm algorithm,
	struct slice public_key, struct slice message, struct slice signature)
{
	unsigned char digest[DIGEST_LONGEST];
	unsigned digest_length = 0;
	if (!is_key(public_key))
		return OUTCOME_INTERNAL;
	if (!fits(algorithm, public_key) || signature.length == 0)
		return OUTCOME_INVALID;
	ERR_clear_error();
	library_watch();
	const EVP_MD *hash = algorithm == SIGNATURE_ES384 ? verifier->sha384 : verifier->sha256;
	if (EVP_DigestInit_ex2(verifier->digesting, hash, NULL) != 1 ||
		EVP_DigestUpdate(verifier->digesting, message.at, message.length) != 1 ||
		EVP_DigestFinal_ex(verifier->digesting, digest, &digest_length) != 1)
		return library_outcome(OUTCOME_INTERNAL);
	EVP_PKEY *key =
		algorithm == SIGNATURE_RS256 ? rsa_key(verifier, public_key) : ec_key(verifier, public_key);
	enum outcome outcome = OUTCOME_INTERNAL;
	if (key != NULL)
		outcome = algorithm == SIGNATURE_RS256
				  ? verify(key, algorithm, hash, digest, digest_length,
					    (const unsigned char *)signature.at, signature.length)
				  : verify_ecdsa(key, algorithm, hash, digest, digest_length, signature);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return library_outcome(outcome);
}
