/* Signatures by a card's key: trust/signature.c (R5.1). */
#include "authority.h"
#include "vectors.h"

#include <string.h>

#include <openssl/ecdsa.h>

#include "trust/signature.h"

#define MESSAGE SLICE_LITERAL("AW5vdCBhIHJlYWwgY2hhbGxlbmdlLCBidXQgYXMgbG9uZyBhcyBvbmUgaXMsIHdpdGggNzYg")

struct signing {
	EVP_PKEY *key;
	struct public_key kept;
	enum signature_algorithm algorithm;
	const EVP_MD *digest;
	int order_length; /* 0 for RSA */
};

static struct verifier *verifier;
static struct signing rsa;
static struct signing p256;
static struct signing p384;
static struct signing *const all[] = { &rsa, &p256, &p384 };

static struct signing signing_by(
	EVP_PKEY *key, enum signature_algorithm algorithm, const EVP_MD *digest, int order_length)
{
	return (struct signing){ key, short_form(key), algorithm, digest, order_length };
}

static int set_up(void **state)
{
	(void)state;
	rsa = signing_by(make_rsa_key(2048), SIGNATURE_RS256, EVP_sha256(), 0);
	p256 = signing_by(make_ec_key("P-256"), SIGNATURE_ES256, EVP_sha256(), 32);
	p384 = signing_by(make_ec_key("P-384"), SIGNATURE_ES384, EVP_sha384(), 48);
	return verifier_create(&verifier) == OUTCOME_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(all[i]->key);
	verifier_destroy(verifier);
	return 0;
}

struct signed_bytes {
	unsigned char at[1024];
	size_t length;
};

static struct signed_bytes sign(const struct signing *by, const EVP_MD *digest, struct slice message)
{
	struct signed_bytes made = { .length = sizeof made.at };
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, by->key), 1);
	assert_int_equal(EVP_DigestSign(context, made.at, &made.length, (const unsigned char *)message.at,
				 message.length),
		1);
	EVP_MD_CTX_free(context);
	return made;
}

static void split(const struct signed_bytes *der, BIGNUM **r, BIGNUM **s)
{
	const unsigned char *at = der->at;
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)der->length);
	assert_non_null(numbers);
	*r = BN_dup(ECDSA_SIG_get0_r(numbers));
	*s = BN_dup(ECDSA_SIG_get0_s(numbers));
	ECDSA_SIG_free(numbers);
}

/* r‖s, as JOSE and many smart cards write it. */
static struct signed_bytes plain_of(const struct signing *by, const struct signed_bytes *der)
{
	struct signed_bytes plain = { .length = 2 * (size_t)by->order_length };
	BIGNUM *r = NULL;
	BIGNUM *s = NULL;
	split(der, &r, &s);
	assert_int_equal(BN_bn2binpad(r, plain.at, by->order_length), by->order_length);
	assert_int_equal(BN_bn2binpad(s, plain.at + by->order_length, by->order_length), by->order_length);
	BN_free(r);
	BN_free(s);
	return plain;
}

static enum outcome check(enum signature_algorithm algorithm, const struct public_key *key,
	const void *signature, size_t length)
{
	return signature_check(verifier, algorithm, (struct slice){ (const char *)key->bytes, key->length },
		MESSAGE, (struct slice){ signature, length });
}

static void a_card_of_every_kind_proves_itself_R5_1(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct signed_bytes made = sign(all[i], all[i]->digest, MESSAGE);
		assert_int_equal(check(all[i]->algorithm, &all[i]->kept, made.at, made.length), OUTCOME_OK);
		if (all[i]->order_length == 0)
			continue;
		struct signed_bytes plain = plain_of(all[i], &made);
		assert_int_equal(check(all[i]->algorithm, &all[i]->kept, plain.at, plain.length), OUTCOME_OK);
	}
}

static void the_largest_keys_that_a_card_may_have_are_taken_R5_1(void **state)
{
	(void)state;
	static const unsigned bits[] = { 3072, 4096 };
	for (int i = 0; i < 2; i++) {
		struct signing by = signing_by(make_rsa_key(bits[i]), SIGNATURE_RS256, EVP_sha256(), 0);
		struct signed_bytes made = sign(&by, by.digest, MESSAGE);
		assert_int_equal(check(by.algorithm, &by.kept, made.at, made.length), OUTCOME_OK);
		EVP_PKEY_free(by.key);
	}
}

static void a_signature_over_anything_else_is_none_R5_1(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		char message[128];
		struct slice whole = MESSAGE;
		struct signed_bytes made = sign(all[i], all[i]->digest, MESSAGE);
		struct slice signature = { (const char *)made.at, made.length };
		struct slice key = { (const char *)all[i]->kept.bytes, all[i]->kept.length };
		memcpy(message, whole.at, whole.length + 1);
		for (size_t at = 0; at < whole.length; at++) {
			message[at] ^= 1;
			assert_int_equal(signature_check(verifier, all[i]->algorithm, key,
						 (struct slice){ message, whole.length }, signature),
				OUTCOME_INVALID);
			message[at] ^= 1;
		}
		for (size_t length = 0; length <= whole.length + 1; length++) {
			enum outcome outcome = signature_check(verifier, all[i]->algorithm, key,
				(struct slice){ message, length }, signature);
			assert_int_equal(outcome, length == whole.length ? OUTCOME_OK : OUTCOME_INVALID);
		}
	}
}

static void a_signature_by_another_card_is_none_R5_1(void **state)
{
	(void)state;
	struct signing others[] = {
		signing_by(make_rsa_key(2048), SIGNATURE_RS256, EVP_sha256(), 0),
		signing_by(make_ec_key("P-256"), SIGNATURE_ES256, EVP_sha256(), 32),
		signing_by(make_ec_key("P-384"), SIGNATURE_ES384, EVP_sha384(), 48),
	};
	for (int i = 0; i < 3; i++) {
		struct signed_bytes made = sign(&others[i], others[i].digest, MESSAGE);
		assert_int_equal(
			check(all[i]->algorithm, &all[i]->kept, made.at, made.length), OUTCOME_INVALID);
		EVP_PKEY_free(others[i].key);
	}
}

/* Whatever algorithm the request names, with whatever was signed: only the key's own one verifies. */
static void an_algorithm_that_is_not_the_keys_proves_nothing_R5_1(void **state)
{
	(void)state;
	const EVP_MD *const digests[] = { EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512() };
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 4; k++) {
			struct signed_bytes made = sign(all[i], digests[k], MESSAGE);
			for (int named = SIGNATURE_RS256; named <= SIGNATURE_ES384; named++) {
				bool right = named == (int)all[i]->algorithm && digests[k] == all[i]->digest;
				for (int by = 0; by < 3; by++)
					assert_int_equal(check((enum signature_algorithm)named,
								 &all[by]->kept, made.at, made.length),
						right && by == i ? OUTCOME_OK : OUTCOME_INVALID);
			}
		}
	}
	struct signed_bytes made = sign(&rsa, rsa.digest, MESSAGE);
	assert_int_equal(
		check((enum signature_algorithm)3, &rsa.kept, made.at, made.length), OUTCOME_INVALID);
}

/* RSASSA-PSS is another algorithm, which RS256 is not. */
static void a_signature_with_another_padding_is_none_R5_1(void **state)
{
	(void)state;
	struct signed_bytes made = { .length = sizeof made.at };
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	struct slice message = MESSAGE;
	assert_int_equal(EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, rsa.key), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(options, 6 /* PSS */), 1);
	assert_int_equal(EVP_DigestSign(context, made.at, &made.length, (const unsigned char *)message.at,
				 message.length),
		1);
	EVP_MD_CTX_free(context);
	assert_int_equal(check(SIGNATURE_RS256, &rsa.kept, made.at, made.length), OUTCOME_INVALID);
}

static void assert_no_other_length(const struct signing *by, const struct signed_bytes *made)
{
	struct signed_bytes changed;
	for (size_t length = 0; length < made->length; length++)
		assert_int_equal(check(by->algorithm, &by->kept, made->at, length), OUTCOME_INVALID);
	for (size_t more = 1; more <= sizeof changed.at - made->length; more += more < 8 ? 1 : 97) {
		memset(changed.at, 0, sizeof changed.at);
		memcpy(changed.at, made->at, made->length);
		assert_int_equal(
			check(by->algorithm, &by->kept, changed.at, made->length + more), OUTCOME_INVALID);
		memset(changed.at, 0, sizeof changed.at);
		memcpy(changed.at + more, made->at, made->length);
		assert_int_equal(
			check(by->algorithm, &by->kept, changed.at, made->length + more), OUTCOME_INVALID);
	}
}

static void a_signature_that_was_cut_or_padded_is_none_R5_1(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct signed_bytes made = sign(all[i], all[i]->digest, MESSAGE);
		assert_no_other_length(all[i], &made);
		if (all[i]->order_length > 0) {
			struct signed_bytes plain = plain_of(all[i], &made);
			assert_no_other_length(all[i], &plain);
		}
	}
}

static void a_signature_changed_anywhere_is_none_R5_1(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct signed_bytes made = sign(all[i], all[i]->digest, MESSAGE);
		for (size_t at = 0; at < made.length; at++) {
			unsigned char bit = (unsigned char)(1u << at % 8);
			made.at[at] ^= bit;
			assert_int_equal(check(all[i]->algorithm, &all[i]->kept, made.at, made.length),
				OUTCOME_INVALID);
			made.at[at] ^= bit;
		}
	}
}

static struct signed_bytes der_of(const BIGNUM *r, const BIGNUM *s)
{
	struct signed_bytes made;
	unsigned char *to = made.at;
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	assert_int_equal(ECDSA_SIG_set0(numbers, BN_dup(r), BN_dup(s)), 1);
	int length = i2d_ECDSA_SIG(numbers, &to);
	assert_in_range(length, 1, sizeof made.at);
	made.length = (size_t)length;
	ECDSA_SIG_free(numbers);
	return made;
}

/* Zero, the order itself and what lies above it are no numbers of a signature, in either form ("psychic signatures"). */
static void numbers_out_of_range_sign_nothing_R5_1(void **state)
{
	(void)state;
	static const char *const orders[] = {
		"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
		"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC5"
		"2973"
	};
	for (int i = 1; i < 3; i++) {
		BIGNUM *order = NULL;
		BIGNUM *r = NULL;
		BIGNUM *s = NULL;
		BIGNUM *zero = BN_new();
		BIGNUM *one = BN_new();
		struct signed_bytes made = sign(all[i], all[i]->digest, MESSAGE);
		assert_int_not_equal(BN_hex2bn(&order, orders[i - 1]), 0);
		split(&made, &r, &s);
		BN_zero(zero);
		assert_int_equal(BN_one(one), 1);
		BIGNUM *r_above = BN_new();
		BIGNUM *s_above = BN_new();
		assert_true(BN_add(r_above, r, order) && BN_add(s_above, s, order));
		const BIGNUM *const pairs[][2] = { { zero, zero }, { zero, s }, { r, zero }, { order, order },
			{ order, s }, { r, order }, { r_above, s }, { r, s_above }, { one, one },
			{ zero, one }, { s, r } };
		for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
			struct signed_bytes der = der_of(pairs[k][0], pairs[k][1]);
			struct signed_bytes plain = { .length = 2 * (size_t)all[i]->order_length };
			assert_int_equal(
				check(all[i]->algorithm, &all[i]->kept, der.at, der.length), OUTCOME_INVALID);
			if (BN_bn2binpad(pairs[k][0], plain.at, all[i]->order_length) < 0 ||
				BN_bn2binpad(pairs[k][1], plain.at + all[i]->order_length,
					all[i]->order_length) < 0)
				continue;
			assert_int_equal(check(all[i]->algorithm, &all[i]->kept, plain.at, plain.length),
				OUTCOME_INVALID);
		}
		BN_free(order);
		BN_free(r);
		BN_free(s);
		BN_free(zero);
		BN_free(one);
		BN_free(r_above);
		BN_free(s_above);
	}
}

/* One signature has one DER: longer spellings of the same numbers are BER. */
static void a_signature_in_ber_is_none_R5_1(void **state)
{
	(void)state;
	for (int i = 1; i < 3; i++) {
		struct signed_bytes made = sign(all[i], all[i]->digest, MESSAGE);
		size_t inside = made.length - 2;
		size_t r_length = made.at[3];
		assert_int_equal(made.at[0], 0x30);
		assert_int_equal(made.at[1], inside);

		/* A length in two octets. */
		struct signed_bytes ber = { .length = made.length + 1 };
		ber.at[0] = 0x30;
		ber.at[1] = 0x81;
		memcpy(ber.at + 2, made.at + 1, inside + 1);
		assert_int_equal(
			check(all[i]->algorithm, &all[i]->kept, ber.at, ber.length), OUTCOME_INVALID);

		/* Without a length: the end is marked. */
		ber.length = made.length + 2;
		ber.at[1] = 0x80;
		memcpy(ber.at + 2, made.at + 2, inside);
		ber.at[inside + 2] = 0;
		ber.at[inside + 3] = 0;
		assert_int_equal(
			check(all[i]->algorithm, &all[i]->kept, ber.at, ber.length), OUTCOME_INVALID);

		/* r with a zero before it that it does not need. */
		ber.length = made.length + 1;
		ber.at[1] = (unsigned char)(inside + 1);
		ber.at[2] = 0x02;
		ber.at[3] = (unsigned char)(r_length + 1);
		ber.at[4] = 0;
		memcpy(ber.at + 5, made.at + 4, inside - 2);
		assert_int_equal(
			check(all[i]->algorithm, &all[i]->kept, ber.at, ber.length), OUTCOME_INVALID);

		/* Something behind s, inside. */
		ber.length = made.length + 2;
		memcpy(ber.at, made.at, made.length);
		ber.at[1] = (unsigned char)(inside + 2);
		ber.at[made.length] = 0x05;
		ber.at[made.length + 1] = 0;
		assert_int_equal(
			check(all[i]->algorithm, &all[i]->kept, ber.at, ber.length), OUTCOME_INVALID);
	}
}

/* Kept wrongly is our own fault: nobody's card may be blamed for it. */
static void a_key_that_we_kept_wrongly_is_told_from_a_wrong_signature(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct signed_bytes made = sign(all[i], all[i]->digest, MESSAGE);
		struct public_key broken = all[i]->kept;
		for (size_t length = 0; length < 6; length++) {
			broken.length = length;
			assert_int_equal(
				check(all[i]->algorithm, &broken, made.at, made.length), OUTCOME_INTERNAL);
		}
		broken = all[i]->kept;
		broken.bytes[0] = 'X';
		assert_int_equal(check(all[i]->algorithm, &broken, made.at, made.length), OUTCOME_INTERNAL);
		if (all[i]->order_length == 0)
			continue;
		broken = all[i]->kept;
		broken.length--;
		assert_int_equal(check(all[i]->algorithm, &broken, made.at, made.length), OUTCOME_INTERNAL);
		broken.length += 2;
		assert_int_equal(check(all[i]->algorithm, &broken, made.at, made.length), OUTCOME_INTERNAL);
		broken = all[i]->kept;
		broken.bytes[20] ^= 1; /* a point that is not on the curve */
		assert_int_equal(check(all[i]->algorithm, &broken, made.at, made.length), OUTCOME_INTERNAL);
	}
	char long_key[PUBLIC_KEY_MAX + 1] = "R";
	assert_int_equal(signature_check(verifier, SIGNATURE_RS256,
				 (struct slice){ long_key, sizeof long_key }, MESSAGE, SLICE_LITERAL("x")),
		OUTCOME_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_card_of_every_kind_proves_itself_R5_1),
		TEST(the_largest_keys_that_a_card_may_have_are_taken_R5_1),
		TEST(a_signature_over_anything_else_is_none_R5_1),
		TEST(a_signature_by_another_card_is_none_R5_1),
		TEST(an_algorithm_that_is_not_the_keys_proves_nothing_R5_1),
		TEST(a_signature_with_another_padding_is_none_R5_1),
		TEST(a_signature_that_was_cut_or_padded_is_none_R5_1),
		TEST(a_signature_changed_anywhere_is_none_R5_1),
		TEST(numbers_out_of_range_sign_nothing_R5_1),
		TEST(a_signature_in_ber_is_none_R5_1),
		TEST(a_key_that_we_kept_wrongly_is_told_from_a_wrong_signature),
	};
	return cmocka_run_group_tests_name("signature", tests, set_up, tear_down);
}
