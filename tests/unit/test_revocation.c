/* Revocation lists: trust/revocation.c (R5.2, R5.3, R5.5). */
#include "authority.h"
#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/log.h"
#include "trust/revocation.h"

#define NOW (AUTHORITY_NOW * INT64_C(1000000))
#define DAY INT64_C(86400)

static struct authority g1;
static struct authority g2;
static struct authority stranger;
static struct anchors anchors;
static char folder[] = "/tmp/shikaku-lists-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR + 1); /* hundreds of lists are left out here */
	g1 = make_authority("JPKI-TEST", make_ec_key("P-256"));
	g2 = make_authority("JPKI-TEST", make_rsa_key(2048));
	stranger = make_authority("JPKI-TEST", make_ec_key("P-256"));
	add_anchor_of(&anchors, ANCHOR_OF_CARDS, &g1);
	add_anchor_of(&anchors, ANCHOR_OF_CARDS, &g2);
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static void path_in_folder(const char *name, char path[512])
{
	(void)snprintf(path, 512, "%s/%s", folder, name);
}

static int empty_folder(void **state)
{
	(void)state;
	DIR *entries = opendir(folder);
	for (struct dirent *entry = entries == NULL ? NULL : readdir(entries); entry != NULL;
		entry = readdir(entries)) {
		char path[512];
		path_in_folder(entry->d_name, path);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlink(path);
	}
	if (entries != NULL)
		(void)closedir(entries);
	return 0;
}

static int tear_down(void **state)
{
	(void)empty_folder(state);
	(void)rmdir(folder);
	anchors_free(&anchors);
	free_authority(&g1);
	free_authority(&g2);
	free_authority(&stranger);
	return 0;
}

static void put_bytes(const char *name, const void *bytes, size_t length)
{
	char path[512];
	path_in_folder(name, path);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* DER, or PEM where the name says so. */
static void put_list(const char *name, const struct crl_plan *plan)
{
	X509_CRL *crl = make_crl(plan);
	if (strstr(name, ".pem") != NULL) {
		char *pem = NULL;
		BIO *memory = BIO_new(BIO_s_mem());
		assert_int_equal(PEM_write_bio_X509_CRL(memory, crl), 1);
		long length = BIO_get_mem_data(memory, &pem);
		put_bytes(name, pem, (size_t)length);
		BIO_free(memory);
	} else {
		unsigned char *der = NULL;
		int length = i2d_X509_CRL(crl, &der);
		assert_true(length > 0);
		put_bytes(name, der, (size_t)length);
		OPENSSL_free(der);
	}
	X509_CRL_free(crl);
}

static struct revocation_index *load(size_t expected_faults)
{
	struct revocation_index *index = NULL;
	size_t faults = 0;
	assert_int_equal(revocation_load(folder, &anchors, &index, &faults), OUTCOME_OK);
	assert_non_null(index);
	assert_int_equal(faults, expected_faults);
	return index;
}

static enum revocation_state ask_at(
	const struct revocation_index *index, int generation, const char *serial, size_t length, int64_t now)
{
	const struct anchor *anchor = &anchors.list[generation - 1];
	return revocation_of(index,
		(struct slice){ (const char *)anchor->key_identifier, anchor->key_identifier_length },
		(struct slice){ serial, length }, now);
}

#define ASK(index, generation, serial) ask_at(index, generation, serial, sizeof(serial) - 1, NOW)

static const struct crl_entry three[] = { { "0A01", CRL_REASON_KEY_COMPROMISE },
	{ "0A02", CRL_REASON_CERTIFICATE_HOLD }, { "00C0FFEE00000000000000000000000000000001", -1 } };

static struct crl_plan list_of(const struct authority *issuer)
{
	return (struct crl_plan){ .issuer = issuer,
		.entries = three,
		.count = 3,
		.this_update = AUTHORITY_NOW - DAY,
		.next_update = AUTHORITY_NOW + DAY };
}

static void assert_names_three(const struct revocation_index *index, int generation)
{
	assert_int_equal(ASK(index, generation, "\x0a\x01"), REVOCATION_REVOKED);
	assert_int_equal(ASK(index, generation, "\x0a\x02"), REVOCATION_HELD);
	assert_int_equal(
		ASK(index, generation, "\xc0\xff\xee\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"), REVOCATION_REVOKED);
}

static void a_lost_card_is_found_in_der_and_in_pem_R5_3(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	put_list("one.crl", &plan);
	plan = list_of(&g2);
	put_list("two.pem", &plan);
	struct revocation_index *index = load(0);
	for (int generation = 1; generation <= 2; generation++) {
		assert_names_three(index, generation);
		assert_int_equal(ASK(index, generation, "\x0a"), REVOCATION_GOOD);
		assert_int_equal(ASK(index, generation, "\x0a\x03"), REVOCATION_GOOD);
		assert_int_equal(ASK(index, generation, "\x0a\x01\x00"), REVOCATION_GOOD);
		assert_int_equal(ASK(index, generation, "\x00\x0a\x01"), REVOCATION_GOOD);
		assert_int_equal(revocation_issuer_at(index, (size_t)generation - 1)->entries, 3);
	}
	assert_null(revocation_issuer_at(index, 2));
	revocation_free(index);
}

static void one_file_is_as_good_as_a_folder(void **state)
{
	(void)state;
	char path[512];
	struct crl_plan plan = list_of(&g1);
	struct revocation_index *index = NULL;
	size_t faults = 1;
	put_list("one.crl", &plan);
	path_in_folder("one.crl", path);
	assert_int_equal(revocation_load(path, &anchors, &index, &faults), OUTCOME_OK);
	assert_int_equal(faults, 0);
	assert_names_three(index, 1);
	revocation_free(index);
	path_in_folder("nothing.crl", path);
	assert_int_equal(revocation_load(path, &anchors, &index, &faults), OUTCOME_UNAVAILABLE);
	assert_null(index);
}

/* Two generations number their cards alike. */
static void a_list_speaks_for_its_own_generation_only_R5_2(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	put_list("one.crl", &plan);
	struct revocation_index *index = load(0);
	assert_names_three(index, 1);
	assert_int_equal(ASK(index, 2, "\x0a\x01"), REVOCATION_UNKNOWN);
	assert_int_equal(ASK(index, 2, "\x0a\x03"), REVOCATION_UNKNOWN);
	assert_int_equal(revocation_issuer_at(index, 1)->entries, 0);
	assert_int_equal(revocation_issuer_at(index, 1)->next_update, 0);
	revocation_free(index);
}

static void an_issuer_that_is_no_anchor_is_unknown_R5_5(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	put_list("one.crl", &plan);
	struct revocation_index *index = load(0);
	assert_int_equal(revocation_of(index, SLICE_LITERAL("whoever"), SLICE_LITERAL("\x0a\x01"), NOW),
		REVOCATION_UNKNOWN);
	assert_int_equal(
		revocation_of(index, SLICE_LITERAL(""), SLICE_LITERAL("\x0a\x01"), NOW), REVOCATION_UNKNOWN);
	revocation_free(index);
}

/* Whoever could put in a list of their own could give every stolen card back. */
static void a_forged_list_is_left_out_R5_2(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	plan.signer = &stranger;
	put_list("forged.crl", &plan);
	plan = list_of(&stranger);
	put_list("stranger.crl", &plan);
	plan = list_of(&g1);
	plan.names = &g2;
	put_list("other-generation.crl", &plan);
	struct revocation_index *index = load(3);
	assert_int_equal(ASK(index, 1, "\x0a\x01"), REVOCATION_UNKNOWN);
	assert_int_equal(ASK(index, 1, "\x0a\x03"), REVOCATION_UNKNOWN);
	assert_int_equal(ASK(index, 2, "\x0a\x03"), REVOCATION_UNKNOWN);
	revocation_free(index);
}

static void a_list_changed_on_its_way_is_left_out_R5_2(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	X509_CRL *crl = make_crl(&plan);
	unsigned char *der = NULL;
	int length = i2d_X509_CRL(crl, &der);
	assert_true(length > 0);
	X509_CRL_free(crl);
	for (int at = 0; at < length; at++) {
		der[at] ^= (unsigned char)(1u << at % 8);
		put_bytes("changed.crl", der, (size_t)length);
		struct revocation_index *index = load(1);
		assert_int_equal(ASK(index, 1, "\x0a\x03"), REVOCATION_UNKNOWN);
		revocation_free(index);
		der[at] ^= (unsigned char)(1u << at % 8);
	}
	for (int cut = 1; cut < length; cut += 7) {
		put_bytes("changed.crl", der, (size_t)cut);
		revocation_free(load(1));
	}
	OPENSSL_free(der);
}

static void a_list_that_ran_out_still_names_the_lost_and_vouches_for_nobody_R5_5(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	put_list("one.crl", &plan);
	struct revocation_index *index = load(0);
	int64_t next_update = (AUTHORITY_NOW + DAY) * INT64_C(1000000);
	assert_int_equal(revocation_issuer_at(index, 0)->next_update, next_update);
	assert_int_equal(ask_at(index, 1, "\x0a\x03", 2, next_update - 1), REVOCATION_GOOD);
	assert_int_equal(ask_at(index, 1, "\x0a\x03", 2, next_update), REVOCATION_UNKNOWN);
	assert_int_equal(ask_at(index, 1, "\x0a\x01", 2, next_update), REVOCATION_REVOKED);
	assert_int_equal(ask_at(index, 1, "\x0a\x02", 2, next_update), REVOCATION_HELD);
	assert_int_equal(ask_at(index, 1, "\x0a\x01", 2, INT64_MAX), REVOCATION_REVOKED);
	revocation_free(index);
}

static void a_list_of_the_future_vouches_for_nobody_yet_R5_5(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	plan.this_update = AUTHORITY_NOW + 1;
	put_list("one.crl", &plan);
	struct revocation_index *index = load(0);
	assert_int_equal(ASK(index, 1, "\x0a\x03"), REVOCATION_UNKNOWN);
	assert_int_equal(ASK(index, 1, "\x0a\x01"), REVOCATION_REVOKED);
	assert_int_equal(ask_at(index, 1, "\x0a\x03", 2, NOW + 1000000 - 1), REVOCATION_UNKNOWN);
	assert_int_equal(ask_at(index, 1, "\x0a\x03", 2, NOW + 1000000), REVOCATION_GOOD);
	revocation_free(index);
}

/* The newest counts, whichever is read first: a card that was given back is good again, one lost since is not. */
static void of_two_lists_the_newest_counts_R5_5(void **state)
{
	(void)state;
	static const struct crl_entry lost_since[] = { { "0B01", -1 } };
	static const char *const names[][2] = { { "a.crl", "b.crl" }, { "b.crl", "a.crl" } };
	for (int i = 0; i < 2; i++) {
		struct crl_plan older = list_of(&g1);
		struct crl_plan newer = list_of(&g1);
		older.this_update -= 1;
		newer.entries = lost_since;
		newer.count = 1;
		put_list(names[i][0], &older);
		put_list(names[i][1], &newer);
		struct revocation_index *index = load(0);
		assert_int_equal(ASK(index, 1, "\x0b\x01"), REVOCATION_REVOKED);
		assert_int_equal(ASK(index, 1, "\x0a\x02"), REVOCATION_GOOD);
		assert_int_equal(revocation_issuer_at(index, 0)->entries, 1);
		revocation_free(index);
	}
}

/* What names a part says nothing of the rest. */
static void a_partial_list_is_left_out_and_counted_R5_5(void **state)
{
	(void)state;
	static const char *const kinds[][2] = { { "deltaCRL", "critical,DER:020105" },
		{ "deltaCRL", "DER:020105" }, { "issuingDistributionPoint", "DER:3003840101" },
		{ "issuingDistributionPoint", "critical,DER:3003850101" },
		{ "issuingDistributionPoint", "critical,DER:3003840101" },
		{ "1.2.3.4.5", "critical,DER:0500" } };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct crl_plan plan = list_of(&g1);
		plan.extension = kinds[i][0];
		plan.value = kinds[i][1];
		put_list("partial.crl", &plan);
		struct revocation_index *index = load(1);
		assert_int_equal(ASK(index, 1, "\x0a\x01"), REVOCATION_UNKNOWN);
		assert_int_equal(ASK(index, 1, "\x0a\x03"), REVOCATION_UNKNOWN);
		revocation_free(index);
	}
	struct crl_plan plan = list_of(&g1);
	plan.extension = "1.2.3.4.5";
	plan.value = "DER:0500";
	put_list("partial.crl", &plan);
	struct revocation_index *index = load(0);
	assert_names_three(index, 1);
	revocation_free(index);
}

static void a_list_that_does_not_say_until_when_is_left_out_R5_5(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	plan.next_update = 0;
	put_list("endless.crl", &plan);
	revocation_free(load(1));
	plan.next_update = plan.this_update;
	put_list("endless.crl", &plan);
	revocation_free(load(1));
}

/* A negative or over-long serial is nobody's: the rest of such a list is not believed either. */
static void a_list_with_an_impossible_entry_is_left_out_R5_5(void **state)
{
	(void)state;
	static const struct crl_entry impossible[][2] = { { { "0A01", -1 }, { "-05", -1 } },
		{ { "0A01", -1 }, { "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", -1 } } };
	for (int i = 0; i < 2; i++) {
		struct crl_plan plan = list_of(&g1);
		plan.entries = impossible[i];
		plan.count = 2;
		put_list("impossible.crl", &plan);
		struct revocation_index *index = load(1);
		assert_int_equal(ASK(index, 1, "\x0a\x03"), REVOCATION_UNKNOWN);
		revocation_free(index);
	}
}

static void a_list_that_names_nobody_vouches_for_all_R5_5(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	plan.count = 0;
	put_list("empty.crl", &plan);
	struct revocation_index *index = load(0);
	assert_int_equal(ASK(index, 1, "\x0a\x01"), REVOCATION_GOOD);
	assert_int_equal(ASK(index, 2, "\x0a\x01"), REVOCATION_UNKNOWN);
	assert_int_equal(revocation_issuer_at(index, 0)->entries, 0);
	assert_true(revocation_issuer_at(index, 0)->next_update > 0);
	revocation_free(index);
}

static void a_broken_file_does_not_take_the_good_ones_with_it_R5_5(void **state)
{
	(void)state;
	struct crl_plan plan = list_of(&g1);
	put_list("m.crl", &plan);
	put_bytes("0.crl", "", 0); /* a download that failed */
	put_bytes("a.crl", "not a list", 10);
	put_bytes("z.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", 53);
	X509_CRL *crl = make_crl(&plan);
	unsigned char *der = NULL;
	int length = i2d_X509_CRL(crl, &der);
	X509_CRL_free(crl);
	der = OPENSSL_realloc(der, (size_t)length + 1);
	assert_non_null(der);
	der[length] = 0;
	put_bytes("behind.crl", der, (size_t)length + 1);
	OPENSSL_free(der);
	struct revocation_index *index = load(4);
	assert_names_three(index, 1);
	revocation_free(index);
}

static void without_lists_nothing_is_good_R5_5(void **state)
{
	(void)state;
	struct revocation_index *index = load(0);
	assert_int_equal(ASK(index, 1, "\x0a\x01"), REVOCATION_UNKNOWN);
	revocation_free(index);
	size_t faults = 0;
	assert_int_equal(revocation_load("", &anchors, &index, &faults), OUTCOME_OK);
	assert_int_equal(ASK(index, 1, "\x0a\x01"), REVOCATION_UNKNOWN);
	revocation_free(index);
	revocation_free(NULL);
}

static void everybody_on_a_long_list_is_found_R5_3(void **state)
{
	(void)state;
	enum { MANY = 20000 };
	struct crl_plan plan = list_of(&g1);
	plan.numbered = MANY;
	put_list("long.crl", &plan);
	struct revocation_index *index = load(0);
	assert_int_equal(revocation_issuer_at(index, 0)->entries, MANY + 3);
	assert_names_three(index, 1);
	for (unsigned i = 0; i < MANY + 1000; i++) {
		const char serial[] = { 1, (char)(i >> 16), (char)(i >> 8), (char)i };
		assert_int_equal(ask_at(index, 1, serial, sizeof serial, NOW),
			i < MANY ? REVOCATION_REVOKED : REVOCATION_GOOD);
	}
	revocation_free(index);
}

#define LIST_TEST(function) cmocka_unit_test_teardown(function, empty_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIST_TEST(a_lost_card_is_found_in_der_and_in_pem_R5_3),
		LIST_TEST(one_file_is_as_good_as_a_folder),
		LIST_TEST(a_list_speaks_for_its_own_generation_only_R5_2),
		LIST_TEST(an_issuer_that_is_no_anchor_is_unknown_R5_5),
		LIST_TEST(a_forged_list_is_left_out_R5_2),
		LIST_TEST(a_list_changed_on_its_way_is_left_out_R5_2),
		LIST_TEST(a_list_that_ran_out_still_names_the_lost_and_vouches_for_nobody_R5_5),
		LIST_TEST(a_list_of_the_future_vouches_for_nobody_yet_R5_5),
		LIST_TEST(of_two_lists_the_newest_counts_R5_5),
		LIST_TEST(a_partial_list_is_left_out_and_counted_R5_5),
		LIST_TEST(a_list_that_does_not_say_until_when_is_left_out_R5_5),
		LIST_TEST(a_list_with_an_impossible_entry_is_left_out_R5_5),
		LIST_TEST(a_list_that_names_nobody_vouches_for_all_R5_5),
		LIST_TEST(a_broken_file_does_not_take_the_good_ones_with_it_R5_5),
		LIST_TEST(without_lists_nothing_is_good_R5_5),
		LIST_TEST(everybody_on_a_long_list_is_found_R5_3),
	};
	return cmocka_run_group_tests_name("revocation", tests, set_up, tear_down);
}
