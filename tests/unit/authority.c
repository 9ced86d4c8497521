#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

/* Nothing here fails but for a mistake in a test. */
static void need(bool made, const char *what)
{
	if (!made) {
		(void)fprintf(stderr, "authority: cannot make %s\n", what);
		abort();
	}
}

EVP_PKEY *make_rsa_key(unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	need(key != NULL, "an RSA key");
	return key;
}

EVP_PKEY *make_ec_key(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);
	need(key != NULL, curve);
	return key;
}

EVP_PKEY *make_rsa_key_with_exponent(unsigned exponent)
{
	EVP_PKEY *key = NULL;
	BIGNUM *n = BN_new();
	BIGNUM *e = BN_new();
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	need(BN_rand(n, 2048, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD) == 1 && BN_set_word(e, exponent) == 1 &&
			OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
			OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1,
		"the numbers of an RSA key");
	OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
	need(EVP_PKEY_fromdata_init(context) == 1 &&
			EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1,
		"an RSA key");
	OSSL_PARAM_free(parameters);
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_BLD_free(build);
	BN_free(e);
	BN_free(n);
	return key;
}

struct public_key short_form(EVP_PKEY *key)
{
	struct public_key kept = { .length = 0 };
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		BIGNUM *modulus = NULL;
		BIGNUM *exponent = NULL;
		int length = EVP_PKEY_get_size(key);
		need(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
				EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
				length <= PUBLIC_KEY_MAX - 5 &&
				BN_bn2binpad(exponent, kept.bytes + 1, 4) == 4 &&
				BN_bn2binpad(modulus, kept.bytes + 5, length) == length,
			"the short form of an RSA key");
		kept.bytes[0] = 'R';
		kept.length = 5 + (size_t)length;
		BN_free(modulus);
		BN_free(exponent);
		return kept;
	}
	need(EVP_PKEY_get_octet_string_param(
		     key, OSSL_PKEY_PARAM_PUB_KEY, kept.bytes + 1, PUBLIC_KEY_MAX - 1, &kept.length) == 1,
		"the short form of an EC key");
	kept.bytes[0] = 'P';
	kept.length += 1;
	return kept;
}

/* Ed25519 brings its own. */
static const EVP_MD *digest_for(EVP_PKEY *key, const EVP_MD *wanted)
{
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
		return NULL;
	return wanted != NULL ? wanted : EVP_sha256();
}

static void put_time(ASN1_TIME *to, int64_t seconds)
{
	need(ASN1_TIME_set(to, (time_t)seconds) != NULL, "a time");
}

static void put_name(X509_NAME *name, const char *organisation, const char *common_name)
{
	need(X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC, (const unsigned char *)"JP", -1, -1, 0) ==
				1 &&
			(organisation == NULL ||
				X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
					(const unsigned char *)organisation, -1, -1, 0) == 1) &&
			(common_name == NULL || X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
							(const unsigned char *)common_name, -1, -1, 0) == 1),
		"a name");
}

static void put_extension(X509 *x509, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX context;
	if (value[0] == '\0')
		return;
	CONF *empty = NCONF_new(NULL); /* policies are not made without one */
	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	X509V3_set_nconf(&context, empty);
	X509_EXTENSION *extension = X509V3_EXT_nconf(empty, &context, name, value);
	need(extension != NULL && X509_add_ext(x509, extension, -1) == 1, name);
	X509_EXTENSION_free(extension);
	NCONF_free(empty);
}

static ASN1_INTEGER *make_serial(const char *hexadecimal)
{
	BIGNUM *number = NULL;
	need(BN_hex2bn(&number, hexadecimal) > 0, "a serial");
	ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
	need(serial != NULL, "a serial");
	BN_free(number);
	return serial;
}

static X509 *begin(EVP_PKEY *key, const char *hexadecimal, int64_t not_before, int64_t not_after)
{
	X509 *x509 = X509_new();
	ASN1_INTEGER *serial = make_serial(hexadecimal);
	need(x509 != NULL && X509_set_version(x509, X509_VERSION_3) == 1 &&
			X509_set_serialNumber(x509, serial) == 1 && X509_set_pubkey(x509, key) == 1,
		"a certificate");
	ASN1_INTEGER_free(serial);
	put_time(X509_getm_notBefore(x509), not_before);
	put_time(X509_getm_notAfter(x509), not_after);
	return x509;
}

struct authority make_authority(const char *organisation, EVP_PKEY *key)
{
	X509 *x509 =
		begin(key, "01", AUTHORITY_NOW - 5 * AUTHORITY_YEAR, AUTHORITY_NOW + 10 * AUTHORITY_YEAR);
	put_name(X509_get_subject_name(x509), organisation, NULL);
	need(X509_set_issuer_name(x509, X509_get_subject_name(x509)) == 1, "a name");
	put_extension(x509, x509, "basicConstraints", "critical,CA:TRUE");
	put_extension(x509, x509, "keyUsage", "critical,keyCertSign,cRLSign");
	put_extension(x509, x509, "subjectKeyIdentifier", "hash");
	need(X509_sign(x509, key, digest_for(key, NULL)) > 0, "an authority's signature");
	return (struct authority){ .key = key, .x509 = x509 };
}

void free_authority(struct authority *authority)
{
	X509_free(authority->x509);
	EVP_PKEY_free(authority->key);
	*authority = (struct authority){ .key = NULL };
}

void add_anchor_of(struct anchors *anchors, enum anchor_use use, const struct authority *authority)
{
	const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(authority->x509);
	struct anchor *anchor = &anchors->list[anchors->count++];
	*anchor = (struct anchor){ .use = use,
		.key_identifier_length = (size_t)ASN1_STRING_length(identifier),
		.x509 = authority->x509 };
	memcpy(anchor->key_identifier, ASN1_STRING_get0_data(identifier), anchor->key_identifier_length);
	need(X509_up_ref(authority->x509) == 1, "an anchor");
}

void add_policy_of(struct anchors *anchors, enum anchor_use use, const char *policy)
{
	ASN1_OBJECT *object = OBJ_txt2obj(policy, 1);
	need(object != NULL, policy);
	anchors->policies[use][anchors->policy_count[use]++] = object;
}

static const char *or_else(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

struct slice make_card(const struct card_plan *plan)
{
	X509 *issuer = plan->issuer->x509;
	X509 *x509 = begin(plan->key, or_else(plan->serial, "1234567890ABCDEF"),
		plan->not_before != 0 ? plan->not_before : AUTHORITY_NOW - 2 * AUTHORITY_YEAR,
		plan->not_after != 0 ? plan->not_after : AUTHORITY_NOW + 3 * AUTHORITY_YEAR);
	need(X509_set_version(x509, plan->version_1 ? X509_VERSION_1 : X509_VERSION_3) == 1, "a version");
	put_name(X509_get_subject_name(x509), NULL, "0123ABCD4567EFGH");
	need(X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1, "a name");
	if (!plan->names_none)
		put_extension(x509, plan->names != NULL ? plan->names->x509 : issuer,
			"authorityKeyIdentifier", "keyid:always");
	put_extension(x509, issuer, "keyUsage", or_else(plan->key_usage, "critical,digitalSignature"));
	put_extension(x509, issuer, "certificatePolicies", or_else(plan->policies, CARD_POLICY));
	put_extension(x509, issuer, "extendedKeyUsage", or_else(plan->extended_key_usage, ""));
	put_extension(x509, issuer, "basicConstraints", or_else(plan->basic_constraints, ""));
	put_extension(x509, issuer, "1.2.3.4.5", or_else(plan->other, ""));
	need(X509_sign(x509, plan->issuer->key, digest_for(plan->issuer->key, plan->digest)) > 0,
		"a card's signature");
	unsigned char *der = NULL;
	int length = i2d_X509(x509, &der);
	need(length > 0, "a card's DER");
	X509_free(x509);
	char *copy = malloc((size_t)length);
	need(copy != NULL, "memory");
	memcpy(copy, der, (size_t)length);
	OPENSSL_free(der);
	return (struct slice){ copy, (size_t)length };
}

static void put_crl_extension(X509_CRL *crl, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, NULL, NULL, crl, 0);
	X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, &context, name, value);
	need(extension != NULL && X509_CRL_add_ext(crl, extension, -1) == 1, name);
	X509_EXTENSION_free(extension);
}

static void put_entry(X509_CRL *crl, const char *hexadecimal, int reason, const ASN1_TIME *when)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *serial = make_serial(hexadecimal);
	need(entry != NULL && X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
			X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)when) == 1,
		"an entry");
	if (reason >= 0) {
		ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();
		need(code != NULL && ASN1_ENUMERATED_set(code, reason) == 1 &&
				X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0) == 1,
			"a reason");
		ASN1_ENUMERATED_free(code);
	}
	ASN1_INTEGER_free(serial);
	need(X509_CRL_add0_revoked(crl, entry) == 1, "an entry");
}

X509_CRL *make_crl(const struct crl_plan *plan)
{
	X509_CRL *crl = X509_CRL_new();
	X509 *issuer = plan->issuer->x509;
	ASN1_TIME *time = ASN1_TIME_new();
	need(crl != NULL && time != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
			X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1,
		"a list");
	put_time(time, plan->this_update);
	need(X509_CRL_set1_lastUpdate(crl, time) == 1, "a time");
	for (size_t i = 0; i < plan->count; i++)
		put_entry(crl, plan->entries[i].serial, plan->entries[i].reason, time);
	for (size_t i = 0; i < plan->numbered; i++) {
		char serial[16];
		(void)snprintf(serial, sizeof serial, "%08zX", (size_t)0x01000000 + i);
		put_entry(crl, serial, -1, time);
	}
	if (plan->next_update != 0) {
		put_time(time, plan->next_update);
		need(X509_CRL_set1_nextUpdate(crl, time) == 1, "a time");
	}
	ASN1_TIME_free(time);
	put_crl_extension(crl, plan->names != NULL ? plan->names->x509 : issuer, "authorityKeyIdentifier",
		"keyid:always");
	if (plan->extension != NULL)
		put_crl_extension(crl, issuer, plan->extension, plan->value);
	EVP_PKEY *key = plan->signer != NULL ? plan->signer->key : plan->issuer->key;
	need(X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, key, digest_for(key, NULL)) > 0,
		"a list's signature");
	return crl;
}
