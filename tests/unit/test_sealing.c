/* A number that only who has the key can read, and only as the number of the member it was sealed for: trust/sealing.c (R2.4). */
#include "vectors.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trust/sealing.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define NUMBER SLICE_LITERAL("123456789018")
#define MEMBER SLICE_LITERAL("01130012/E-000123")
#define SEALED_NUMBER 40

static struct sealing_key *key;
static char path[64];

static void write_key(const char *text, mode_t mode)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(file, mode), 0);
	close(file);
}

static int begin(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof path, "/tmp/shikaku-unit-key-%d", (int)getpid());
	write_key(HEX "\n", 0600);
	return sealing_key_load(path, &key) == OUTCOME_OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	sealing_key_free(key);
	unlink(path);
	return 0;
}

static void seal_number(struct slice bound_to, uint8_t sealed[SEALED_MAX])
{
	size_t length = 0;
	assert_int_equal(seal(key, NUMBER, bound_to, sealed, &length), OUTCOME_OK);
	assert_int_equal(length, SEALED_NUMBER);
}

static enum outcome open_again(const uint8_t *sealed, size_t length, struct slice bound_to)
{
	uint8_t plain[SEALED_MAX];
	size_t plain_length = 0;
	return unseal(key, (struct slice){ (const char *)sealed, length }, bound_to, plain, &plain_length);
}

/* Computed by Python's cryptography and hmac from the description in the header. */
static void a_number_is_sealed_as_described_R2_4(void **state)
{
	(void)state;
	uint8_t sealed[SEALED_MAX];
	char hex[2 * SEALED_MAX + 1];
	seal_number(MEMBER, sealed);
	text_hex(sealed, SEALED_NUMBER, hex);
	assert_string_equal(
		hex, "6dc23d5ef7df8fd3199e9676ed23ff8e4f6516eb77a69ca94089465b134afc7e07dec370ed3a0d61");
}

static void a_number_comes_back_as_it_was_R2_4(void **state)
{
	(void)state;
	uint8_t sealed[SEALED_MAX];
	uint8_t plain[SEALED_MAX];
	size_t length = 0;
	seal_number(MEMBER, sealed);
	assert_int_equal(
		unseal(key, (struct slice){ (const char *)sealed, SEALED_NUMBER }, MEMBER, plain, &length),
		OUTCOME_OK);
	assert_int_equal(length, 12);
	assert_memory_equal(plain, "123456789018", 12);
}

static void a_file_sent_again_seals_to_the_same_bytes_R2_4(void **state)
{
	(void)state;
	uint8_t first[SEALED_MAX];
	uint8_t second[SEALED_MAX];
	seal_number(MEMBER, first);
	seal_number(MEMBER, second);
	assert_memory_equal(first, second, SEALED_NUMBER);
}

/* Else who reads the database would see who has two insurers. */
static void the_same_number_of_two_members_looks_different_R2_4(void **state)
{
	(void)state;
	uint8_t first[SEALED_MAX];
	uint8_t second[SEALED_MAX];
	seal_number(MEMBER, first);
	seal_number(SLICE_LITERAL("01130012/E-000124"), second);
	assert_memory_not_equal(first, second, 12);
	assert_memory_not_equal(first + 12, second + 12, 12);
}

static void a_number_moved_to_another_member_is_refused_R2_4(void **state)
{
	(void)state;
	uint8_t sealed[SEALED_MAX];
	seal_number(MEMBER, sealed);
	const struct slice others[] = { SLICE_LITERAL("01130012/E-000124"),
		SLICE_LITERAL("06130012/E-000123"), SLICE_LITERAL("01130012/E-00012"),
		SLICE_LITERAL("01130012/E-0001233"), SLICE_LITERAL("") };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(open_again(sealed, SEALED_NUMBER, others[i]), OUTCOME_INVALID);
	assert_int_equal(open_again(sealed, SEALED_NUMBER, MEMBER), OUTCOME_OK);
}

static void a_bit_changed_anywhere_is_noticed_R2_4(void **state)
{
	(void)state;
	uint8_t sealed[SEALED_MAX];
	seal_number(MEMBER, sealed);
	for (size_t bit = 0; bit < SEALED_NUMBER * (size_t)8; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(open_again(sealed, SEALED_NUMBER, MEMBER), OUTCOME_INVALID);
		sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t length = 0; length < SEALED_NUMBER; length++)
		assert_int_equal(open_again(sealed, length, MEMBER), OUTCOME_INVALID);
	assert_int_equal(open_again(sealed, SEALED_MAX + 1, MEMBER), OUTCOME_INVALID);
}

static void another_key_opens_nothing_R2_4(void **state)
{
	(void)state;
	uint8_t sealed[SEALED_MAX];
	uint8_t plain[SEALED_MAX];
	size_t length = 0;
	struct sealing_key *other = NULL;
	seal_number(MEMBER, sealed);
	write_key("100102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0600);
	assert_int_equal(sealing_key_load(path, &other), OUTCOME_OK);
	assert_int_equal(
		unseal(other, (struct slice){ (const char *)sealed, SEALED_NUMBER }, MEMBER, plain, &length),
		OUTCOME_INVALID);
	sealing_key_free(other);
}

/* What could not be vouched for is not left lying about either. */
static void nothing_is_shown_of_what_was_changed_R2_4(void **state)
{
	(void)state;
	uint8_t sealed[SEALED_MAX];
	uint8_t plain[SEALED_MAX] = { 0 };
	static const uint8_t nothing[12];
	size_t length = 0;
	seal_number(MEMBER, sealed);
	sealed[SEALED_NUMBER - 1] ^= 1;
	assert_int_equal(
		unseal(key, (struct slice){ (const char *)sealed, SEALED_NUMBER }, MEMBER, plain, &length),
		OUTCOME_INVALID);
	assert_memory_equal(plain, nothing, sizeof nothing);
}

static void what_is_too_long_is_refused(void **state)
{
	(void)state;
	uint8_t sealed[SEALED_MAX];
	size_t length = 0;
	char plain[SEALED_MAX];
	memset(plain, '1', sizeof plain);
	assert_int_equal(
		seal(key, (struct slice){ plain, SEALED_MAX - SEALED_MORE }, MEMBER, sealed, &length),
		OUTCOME_OK);
	assert_int_equal(length, SEALED_MAX);
	assert_int_equal(
		seal(key, (struct slice){ plain, SEALED_MAX - SEALED_MORE + 1 }, MEMBER, sealed, &length),
		OUTCOME_INVALID);
	assert_int_equal(seal(key, SLICE_LITERAL(""), MEMBER, sealed, &length), OUTCOME_INVALID);
}

static enum outcome load(const char *text, mode_t mode)
{
	struct sealing_key *loaded = NULL;
	write_key(text, mode);
	enum outcome outcome = sealing_key_load(path, &loaded);
	assert_true((loaded != NULL) == (outcome == OUTCOME_OK));
	sealing_key_free(loaded);
	return outcome;
}

static void a_key_that_everybody_can_read_is_refused_R2_4(void **state)
{
	(void)state;
	assert_int_equal(load(HEX, 0644), OUTCOME_REFUSED);
	assert_int_equal(load(HEX, 0602), OUTCOME_REFUSED);
	assert_int_equal(load(HEX, 0640), OUTCOME_OK);
	assert_int_equal(load(HEX, 0400), OUTCOME_OK);
}

static void a_key_of_another_form_is_refused(void **state)
{
	(void)state;
	struct sealing_key *loaded = NULL;
	assert_int_equal(load("", 0600), OUTCOME_INVALID);
	assert_int_equal(load(HEX "00", 0600), OUTCOME_INVALID);
	assert_int_equal(load(HEX "\n" HEX, 0600), OUTCOME_INVALID);
	assert_int_equal(load(&HEX[1], 0600), OUTCOME_INVALID);
	assert_int_equal(load("g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600),
		OUTCOME_INVALID);
	assert_int_equal(sealing_key_load("/tmp", &loaded), OUTCOME_INVALID);
	unlink(path);
	assert_int_equal(sealing_key_load(path, &loaded), OUTCOME_NOT_FOUND);
	assert_null(loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_number_is_sealed_as_described_R2_4),
		TEST(a_number_comes_back_as_it_was_R2_4),
		TEST(a_file_sent_again_seals_to_the_same_bytes_R2_4),
		TEST(the_same_number_of_two_members_looks_different_R2_4),
		TEST(a_number_moved_to_another_member_is_refused_R2_4),
		TEST(a_bit_changed_anywhere_is_noticed_R2_4),
		TEST(another_key_opens_nothing_R2_4),
		TEST(nothing_is_shown_of_what_was_changed_R2_4),
		TEST(what_is_too_long_is_refused),
		TEST(a_key_that_everybody_can_read_is_refused_R2_4),
		TEST(a_key_of_another_form_is_refused),
	};
	return cmocka_run_group_tests_name("sealing", tests, begin, end);
}
