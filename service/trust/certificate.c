#include "trust/certificate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "trust/library.h"

#define RSA_BITS_LEAST 2048
#define RSA_BITS_MOST 4096
#define EXPONENT_SIZE 4
/* SHA-1 and MD5 are below. */
#define SIGNATURE_SECURITY_BITS 112

static void free_x509(void *x509)
{
	X509_free(x509);
}

/* What was signed by the issuer keeps its bytes; everything around must be as DER writes it, or one certificate would have
 * several digests. */
static bool is_der(X509 *x509, struct slice der)
{
	unsigned char *again = NULL;
	int length = i2d_X509(x509, &again);
	bool same = length >= 0 && (size_t)length == der.length && memcmp(again, der.at, der.length) == 0;
	OPENSSL_free(again);
	return same;
}

static enum outcome read_time(const ASN1_TIME *time, int64_t *wall)
{
	struct tm broken_down;
	if (ASN1_TIME_to_tm(time, &broken_down) != 1)
		return OUTCOME_INVALID;
	*wall = (int64_t)timegm(&broken_down) * MICROSECONDS;
	return OUTCOME_OK;
}

static enum outcome read_serial(const X509 *x509, struct certificate *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
	int length = ASN1_STRING_length(serial);
	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || length < 1 || length > SERIAL_MAX)
		return OUTCOME_INVALID;
	memcpy(certificate->serial, ASN1_STRING_get0_data(serial), (size_t)length);
	certificate->serial_length = (size_t)length;
	return OUTCOME_OK;
}

static bool put_number(EVP_PKEY *key, const char *name, unsigned char *to, int length)
{
	BIGNUM *number = NULL;
	bool put =
		EVP_PKEY_get_bn_param(key, name, &number) == 1 && BN_bn2binpad(number, to, length) == length;
	BN_free(number);
	return put;
}

static void read_rsa_key(EVP_PKEY *key, struct public_key *kept)
{
	int bits = EVP_PKEY_get_bits(key);
	int length = (bits + 7) / 8;
	if (bits < RSA_BITS_LEAST || bits > RSA_BITS_MOST)
		return;
	unsigned char *exponent = kept->bytes + 1;
	if (!put_number(key, OSSL_PKEY_PARAM_RSA_E, exponent, EXPONENT_SIZE) ||
		!put_number(key, OSSL_PKEY_PARAM_RSA_N, exponent + EXPONENT_SIZE, length))
		return;
	/* Odd, and not 1. */
	if (exponent[3] % 2 == 0 || (exponent[3] == 1 && exponent[0] + exponent[1] + exponent[2] == 0))
		return;
	kept->bytes[0] = 'R';
	kept->length = 1 + EXPONENT_SIZE + (size_t)length;
}

static void read_ec_key(EVP_PKEY *key, struct public_key *kept)
{
	char group[32];
	size_t written = 0;
	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &written) !=
		1)
		return;
	int length = strcmp(group, "prime256v1") == 0 ? 32 : strcmp(group, "secp384r1") == 0 ? 48 : 0;
	if (length == 0 || !put_number(key, OSSL_PKEY_PARAM_EC_PUB_X, kept->bytes + 2, length) ||
		!put_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, kept->bytes + 2 + length, length))
		return;
	kept->bytes[0] = 'P';
	kept->bytes[1] = 0x04;
	kept->length = 2 + 2 * (size_t)length;
}

static void read_key(X509 *x509, struct public_key *kept)
{
	kept->length = 0;
	EVP_PKEY *key = X509_get0_pubkey(x509);
	if (key == NULL)
		return;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		read_rsa_key(key, kept);
	else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		read_ec_key(key, kept);
}

enum outcome certificate_read(struct arena *arena, struct slice der, struct certificate *certificate)
{
	*certificate = (struct certificate){ .x509 = NULL };
	if (der.length == 0 || der.length > CERTIFICATE_MAX)
		return OUTCOME_INVALID;
	ERR_clear_error();
	library_watch();
	const unsigned char *at = (const unsigned char *)der.at;
	X509 *x509 = d2i_X509(NULL, &at, (long)der.length);
	if (x509 == NULL) {
		ERR_clear_error();
		return library_outcome(OUTCOME_INVALID);
	}
	enum outcome outcome = arena_on_close(arena, free_x509, x509);
	if (outcome != OUTCOME_OK)
		return outcome;
	certificate->x509 = x509;
	if (at != (const unsigned char *)der.at + der.length || !is_der(x509, der) ||
		(X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0)
		outcome = OUTCOME_INVALID;
	if (outcome == OUTCOME_OK)
		outcome = read_serial(x509, certificate);
	if (outcome == OUTCOME_OK)
		outcome = read_time(X509_get0_notBefore(x509), &certificate->not_before);
	if (outcome == OUTCOME_OK)
		outcome = read_time(X509_get0_notAfter(x509), &certificate->not_after);
	if (outcome == OUTCOME_OK && certificate->not_after <= certificate->not_before)
		outcome = OUTCOME_INVALID;
	if (outcome == OUTCOME_OK)
		read_key(x509, &certificate->key);
	ERR_clear_error();
	return library_outcome(outcome);
}

static bool has_key_identifier(X509 *x509, const struct anchor *anchor)
{
	const ASN1_OCTET_STRING *identifier = X509_get0_authority_key_id(x509);
	if (identifier == NULL)
		return true; /* then its signature alone must tell */
	return (size_t)ASN1_STRING_length(identifier) == anchor->key_identifier_length &&
	       memcmp(ASN1_STRING_get0_data(identifier), anchor->key_identifier,
		       anchor->key_identifier_length) == 0;
}

static const struct anchor *find_issuer(X509 *x509, const struct anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++) {
		const struct anchor *anchor = &anchors->list[i];
		X509 *authority = anchor->x509;
		if (has_key_identifier(x509, anchor) &&
			X509_NAME_cmp(X509_get_issuer_name(x509), X509_get_subject_name(authority)) == 0 &&
			X509_verify(x509, X509_get0_pubkey(authority)) == 1)
			return anchor;
	}
	return NULL;
}

static bool is_strongly_signed(X509 *x509)
{
	int bits = 0;
	return X509_get_signature_info(x509, NULL, NULL, &bits, NULL) == 1 && bits >= SIGNATURE_SECURITY_BITS;
}

static bool has_policy(X509 *x509, const struct anchors *anchors, enum anchor_use use)
{
	if (anchors->policy_count[use] == 0)
		return true;
	CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(x509, NID_certificate_policies, NULL, NULL);
	bool has = false;
	for (int i = 0; i < sk_POLICYINFO_num(policies) && !has; i++) {
		for (size_t k = 0; k < anchors->policy_count[use] && !has; k++)
			has = OBJ_cmp(sk_POLICYINFO_value(policies, i)->policyid,
				      anchors->policies[use][k]) == 0;
	}
	CERTIFICATEPOLICIES_free(policies);
	return has;
}

/* One that says so counts, though its key usage would not let it sign certificates: no card does. */
static bool is_ca(X509 *x509)
{
	return (X509_get_extension_flags(x509) & EXFLAG_CA) != 0 || X509_check_ca(x509) != 0;
}

/* 利用者証明用 has digitalSignature alone; 署名用 has nonRepudiation besides. */
static bool is_for_authentication(X509 *x509)
{
	uint32_t usage = X509_get_key_usage(x509);
	uint32_t extended = X509_get_extended_key_usage(x509);
	return usage != UINT32_MAX && (usage & KU_DIGITAL_SIGNATURE) != 0 &&
	       (usage & (KU_NON_REPUDIATION | KU_KEY_CERT_SIGN | KU_CRL_SIGN)) == 0 &&
	       (extended & (XKU_SSL_CLIENT | XKU_ANYEKU)) != 0;
}

enum certificate_verdict certificate_judge(
	const struct certificate *certificate, const struct anchors *anchors, const struct anchor **issuer)
{
	X509 *x509 = certificate->x509;
	ERR_clear_error();
	library_watch();
	*issuer = find_issuer(x509, anchors);
	enum certificate_verdict verdict = CERTIFICATE_TRUSTED;
	if (*issuer == NULL || !is_strongly_signed(x509) || certificate->key.length == 0 ||
		(X509_get_extension_flags(x509) & EXFLAG_CRITICAL) != 0)
		verdict = CERTIFICATE_UNTRUSTED;
	else if ((*issuer)->use == ANCHOR_OF_SIGNING || is_ca(x509) || !is_for_authentication(x509) ||
		 !has_policy(x509, anchors, (*issuer)->use))
		verdict = CERTIFICATE_WRONG_PURPOSE;
	ERR_clear_error();
	return library_ran_short() ? CERTIFICATE_NOT_JUDGED : verdict;
}
