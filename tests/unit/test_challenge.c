/* Challenges that nobody has to remember: trust/challenge.c (R5.1). */
#include "vectors.h"

#include <string.h>

#include "trust/challenge.h"

#define EXPIRES INT64_C(1795000000123456)
#define TERMINAL SLICE_LITERAL("terminal:1319900013")

static struct challenger *challenger;
static const uint8_t key[CHALLENGE_KEY_SIZE] = "a key for tests, of 32 bytes...";

static int set_up(void **state)
{
	(void)state;
	return challenger_create(&challenger) == OUTCOME_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	challenger_destroy(challenger);
	return 0;
}

static void make(char text[CHALLENGE_TEXT_SIZE])
{
	assert_int_equal(challenge_make(challenger, key, TERMINAL, EXPIRES, text), OUTCOME_OK);
}

static enum outcome read_by(struct slice holder, const char *text, size_t length, int64_t now)
{
	struct challenge challenge;
	return challenge_read(challenger, key, holder, (struct slice){ text, length }, now, &challenge);
}

static void a_terminal_gets_its_own_challenge_back_R5_1(void **state)
{
	(void)state;
	char text[CHALLENGE_TEXT_SIZE];
	struct challenge challenge;
	make(text);
	assert_int_equal(strlen(text), CHALLENGE_TEXT_SIZE - 1);
	assert_int_equal(challenge_read(challenger, key, TERMINAL, slice_of(text), EXPIRES - 1, &challenge),
		OUTCOME_OK);
	assert_int_equal(challenge.expires_at, EXPIRES);
}

/* A nonce that came twice would burn somebody else's challenge. */
static void no_two_challenges_are_alike_R5_1(void **state)
{
	(void)state;
	static struct challenge challenges[200];
	for (int i = 0; i < 200; i++) {
		char text[CHALLENGE_TEXT_SIZE];
		make(text);
		assert_int_equal(challenge_read(challenger, key, TERMINAL, slice_of(text), 0, &challenges[i]),
			OUTCOME_OK);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(
				challenges[i].nonce, challenges[j].nonce, CHALLENGE_NONCE_SIZE);
	}
}

static void a_challenge_serves_nobody_but_who_asked_for_it_R5_1(void **state)
{
	(void)state;
	char text[CHALLENGE_TEXT_SIZE];
	make(text);
	const struct slice others[] = { SLICE_LITERAL("terminal:1319900021"),
		SLICE_LITERAL("terminal:131990001"), SLICE_LITERAL("terminal:13199000130"),
		SLICE_LITERAL("operator:1319900013"), SLICE_LITERAL("") };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(read_by(others[i], text, CHALLENGE_TEXT_SIZE - 1, 0), OUTCOME_INVALID);
	assert_int_equal(read_by(TERMINAL, text, CHALLENGE_TEXT_SIZE - 1, 0), OUTCOME_OK);
}

static void a_challenge_dies_with_its_key_R5_1(void **state)
{
	(void)state;
	char text[CHALLENGE_TEXT_SIZE];
	make(text);
	for (size_t at = 0; at < CHALLENGE_KEY_SIZE; at++) {
		struct challenge challenge;
		uint8_t other[CHALLENGE_KEY_SIZE];
		memcpy(other, key, sizeof other);
		other[at] ^= 1;
		assert_int_equal(challenge_read(challenger, other, TERMINAL, slice_of(text), 0, &challenge),
			OUTCOME_INVALID);
	}
}

static void a_challenge_lives_to_the_microsecond_R5_1(void **state)
{
	(void)state;
	char text[CHALLENGE_TEXT_SIZE];
	make(text);
	assert_int_equal(read_by(TERMINAL, text, CHALLENGE_TEXT_SIZE - 1, EXPIRES - 1), OUTCOME_OK);
	assert_int_equal(read_by(TERMINAL, text, CHALLENGE_TEXT_SIZE - 1, EXPIRES), OUTCOME_LATE);
	assert_int_equal(read_by(TERMINAL, text, CHALLENGE_TEXT_SIZE - 1, INT64_MAX), OUTCOME_LATE);
}

static void a_challenge_that_was_cut_or_lengthened_is_refused_R5_1(void **state)
{
	(void)state;
	char text[CHALLENGE_TEXT_SIZE];
	char longer[2 * CHALLENGE_TEXT_SIZE];
	make(text);
	for (size_t length = 0; length < CHALLENGE_TEXT_SIZE - 1; length++)
		assert_int_equal(read_by(TERMINAL, text, length, 0), OUTCOME_INVALID);
	assert_int_equal(read_by(TERMINAL, text, CHALLENGE_TEXT_SIZE, 0), OUTCOME_INVALID);
	memset(longer, 'A', sizeof longer);
	memcpy(longer, text, CHALLENGE_TEXT_SIZE - 1);
	for (size_t length = CHALLENGE_TEXT_SIZE; length < sizeof longer; length++)
		assert_int_equal(read_by(TERMINAL, longer, length, 0), OUTCOME_INVALID);
}

/* Version, nonce, expiry and MAC: no bit of them may be another's. */
static void a_challenge_changed_anywhere_is_refused_R5_1(void **state)
{
	(void)state;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char text[CHALLENGE_TEXT_SIZE];
	make(text);
	for (size_t at = 0; at < CHALLENGE_TEXT_SIZE - 1; at++) {
		char kept = text[at];
		for (size_t i = 0; i < 64; i++) {
			text[at] = alphabet[i];
			assert_int_equal(read_by(TERMINAL, text, CHALLENGE_TEXT_SIZE - 1, 0),
				alphabet[i] == kept ? OUTCOME_OK : OUTCOME_INVALID);
		}
		text[at] = kept;
	}
}

/* "+" and "/" are the same bits in another alphabet: taken, they would give one challenge two spellings. */
static void foreign_characters_are_refused_everywhere_R5_1(void **state)
{
	(void)state;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char text[CHALLENGE_TEXT_SIZE];
	make(text);
	for (size_t at = 0; at < CHALLENGE_TEXT_SIZE - 1; at++) {
		char kept = text[at];
		for (unsigned c = 0; c < 256; c++) {
			if (c != 0 && strchr(alphabet, (int)c) != NULL)
				continue;
			text[at] = (char)c;
			assert_int_equal(
				read_by(TERMINAL, text, CHALLENGE_TEXT_SIZE - 1, 0), OUTCOME_INVALID);
		}
		text[at] = kept;
	}
	/* Until one has such a character, then in its standard spelling. */
	for (int tries = 0; tries < 1000; tries++) {
		make(text);
		char *at = strpbrk(text, "-_");
		if (at == NULL)
			continue;
		*at = *at == '-' ? '+' : '/';
		assert_int_equal(read_by(TERMINAL, text, CHALLENGE_TEXT_SIZE - 1, 0), OUTCOME_INVALID);
	}
}

static void a_holder_too_long_to_name_gets_none(void **state)
{
	(void)state;
	static char holder[UINT16_MAX + 1];
	char text[CHALLENGE_TEXT_SIZE];
	memset(holder, 'x', sizeof holder);
	assert_int_equal(
		challenge_make(challenger, key, (struct slice){ holder, sizeof holder }, EXPIRES, text),
		OUTCOME_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_terminal_gets_its_own_challenge_back_R5_1),
		TEST(no_two_challenges_are_alike_R5_1),
		TEST(a_challenge_serves_nobody_but_who_asked_for_it_R5_1),
		TEST(a_challenge_dies_with_its_key_R5_1),
		TEST(a_challenge_lives_to_the_microsecond_R5_1),
		TEST(a_challenge_that_was_cut_or_lengthened_is_refused_R5_1),
		TEST(a_challenge_changed_anywhere_is_refused_R5_1),
		TEST(foreign_characters_are_refused_everywhere_R5_1),
		TEST(a_holder_too_long_to_name_gets_none),
	};
	return cmocka_run_group_tests_name("challenge", tests, set_up, tear_down);
}
