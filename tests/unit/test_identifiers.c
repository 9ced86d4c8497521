/* What a clerk types, in whatever spelling, must find what the insurer registered: rules/identifiers.c (R2). */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

#include "rules/identifiers.h"

enum kind { KIND_INSURER_NUMBER, KIND_MY_NUMBER, KIND_INSTITUTION_CODE };

static bool is_valid(enum kind kind, const char *value)
{
	size_t length = strlen(value);
	char number[INSURER_NUMBER_DIGITS + 1];
	switch (kind) {
	case KIND_INSURER_NUMBER:
		return insurer_number_normalise(value, length, number) == OUTCOME_OK &&
		       insurer_number_checks(number);
	case KIND_INSTITUTION_CODE:
		return institution_code_is_shaped(value, length) && institution_code_checks(value);
	case KIND_MY_NUMBER:
		return my_number_checks(value, length);
	}
	return false;
}

static void expect_numbers(struct vectors *vectors)
{
	static const char *const kinds[] = { "insurer_number", "my_number", "institution_code" };
	while (vectors_next(vectors)) {
		int kind = vectors_get_word(vectors, "kind", kinds, 3);
		const char *value = vectors_get(vectors, "value");
		bool expected = vectors_get_bool(vectors, "valid");
		vectors_expect(vectors, is_valid((enum kind)kind, value) == expected, "%s %s should %s",
			kinds[kind], value, expected ? "pass" : "fail");
	}
	vectors_finish(vectors);
}

static void a_mistyped_number_is_noticed_by_its_check_digit_R2_1_R2_4(void **state)
{
	(void)state;
	expect_numbers(vectors_open("numbers.csv"));
}

static void a_number_of_another_length_or_alphabet_is_noticed_R2(void **state)
{
	(void)state;
	expect_numbers(vectors_open_own("numbers_more.csv"));
}

/* Luhn notices any one wrong digit; so does the マイナンバー. */
static void one_wrong_digit_anywhere_is_noticed_R2_1_R2_4(void **state)
{
	(void)state;
	char insurer[] = "39131156";
	for (size_t at = 0; at < strlen(insurer); at++) {
		char right = insurer[at];
		for (insurer[at] = '0'; insurer[at] <= '9'; insurer[at]++)
			assert_int_equal(insurer_number_checks(insurer), insurer[at] == right);
		insurer[at] = right;
	}
	char person[] = "801759898349";
	for (size_t at = 0; at < strlen(person); at++) {
		char right = person[at];
		int passes = 0;
		for (person[at] = '0'; person[at] <= '9'; person[at]++)
			passes += my_number_checks(person, strlen(person));
		person[at] = right;
		assert_true(my_number_checks(person, strlen(person)));
		/* Remainders 0 and 1 share the check digit 0, so that two digits can pass: never more. */
		assert_in_range(passes, 1, 2);
	}
}

static void assert_insurer_number(const char *typed, const char *expected)
{
	char number[INSURER_NUMBER_DIGITS + 1];
	if (insurer_number_normalise(typed, strlen(typed), number) != OUTCOME_OK)
		fail_msg("\"%s\" was refused", typed);
	assert_string_equal(number, expected);
}

static void an_insurer_is_found_in_every_way_to_type_its_number_R2_1(void **state)
{
	(void)state;
	assert_insurer_number("01130012", "01130012");
	assert_insurer_number("138057", "00138057");
	assert_insurer_number("  138057", "00138057");
	assert_insurer_number("138057  ", "00138057");
	assert_insurer_number("\u3000０１１３００１２ ", "01130012");
	assert_insurer_number(" \u3000 １３8０57\u3000\u3000", "00138057");
}

static void an_insurer_number_that_is_none_is_refused_R2_1(void **state)
{
	(void)state;
	static const char *const texts[] = { "", " ", "\u3000", "1", "12345", "1234567", "123456789",
		"0113 0012", "０１１３\u3000００１２", "0113-0012", "-1130012", "+1130012", "0113001a",
		"０１１３００１ａ", "01130012\t", "一三八〇五七", "٠١١٣٠٠١٢", "01130012\xef\xbc", "\xef\xbc",
		"\xe3\x80", "\xff\xff\xff\xff\xff\xff" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char number[INSURER_NUMBER_DIGITS + 1];
		if (insurer_number_normalise(texts[i], strlen(texts[i]), number) != OUTCOME_INVALID)
			fail_msg("\"%s\" was taken for a 保険者番号", texts[i]);
	}
	char number[INSURER_NUMBER_DIGITS + 1];
	assert_int_equal(insurer_number_normalise(NULL, 0, number), OUTCOME_INVALID);
	assert_int_equal(insurer_number_normalise("01130012\0", 9, number), OUTCOME_INVALID);
}

static void a_kokuho_of_kochi_is_not_taken_for_late_elderly_R2_1(void **state)
{
	(void)state;
	char number[INSURER_NUMBER_DIGITS + 1];
	assert_int_equal(insurer_number_normalise("390013", 6, number), OUTCOME_OK);
	assert_int_equal(scheme_of(number), SCHEME_NATIONAL);
	assert_int_equal(scheme_of("39131156"), SCHEME_LATE_ELDERLY);
	assert_int_equal(scheme_of("00138057"), SCHEME_NATIONAL);
	assert_int_equal(scheme_of("01130012"), SCHEME_EMPLOYEES);
	assert_int_equal(scheme_of("06136022"), SCHEME_EMPLOYEES);
	assert_int_equal(scheme_of("31130354"), SCHEME_EMPLOYEES);
	assert_int_equal(scheme_of("67138056"), SCHEME_EMPLOYEES);
}

/* Exactly as much memory as was promised, so that a sanitizer sees one byte too many on either side. */
static void assert_key(const char *typed, const char *expected)
{
	char key[IDENTIFIER_KEY_MAX + 1];
	size_t length = 0;
	memset(key, 'x', sizeof key);
	if (identifier_key(typed, strlen(typed), key, &length) != OUTCOME_OK)
		fail_msg("\"%s\" was refused", typed);
	assert_string_equal(key, expected);
	assert_int_equal(length, strlen(expected));
}

static void a_symbol_is_found_in_half_and_full_width_R2_2(void **state)
{
	(void)state;
	assert_key("12345678", "12345678");
	assert_key("１２３４５６７８", "12345678");
	assert_key("Ａ１２", "A12");
	assert_key("ｼｶｸ・ﾀﾛｳ", "シカク・タロウ");
	assert_key("ﾄﾞﾎﾟ", "ドポ");
	assert_key("港区", "港区");
	assert_key("㈱資格", "(株)資格");
	assert_key("が", "が");
	assert_key("か\u3099", "が"); /* decomposed, as some systems store it */
}

static void a_symbol_is_found_with_every_dash_that_a_keyboard_has_R2_2(void **state)
{
	(void)state;
	static const char *const dashes[] = { "-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015",
		"\u2212", "\u30fc", "\uff0d", "\ufe63", "\uff70", "\ufe58" };
	for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++) {
		char typed[32];
		(void)snprintf(typed, sizeof typed, "12%s34", dashes[i]);
		assert_key(typed, "12-34");
		(void)snprintf(typed, sizeof typed, "港%s３", dashes[i]);
		assert_key(typed, "港-3");
	}
	assert_key("マーク", "マ-ク");
	assert_key("ﾏｰｸ", "マ-ク");
}

static void a_symbol_is_found_with_and_without_spaces_R2_2(void **state)
{
	(void)state;
	static const char *const spaces[] = { " ", "  ", "\u3000", "\u00a0", "\u1680", "\u180e", "\u2002",
		"\u2003", "\u2007", "\u2009", "\u200a", "\u200b", "\u202f", "\u205f", "\u2060", "\ufeff" };
	for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
		char typed[64];
		(void)snprintf(typed, sizeof typed, "%s12%s34%s", spaces[i], spaces[i], spaces[i]);
		assert_key(typed, "1234");
		(void)snprintf(typed, sizeof typed, "港%s区%s", spaces[i], spaces[i]);
		assert_key(typed, "港区");
	}
}

static void numbers_that_differ_in_leading_zeros_stay_two_numbers_R2_2(void **state)
{
	(void)state;
	assert_key("0012", "0012");
	assert_key("００12", "0012");
	assert_key("12", "12");
}

static void numbers_that_differ_in_anything_else_stay_two_numbers_R2_2(void **state)
{
	(void)state;
	assert_key("a-1", "a-1");
	assert_key("A-1", "A-1");
	assert_key("港･１", "港・1");
	assert_key("(港)1", "(港)1");
	assert_key("1/2", "1/2");
	assert_key("1.2", "1.2");
}

/* A writer stores the key of what is printed, and a later import may be given a key: both must be found. */
static void the_key_of_a_key_is_the_key_itself_R2_2(void **state)
{
	(void)state;
	static const char *const texts[] = { "12345678", "港ー１２", "か\u3000\u3099", "か ゛", "A\u00b4",
		"ﾊﾟ", "か\u200b\u3099", "㍿ー\u3000１", "\u1100 \u1161\u11a8", "e\u00a8\u0301",
		"e \u0323\u0302", "\ufdfa" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char once[IDENTIFIER_KEY_MAX + 1];
		size_t length;
		assert_int_equal(identifier_key(texts[i], strlen(texts[i]), once, &length), OUTCOME_OK);
		assert_key(once, once);
	}
}

static void assert_no_key(const char *typed, size_t length)
{
	char key[IDENTIFIER_KEY_MAX + 1];
	size_t key_length;
	if (identifier_key(typed, length, key, &key_length) != OUTCOME_INVALID)
		fail_msg("\"%.*s\" was taken for a number", (int)length, typed);
}

static void a_number_that_is_none_is_refused_R2_2(void **state)
{
	(void)state;
	static const char *const texts[] = { "", " ", "\u3000", " \u3000\u200b", "12\t34", "12\n", "\x01",
		"12\x7f", "港\t", "港\x7f", "12\xc2\x85", "港\xc2\x9f", "港\u2028", "12\xff", "\xe6\xb8",
		"港\xe6", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_no_key(texts[i], strlen(texts[i]));
	assert_no_key("12\0", 3);
	assert_no_key("港\0", 4);
	char key[IDENTIFIER_KEY_MAX + 1];
	size_t length;
	assert_int_equal(identifier_key(NULL, 0, key, &length), OUTCOME_INVALID);
}

static void a_number_that_is_too_long_is_refused_and_not_cut_R2_2(void **state)
{
	(void)state;
	char typed[IDENTIFIER_INPUT_MAX + 1];
	char key[IDENTIFIER_KEY_MAX + 1];
	size_t length;

	memset(typed, '7', sizeof typed);
	assert_int_equal(identifier_key(typed, IDENTIFIER_INPUT_MAX, key, &length), OUTCOME_OK);
	assert_int_equal(length, IDENTIFIER_INPUT_MAX);
	assert_int_equal(strlen(key), IDENTIFIER_INPUT_MAX);
	assert_no_key(typed, IDENTIFIER_INPUT_MAX + 1);

	/* ㌀ grows from three bytes to ten in NFKC: アパ-ト. */
	char *at = typed;
	for (size_t i = 0; i < IDENTIFIER_INPUT_MAX / 3; i++, at += 3)
		memcpy(at, i < 4 ? "\u3300" : "ア", 3);
	assert_int_equal(identifier_key(typed, IDENTIFIER_INPUT_MAX, key, &length), OUTCOME_OK);
	assert_int_equal(length, IDENTIFIER_INPUT_MAX + 28);
	for (at = typed; at < typed + IDENTIFIER_INPUT_MAX; at += 3)
		memcpy(at, "\ufdfa", 3); /* eleven bytes for one */
	assert_no_key(typed, IDENTIFIER_INPUT_MAX);

	/* The last length that fits, and one more: キログラム is fifteen bytes. */
	at = typed;
	for (size_t i = 0; i < 16; i++, at += 3)
		memcpy(at, "\u3315", 3);
	assert_int_equal(identifier_key(typed, (size_t)(at - typed), key, &length), OUTCOME_OK);
	assert_int_equal(length, IDENTIFIER_KEY_MAX);
	assert_int_equal(strlen(key), IDENTIFIER_KEY_MAX);
	*at++ = '1';
	assert_no_key(typed, (size_t)(at - typed));
}

static void a_branch_number_keeps_its_two_digits_R2_2(void **state)
{
	(void)state;
	static const char *const texts[] = { "01", " 01", "０１", "\u3000０1 ", "01\u3000" };
	char branch[BRANCH_NUMBER_DIGITS + 1];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_int_equal(branch_number_normalise(texts[i], strlen(texts[i]), branch), OUTCOME_OK);
		assert_string_equal(branch, "01");
	}
}

static void a_branch_number_of_one_or_three_digits_is_not_guessed_R2_2(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "1", "001", "0 1", "a1", "-1", "一", "１", "００１" };
	char branch[BRANCH_NUMBER_DIGITS + 1];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (branch_number_normalise(texts[i], strlen(texts[i]), branch) != OUTCOME_INVALID)
			fail_msg("\"%s\" was taken for a 枝番", texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mistyped_number_is_noticed_by_its_check_digit_R2_1_R2_4),
		TEST(a_number_of_another_length_or_alphabet_is_noticed_R2),
		TEST(one_wrong_digit_anywhere_is_noticed_R2_1_R2_4),
		TEST(an_insurer_is_found_in_every_way_to_type_its_number_R2_1),
		TEST(an_insurer_number_that_is_none_is_refused_R2_1),
		TEST(a_kokuho_of_kochi_is_not_taken_for_late_elderly_R2_1),
		TEST(a_symbol_is_found_in_half_and_full_width_R2_2),
		TEST(a_symbol_is_found_with_every_dash_that_a_keyboard_has_R2_2),
		TEST(a_symbol_is_found_with_and_without_spaces_R2_2),
		TEST(numbers_that_differ_in_leading_zeros_stay_two_numbers_R2_2),
		TEST(numbers_that_differ_in_anything_else_stay_two_numbers_R2_2),
		TEST(the_key_of_a_key_is_the_key_itself_R2_2),
		TEST(a_number_that_is_none_is_refused_R2_2),
		TEST(a_number_that_is_too_long_is_refused_and_not_cut_R2_2),
		TEST(a_branch_number_keeps_its_two_digits_R2_2),
		TEST(a_branch_number_of_one_or_three_digits_is_not_guessed_R2_2),
	};
	return cmocka_run_group_tests_name("identifiers", tests, NULL, NULL);
}
