/* Certificates as terminals send them: trust/certificate.c (R5.1, R5.2). */
#include "authority.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "trust/certificate.h"

#define PHONE_POLICY "1.2.392.200149.8.5.1.3.40"

/* Two generations of one name, a phone's issuer, one for signing, and a stranger of the same name. */
static struct authority g1;
static struct authority g2;
static struct authority phones;
static struct authority signing;
static struct authority stranger;
static struct anchors anchors;
static EVP_PKEY *rsa;
static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	g1 = make_authority("JPKI-TEST", make_rsa_key(2048));
	g2 = make_authority("JPKI-TEST", make_ec_key("P-256"));
	stranger = make_authority("JPKI-TEST", make_ec_key("P-256"));
	phones = make_authority("JPKI-TEST phones", make_ec_key("P-384"));
	signing = make_authority("JPKI-TEST signing", make_ec_key("P-256"));
	rsa = make_rsa_key(2048);
	add_anchor_of(&anchors, ANCHOR_OF_CARDS, &g1);
	add_anchor_of(&anchors, ANCHOR_OF_CARDS, &g2);
	add_anchor_of(&anchors, ANCHOR_OF_PHONES, &phones);
	add_anchor_of(&anchors, ANCHOR_OF_SIGNING, &signing);
	add_policy_of(&anchors, ANCHOR_OF_CARDS, "1.2.3.4");
	add_policy_of(&anchors, ANCHOR_OF_CARDS, CARD_POLICY);
	add_policy_of(&anchors, ANCHOR_OF_PHONES, PHONE_POLICY);
	arena_open(&arena, 1024 * 1024);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	anchors_free(&anchors);
	free_authority(&g1);
	free_authority(&g2);
	free_authority(&stranger);
	free_authority(&phones);
	free_authority(&signing);
	EVP_PKEY_free(rsa);
	arena_free_spares();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(&arena);
	return 0;
}

static struct card_plan card_of(const struct authority *issuer)
{
	return (struct card_plan){ .issuer = issuer, .key = rsa };
}

static enum outcome read_der(const void *at, size_t length, struct certificate *certificate)
{
	return certificate_read(&arena, (struct slice){ at, length }, certificate);
}

/* The verdict on what can be read. */
static enum certificate_verdict judge(const struct card_plan *plan, const struct anchor **issuer)
{
	struct certificate certificate;
	struct slice der = make_card(plan);
	assert_int_equal(certificate_read(&arena, der, &certificate), OUTCOME_OK);
	enum certificate_verdict verdict = certificate_judge(&certificate, &anchors, issuer);
	free((void *)der.at);
	return verdict;
}

static void assert_verdict(const struct card_plan *plan, enum certificate_verdict expected)
{
	const struct anchor *issuer = NULL;
	assert_int_equal(judge(plan, &issuer), expected);
}

static void assert_unreadable(const void *at, size_t length)
{
	struct certificate certificate;
	assert_int_equal(read_der(at, length, &certificate), OUTCOME_INVALID);
}

static void a_card_is_read_as_it_is_R5_1(void **state)
{
	(void)state;
	EVP_PKEY *keys[] = { rsa, make_rsa_key(4096), make_ec_key("P-256"), make_ec_key("P-384") };
	for (int i = 0; i < 4; i++) {
		struct certificate certificate;
		struct card_plan plan = card_of(&g1);
		plan.key = keys[i];
		plan.serial = "00C1FE000000000000000000000000A0";
		struct slice der = make_card(&plan);
		struct public_key expected = short_form(keys[i]);
		assert_int_equal(certificate_read(&arena, der, &certificate), OUTCOME_OK);
		assert_int_equal(certificate.key.length, expected.length);
		assert_memory_equal(certificate.key.bytes, expected.bytes, expected.length);
		assert_int_equal(certificate.serial_length, 15);
		assert_memory_equal(certificate.serial, "\xc1\xfe\0\0\0\0\0\0\0\0\0\0\0\0\xa0", 15);
		assert_int_equal(
			certificate.not_before, (AUTHORITY_NOW - 2 * AUTHORITY_YEAR) * INT64_C(1000000));
		assert_int_equal(
			certificate.not_after, (AUTHORITY_NOW + 3 * AUTHORITY_YEAR) * INT64_C(1000000));
		assert_verdict(&plan, CERTIFICATE_TRUSTED);
		free((void *)der.at);
		if (i > 0)
			EVP_PKEY_free(keys[i]);
	}
}

static void a_certificate_that_was_cut_or_has_something_behind_is_malformed_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	struct slice der = make_card(&plan);
	char *longer = calloc(1, der.length + 2);
	assert_non_null(longer);
	for (size_t length = 0; length < der.length; length++) {
		/* In memory of its own, so that a sanitizer sees a byte read too far. */
		char *cut = malloc(length + 1);
		assert_non_null(cut);
		memcpy(cut, der.at, length);
		assert_unreadable(cut, length);
		free(cut);
	}
	memcpy(longer, der.at, der.length);
	assert_unreadable(longer, der.length + 1);
	assert_unreadable(longer, der.length + 2);
	free(longer);
	free((void *)der.at);
	assert_unreadable("not a certificate", 17);
	assert_unreadable("-----BEGIN CERTIFICATE-----\n", 28);
}

/* Otherwise one certificate would have several digests, and be several cards. */
static void a_certificate_has_one_encoding_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	struct slice der = make_card(&plan);
	unsigned char *ber = malloc(der.length + 4);
	assert_non_null(ber);
	const unsigned char *bytes = (const unsigned char *)der.at;
	assert_int_equal(bytes[0], 0x30);
	assert_int_equal(bytes[1], 0x82);
	/* A length in three octets where two are enough. */
	ber[0] = 0x30;
	ber[1] = 0x83;
	ber[2] = 0;
	memcpy(ber + 3, bytes + 2, der.length - 2);
	assert_unreadable(ber, der.length + 1);
	/* Without a length: the end is marked. */
	ber[1] = 0x80;
	memcpy(ber + 2, bytes + 4, der.length - 4);
	memset(ber + der.length - 2, 0, 2);
	assert_unreadable(ber, der.length);
	free(ber);
	free((void *)der.at);
}

static void a_certificate_too_long_for_a_card_is_malformed_R5_1(void **state)
{
	(void)state;
	static char value[16384];
	struct certificate certificate;
	struct card_plan plan = card_of(&g1);
	plan.other = value;
	for (size_t octets = 4000; octets <= 7000; octets += 250) {
		size_t at = (size_t)snprintf(value, sizeof value, "DER:0482%04zX", octets);
		memset(value + at, '0', 2 * octets);
		value[at + 2 * octets] = '\0';
		struct slice der = make_card(&plan);
		assert_int_equal(certificate_read(&arena, der, &certificate),
			der.length <= CERTIFICATE_MAX ? OUTCOME_OK : OUTCOME_INVALID);
		assert_true(octets > 4000 || der.length <= CERTIFICATE_MAX);
		assert_true(octets < 7000 || der.length > CERTIFICATE_MAX);
		free((void *)der.at);
	}
}

static void assert_serial(const char *serial, enum outcome expected)
{
	struct certificate certificate;
	struct card_plan plan = card_of(&g1);
	plan.serial = serial;
	struct slice der = make_card(&plan);
	assert_int_equal(certificate_read(&arena, der, &certificate), expected);
	free((void *)der.at);
}

static void a_serial_that_no_list_could_name_is_malformed_R5_1(void **state)
{
	(void)state;
	assert_serial("01", OUTCOME_OK);
	assert_serial("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", OUTCOME_OK);
	assert_serial("01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", OUTCOME_INVALID);
	assert_serial("-01", OUTCOME_INVALID);
	assert_serial("-7FFFFFFFFFFFFFFF", OUTCOME_INVALID);
}

static void a_certificate_that_ends_before_it_begins_is_malformed_R5_1(void **state)
{
	(void)state;
	for (int64_t lives = -1; lives <= 1; lives++) {
		struct certificate certificate;
		struct card_plan plan = card_of(&g1);
		plan.not_before = AUTHORITY_NOW;
		plan.not_after = AUTHORITY_NOW + lives;
		struct slice der = make_card(&plan);
		assert_int_equal(certificate_read(&arena, der, &certificate),
			lives > 0 ? OUTCOME_OK : OUTCOME_INVALID);
		free((void *)der.at);
	}
}

/* UTCTime ends in 2049: what comes after is a GeneralizedTime. */
static void a_certificate_beyond_2049_keeps_its_dates(void **state)
{
	(void)state;
	struct certificate certificate;
	struct card_plan plan = card_of(&g1);
	plan.not_after = INT64_C(2524608000); /* 2050-01-01T00:00:00Z */
	struct slice der = make_card(&plan);
	assert_int_equal(certificate_read(&arena, der, &certificate), OUTCOME_OK);
	assert_int_equal(certificate.not_after, INT64_C(2524608000) * 1000000);
	free((void *)der.at);
}

static void each_generation_is_found_by_its_key_R5_2(void **state)
{
	(void)state;
	const struct authority *const issuers[] = { &g1, &g2, &phones };
	for (int i = 0; i < 3; i++) {
		for (int named = 0; named < 2; named++) {
			const struct anchor *issuer = NULL;
			struct card_plan plan = card_of(issuers[i]);
			plan.policies = i == 2 ? PHONE_POLICY : CARD_POLICY;
			plan.names_none = !named; /* then its signature alone tells */
			assert_int_equal(judge(&plan, &issuer), CERTIFICATE_TRUSTED);
			assert_ptr_equal(issuer, &anchors.list[i]);
		}
	}
}

static void a_name_alone_is_no_issuer_R5_2(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&stranger);
	assert_verdict(&plan, CERTIFICATE_UNTRUSTED);
	plan.names_none = true;
	assert_verdict(&plan, CERTIFICATE_UNTRUSTED);
	plan.names_none = false;
	plan.names = &g2; /* the right identifier, of a key that did not sign it */
	assert_verdict(&plan, CERTIFICATE_UNTRUSTED);
}

static void a_certificate_that_names_the_other_generation_is_untrusted_R5_2(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	plan.names = &g2;
	assert_verdict(&plan, CERTIFICATE_UNTRUSTED);
	plan = card_of(&g2);
	plan.names = &g1;
	assert_verdict(&plan, CERTIFICATE_UNTRUSTED);
}

static void an_authority_with_our_key_but_another_name_is_no_issuer_R5_2(void **state)
{
	(void)state;
	assert_int_equal(EVP_PKEY_up_ref(g1.key), 1);
	struct authority renamed = make_authority("SOMEBODY ELSE", g1.key);
	struct card_plan plan = card_of(&renamed);
	assert_verdict(&plan, CERTIFICATE_UNTRUSTED);
	free_authority(&renamed);
}

static void a_certificate_that_was_changed_is_not_trusted_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	struct slice der = make_card(&plan);
	char *changed = malloc(der.length);
	assert_non_null(changed);
	for (size_t at = 0; at < der.length; at++) {
		struct certificate certificate;
		const struct anchor *issuer = NULL;
		memcpy(changed, der.at, der.length);
		changed[at] ^= (char)(1u << at % 8);
		if (read_der(changed, der.length, &certificate) == OUTCOME_OK)
			assert_int_equal(
				certificate_judge(&certificate, &anchors, &issuer), CERTIFICATE_UNTRUSTED);
		arena_close(&arena);
	}
	free(changed);
	free((void *)der.at);
}

static void the_policy_of_a_card_is_needed_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	plan.policies = "1.2.3.4"; /* the other one that we take */
	assert_verdict(&plan, CERTIFICATE_TRUSTED);
	plan.policies = "1.2.3.4.5," CARD_POLICY;
	assert_verdict(&plan, CERTIFICATE_TRUSTED);
	plan.policies = "1.2.392.200149.8.5.1.3.31";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan.policies = PHONE_POLICY;
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan.policies = "";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan.policies = "2.5.29.32.0"; /* any policy */
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan = card_of(&phones);
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
}

static void without_a_policy_in_the_settings_any_will_do(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	size_t count = anchors.policy_count[ANCHOR_OF_CARDS];
	anchors.policy_count[ANCHOR_OF_CARDS] = 0;
	plan.policies = "";
	assert_verdict(&plan, CERTIFICATE_TRUSTED);
	anchors.policy_count[ANCHOR_OF_CARDS] = count;
}

/* Not even by the authority's own key may a certificate for anything else open the door. */
static void what_is_not_for_authentication_is_of_the_wrong_purpose_R5_1(void **state)
{
	(void)state;
	static const char *const usages[] = { "", "critical,nonRepudiation",
		"critical,digitalSignature,nonRepudiation", "critical,keyEncipherment",
		"critical,digitalSignature,keyCertSign", "critical,digitalSignature,cRLSign",
		"critical,keyAgreement" };
	for (size_t i = 0; i < sizeof usages / sizeof *usages; i++) {
		struct card_plan plan = card_of(&g1);
		plan.key_usage = usages[i];
		assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	}
	struct card_plan plan = card_of(&g1);
	plan.key_usage = "digitalSignature"; /* critical or not */
	assert_verdict(&plan, CERTIFICATE_TRUSTED);
}

static void an_extended_key_usage_must_let_a_client_authenticate_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	plan.extended_key_usage = "clientAuth";
	assert_verdict(&plan, CERTIFICATE_TRUSTED);
	plan.extended_key_usage = "critical,emailProtection,clientAuth";
	assert_verdict(&plan, CERTIFICATE_TRUSTED);
	plan.extended_key_usage = "serverAuth";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan.extended_key_usage = "critical,timeStamping";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan.extended_key_usage = "OCSPSigning";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
}

static void an_authority_is_no_card_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	plan.basic_constraints = "critical,CA:FALSE";
	assert_verdict(&plan, CERTIFICATE_TRUSTED);
	plan.basic_constraints = "critical,CA:TRUE";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan.basic_constraints = "CA:TRUE,pathlen:0";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan.key_usage = "critical,keyCertSign";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
}

static void an_anchor_itself_is_no_card_R5_1(void **state)
{
	(void)state;
	struct certificate certificate;
	const struct anchor *issuer = NULL;
	unsigned char *der = NULL;
	int length = i2d_X509(g1.x509, &der);
	assert_true(length > 0);
	assert_int_equal(read_der(der, (size_t)length, &certificate), OUTCOME_OK);
	assert_int_not_equal(certificate_judge(&certificate, &anchors, &issuer), CERTIFICATE_TRUSTED);
	OPENSSL_free(der);
}

/* 署名用 certificates are recognised, so that the desk hears which of the two passwords was asked for. */
static void a_certificate_for_signing_is_recognised_and_refused_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&signing);
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
	plan.key_usage = "critical,digitalSignature,nonRepudiation";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
}

static void an_extension_that_nobody_here_knows_counts_where_it_is_critical_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	plan.other = "DER:0500";
	assert_verdict(&plan, CERTIFICATE_TRUSTED);
	plan.other = "critical,DER:0500";
	assert_verdict(&plan, CERTIFICATE_UNTRUSTED);
}

static void a_weakly_signed_certificate_is_untrusted_R5_1(void **state)
{
	(void)state;
	const struct authority *const issuers[] = { &g1, &g2 };
	for (int i = 0; i < 2; i++) {
		struct card_plan plan = card_of(issuers[i]);
		plan.digest = EVP_sha1();
		assert_verdict(&plan, CERTIFICATE_UNTRUSTED);
		plan.digest = EVP_sha384();
		assert_verdict(&plan, CERTIFICATE_TRUSTED);
		plan.digest = EVP_sha512();
		assert_verdict(&plan, CERTIFICATE_TRUSTED);
	}
}

static void a_key_that_no_card_has_is_untrusted_R5_1(void **state)
{
	(void)state;
	EVP_PKEY *keys[] = { make_rsa_key(1024), make_rsa_key(2040), make_ec_key("P-521"),
		make_ec_key("P-224"), make_ec_key("secp256k1"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct certificate certificate;
		const struct anchor *issuer = NULL;
		struct card_plan plan = card_of(&g1);
		plan.key = keys[i];
		struct slice der = make_card(&plan);
		assert_int_equal(certificate_read(&arena, der, &certificate), OUTCOME_OK);
		assert_int_equal(certificate.key.length, 0);
		assert_int_equal(certificate_judge(&certificate, &anchors, &issuer), CERTIFICATE_UNTRUSTED);
		free((void *)der.at);
		EVP_PKEY_free(keys[i]);
	}
}

/* With the exponent 1 a signature is its own padding: anybody writes it. */
static void a_key_whose_signatures_anybody_writes_is_untrusted_R5_1(void **state)
{
	(void)state;
	static const unsigned exponents[] = { 1, 2, 3, 65537 };
	for (int i = 0; i < 4; i++) {
		struct card_plan plan = card_of(&g1);
		plan.key = make_rsa_key_with_exponent(exponents[i]);
		assert_verdict(&plan, i < 2 ? CERTIFICATE_UNTRUSTED : CERTIFICATE_TRUSTED);
		EVP_PKEY_free(plan.key);
	}
}

/* Version 1 has no extensions: nobody says what such a certificate is for. */
static void a_certificate_of_version_1_is_no_card_R5_1(void **state)
{
	(void)state;
	struct card_plan plan = card_of(&g1);
	plan.version_1 = true;
	plan.names_none = true;
	plan.key_usage = "";
	plan.policies = "";
	assert_verdict(&plan, CERTIFICATE_WRONG_PURPOSE);
}

static void without_anchors_nobody_is_trusted_R5_1(void **state)
{
	(void)state;
	struct certificate certificate;
	const struct anchor *issuer = NULL;
	static const struct anchors none;
	struct card_plan plan = card_of(&g1);
	struct slice der = make_card(&plan);
	assert_int_equal(certificate_read(&arena, der, &certificate), OUTCOME_OK);
	assert_int_equal(certificate_judge(&certificate, &none, &issuer), CERTIFICATE_UNTRUSTED);
	assert_null(issuer);
	free((void *)der.at);
}

#define CARD_TEST(function) cmocka_unit_test_teardown(function, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARD_TEST(a_card_is_read_as_it_is_R5_1),
		CARD_TEST(a_certificate_that_was_cut_or_has_something_behind_is_malformed_R5_1),
		CARD_TEST(a_certificate_has_one_encoding_R5_1),
		CARD_TEST(a_certificate_too_long_for_a_card_is_malformed_R5_1),
		CARD_TEST(a_serial_that_no_list_could_name_is_malformed_R5_1),
		CARD_TEST(a_certificate_that_ends_before_it_begins_is_malformed_R5_1),
		CARD_TEST(a_certificate_beyond_2049_keeps_its_dates),
		CARD_TEST(each_generation_is_found_by_its_key_R5_2),
		CARD_TEST(a_name_alone_is_no_issuer_R5_2),
		CARD_TEST(a_certificate_that_names_the_other_generation_is_untrusted_R5_2),
		CARD_TEST(an_authority_with_our_key_but_another_name_is_no_issuer_R5_2),
		CARD_TEST(a_certificate_that_was_changed_is_not_trusted_R5_1),
		CARD_TEST(the_policy_of_a_card_is_needed_R5_1),
		CARD_TEST(without_a_policy_in_the_settings_any_will_do),
		CARD_TEST(what_is_not_for_authentication_is_of_the_wrong_purpose_R5_1),
		CARD_TEST(an_extended_key_usage_must_let_a_client_authenticate_R5_1),
		CARD_TEST(an_authority_is_no_card_R5_1),
		CARD_TEST(an_anchor_itself_is_no_card_R5_1),
		CARD_TEST(a_certificate_for_signing_is_recognised_and_refused_R5_1),
		CARD_TEST(an_extension_that_nobody_here_knows_counts_where_it_is_critical_R5_1),
		CARD_TEST(a_weakly_signed_certificate_is_untrusted_R5_1),
		CARD_TEST(a_key_that_no_card_has_is_untrusted_R5_1),
		CARD_TEST(a_key_whose_signatures_anybody_writes_is_untrusted_R5_1),
		CARD_TEST(a_certificate_of_version_1_is_no_card_R5_1),
		CARD_TEST(without_anchors_nobody_is_trusted_R5_1),
	};
	return cmocka_run_group_tests_name("certificate", tests, set_up, tear_down);
}
