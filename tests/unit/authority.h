/* Invented certification authorities, cards and revocation lists, made in the test's own memory. */
#ifndef SHIKAKU_TESTS_UNIT_AUTHORITY_H
#define SHIKAKU_TESTS_UNIT_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "trust/anchors.h"
#include "trust/signature.h"

#define CARD_POLICY "1.2.392.200149.8.5.1.3.30"
/* 2026-11-22T00:00:00Z, the present of these tests, in seconds since 1970; cards live from two years before to three after. */
#define AUTHORITY_NOW INT64_C(1795305600)
#define AUTHORITY_YEAR INT64_C(31536000)

struct authority {
	EVP_PKEY *key;
	X509 *x509;
};

EVP_PKEY *make_rsa_key(unsigned bits);
EVP_PKEY *make_ec_key(const char *curve);
/* A public key with that exponent, and a modulus of 2048 bits that is nobody's. */
EVP_PKEY *make_rsa_key_with_exponent(unsigned exponent);

/* The form in which the service keeps a key. */
struct public_key short_form(EVP_PKEY *key);

/* All of one organisation have the same name, as the generations of the real ones do. The key becomes the authority's. */
struct authority make_authority(const char *organisation, EVP_PKEY *key);
void free_authority(struct authority *authority);

/* Adds the authority to anchors that the caller began with { .count = 0 } and ends with anchors_free. */
void add_anchor_of(struct anchors *anchors, enum anchor_use use, const struct authority *authority);
void add_policy_of(struct anchors *anchors, enum anchor_use use, const char *policy);

/* A card: what is NULL is as it should be, and "" leaves the extension out. */
struct card_plan {
	const struct authority *issuer;
	EVP_PKEY *key;
	const struct authority *names; /* whose key identifier it names; the issuer's */
	bool names_none;
	const char *key_usage;
	const char *policies;
	const char *extended_key_usage;
	const char *basic_constraints;
	const char *other; /* value of the extension 1.2.3.4.5 */
	const EVP_MD *digest;
	const char *serial; /* hexadecimal, "-" before it for a negative one */
	bool version_1;
	int64_t not_before; /* seconds since 1970; 0: as above */
	int64_t not_after;
};

/* The DER; free it with free((void *)made.at). */
struct slice make_card(const struct card_plan *plan);

struct crl_entry {
	const char *serial;
	int reason; /* CRL_REASON_…; -1: none is given */
};

struct crl_plan {
	const struct authority *issuer;
	const struct authority *names; /* as above */
	const struct authority *signer; /* who signs it; the issuer */
	const struct crl_entry *entries;
	size_t count;
	size_t numbered; /* so many more entries, with the serials 0x01000000 and up */
	int64_t this_update; /* seconds since 1970 */
	int64_t next_update; /* 0: none */
	const char *extension; /* name and value of one more, or NULL */
	const char *value;
};

X509_CRL *make_crl(const struct crl_plan *plan);

#endif
