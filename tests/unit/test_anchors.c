/* Whom the service believes is what the operator's files say, or it does not start: trust/anchors.c; and the files in which people
 * keep certificates: trust/pem.c (R5.2). */
#include "authority.h"
#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/log.h"
#include "trust/anchors.h"
#include "trust/pem.h"

static struct authority g1;
static struct authority g2;
static struct authority stranger;
static struct arena arena;
static struct anchors anchors;
static char folder[] = "/tmp/shikaku-anchors-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR + 1); /* what is refused here is said in the log */
	g1 = make_authority("JPKI-TEST", make_ec_key("P-256"));
	g2 = make_authority("JPKI-TEST", make_ec_key("P-256"));
	stranger = make_authority("JPKI-TEST", make_ec_key("P-256"));
	arena_open(&arena, (size_t)1024 * 1024);
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int empty_folder(void **state)
{
	(void)state;
	DIR *entries = opendir(folder);
	for (struct dirent *entry = entries == NULL ? NULL : readdir(entries); entry != NULL;
		entry = readdir(entries))
		(void)unlinkat(dirfd(entries), entry->d_name, 0);
	if (entries != NULL)
		(void)closedir(entries);
	anchors_free(&anchors);
	return 0;
}

static int tear_down(void **state)
{
	(void)empty_folder(state);
	(void)rmdir(folder);
	arena_close(&arena);
	arena_free_spares();
	free_authority(&g1);
	free_authority(&g2);
	free_authority(&stranger);
	return 0;
}

static void put(const char *name, struct slice content)
{
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(content.at, 1, content.length, file), content.length);
	assert_int_equal(fclose(file), 0);
}

static struct slice kept(const void *bytes, size_t length)
{
	const char *copy = arena_copy(&arena, bytes, length);
	assert_non_null(copy);
	return (struct slice){ copy, length };
}

static struct slice pem_of(const char *label, struct slice der)
{
	char *text = NULL;
	BIO *memory = BIO_new(BIO_s_mem());
	assert_true(PEM_write_bio(memory, label, "", (const unsigned char *)der.at, (long)der.length) > 0);
	long length = BIO_get_mem_data(memory, &text);
	struct slice pem = kept(text, (size_t)length);
	BIO_free(memory);
	return pem;
}

static struct slice der_of(const struct authority *authority)
{
	unsigned char *der = NULL;
	int length = i2d_X509(authority->x509, &der);
	assert_true(length > 0);
	struct slice bytes = kept(der, (size_t)length);
	OPENSSL_free(der);
	return bytes;
}

static struct slice card_of(const struct authority *issuer)
{
	struct card_plan plan = { .issuer = issuer, .key = stranger.key };
	struct slice made = make_card(&plan);
	struct slice der = kept(made.at, made.length);
	free((void *)made.at);
	return der;
}

static struct slice joined(struct slice a, struct slice b)
{
	char *both = arena_take(&arena, a.length + b.length);
	assert_non_null(both);
	memcpy(both, a.at, a.length);
	memcpy(both + a.length, b.at, b.length);
	return (struct slice){ both, a.length + b.length };
}

static void put_anchor(const char *name, const struct authority *authority)
{
	put(name, pem_of("CERTIFICATE", der_of(authority)));
}

static enum outcome load(const char *policies)
{
	const struct anchor_settings settings = {
		.paths = { [ANCHOR_OF_PHONES] = folder, [ANCHOR_OF_SIGNING] = "" },
		.policies = { [ANCHOR_OF_PHONES] = policies },
	};
	anchors_free(&anchors);
	return anchors_load(&settings, &anchors);
}

static const struct anchor *found(const struct authority *authority)
{
	const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(authority->x509);
	assert_non_null(identifier);
	return anchors_find(&anchors, (struct slice){ (const char *)ASN1_STRING_get0_data(identifier),
					      (size_t)ASN1_STRING_length(identifier) });
}

static void assert_refused(const char *policies, enum outcome expected)
{
	assert_int_equal(load(policies), expected);
	assert_int_equal(anchors.count, 0);
	assert_int_equal(anchors.policy_count[ANCHOR_OF_PHONES], 0);
}

static void every_generation_in_a_folder_is_believed_for_its_use_R5_2(void **state)
{
	(void)state;
	put_anchor("1.pem", &g1);
	put_anchor("2.pem", &g2);
	put(".2.pem.swp", SLICE_LITERAL("an editor's"));
	assert_int_equal(load(" 1.2.3.4 , " CARD_POLICY), OUTCOME_OK);
	assert_int_equal(anchors.count, 2);
	assert_int_equal(anchors.policy_count[ANCHOR_OF_PHONES], 2);
	assert_int_equal(anchors.policy_count[ANCHOR_OF_CARDS], 0);
	assert_non_null(found(&g1));
	assert_int_equal(found(&g1)->use, ANCHOR_OF_PHONES);
	assert_non_null(found(&g2));
	assert_null(found(&stranger));
}

static void several_generations_may_stand_in_one_file_R5_2(void **state)
{
	(void)state;
	put("all.pem",
		joined(SLICE_LITERAL("# both generations\n"),
			joined(pem_of("CERTIFICATE", der_of(&g1)), pem_of("CERTIFICATE", der_of(&g2)))));
	assert_int_equal(load(""), OUTCOME_OK);
	assert_int_equal(anchors.count, 2);
	assert_non_null(found(&g1));
	assert_non_null(found(&g2));
}

/* Better no service than one that believes fewer issuers, or others, than the operator thinks. */
static void a_service_with_unusable_anchors_does_not_start_R5_2(void **state)
{
	(void)state;
	struct slice good = pem_of("CERTIFICATE", der_of(&g1));
	const struct slice bad[] = {
		pem_of("CERTIFICATE", card_of(&g1)), /* no CA */
		SLICE_LITERAL("not a certificate\n"),
		{ "", 0 },
		{ good.at, good.length / 2 },
		joined(good, (struct slice){ good.at, good.length / 2 }), /* the second was cut */
		der_of(&g1), /* not PEM */
		pem_of("CERTIFICATE", SLICE_LITERAL("neither")),
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		put_anchor("1.pem", &g2);
		put("2.pem", bad[i]);
		assert_refused("", OUTCOME_INVALID);
	}
}

static void one_issuer_is_not_believed_twice_R5_2(void **state)
{
	(void)state;
	put_anchor("1.pem", &g1);
	put_anchor("again.pem", &g1);
	assert_refused("", OUTCOME_INVALID);
}

static void a_folder_that_is_not_there_is_said_at_once_R5_2(void **state)
{
	(void)state;
	const struct anchor_settings settings = { .paths = { "/nowhere/at/all" } };
	assert_int_equal(anchors_load(&settings, &anchors), OUTCOME_UNAVAILABLE);
	assert_int_equal(anchors.count, 0);
}

/* A policy that was mistyped must not become one that is not asked for. */
static void a_mistyped_policy_does_not_open_the_door_R5_1(void **state)
{
	(void)state;
	static const char *const policies[] = { "no policy", "1.2.3,,1.2.4", ",", "1.2.3, ", "1.2.x",
		"clientAuth", "1.1,1.2,1.3,1.4,1.5,1.6,1.7,1.8,1.9" };
	put_anchor("1.pem", &g1);
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
		assert_refused(policies[i], OUTCOME_INVALID);
	assert_int_equal(load("1.1,1.2,1.3,1.4,1.5,1.6,1.7,1.8"), OUTCOME_OK);
}

static void a_clerk_may_register_a_card_from_either_kind_of_file_R5_6(void **state)
{
	(void)state;
	struct slice der = card_of(&g1);
	struct slice pem = pem_of("CERTIFICATE", der);
	struct slice key = pem_of("PRIVATE KEY", SLICE_LITERAL("no real key"));
	const struct slice files[] = { der, pem, joined(key, pem), joined(pem, key) };
	struct slice got;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pem_certificate(&arena, files[i], &got), OUTCOME_OK);
		assert_int_equal(got.length, der.length);
		assert_memory_equal(got.at, der.at, der.length);
	}
	assert_int_equal(pem_certificate(&arena, key, &got), OUTCOME_INVALID);
	assert_int_equal(
		pem_certificate(&arena, (struct slice){ pem.at, pem.length / 2 }, &got), OUTCOME_INVALID);
	assert_null(got.at);
}

#define ANCHOR_TEST(function) cmocka_unit_test_teardown(function, empty_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ANCHOR_TEST(every_generation_in_a_folder_is_believed_for_its_use_R5_2),
		ANCHOR_TEST(several_generations_may_stand_in_one_file_R5_2),
		ANCHOR_TEST(a_service_with_unusable_anchors_does_not_start_R5_2),
		ANCHOR_TEST(one_issuer_is_not_believed_twice_R5_2),
		ANCHOR_TEST(a_folder_that_is_not_there_is_said_at_once_R5_2),
		ANCHOR_TEST(a_mistyped_policy_does_not_open_the_door_R5_1),
		ANCHOR_TEST(a_clerk_may_register_a_card_from_either_kind_of_file_R5_6),
	};
	return cmocka_run_group_tests_name("anchors", tests, set_up, tear_down);
}
