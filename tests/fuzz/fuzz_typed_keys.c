/* What a person types from a document (R2): each number has one spelling, every other spelling of it leads to that one, and what
 * was normalised stays as it is. Any bytes may come. */
#include "target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "api/typed_keys.h"
#include "rules/identifiers.h"

#define CHARACTERS_MAX 512
/* Room for the longest input with every character spelled in the longest way, and beyond. */
#define SPELLING_MAX ((size_t)4096)

/* A second reading of digits, by characters: trim spaces of both widths, fold widths. -1: anything else is in it. */
static int digits_of(const char *text, size_t length, char digits[CHARACTERS_MAX])
{
	ucs4_t characters[CHARACTERS_MAX];
	size_t count = CHARACTERS_MAX;
	if (length > CHARACTERS_MAX || u8_check((const uint8_t *)text, length) != NULL ||
		u8_to_u32((const uint8_t *)text, length, characters, &count) == NULL)
		return -1;
	size_t from = 0;
	while (from < count && (characters[from] == 0x20 || characters[from] == 0x3000))
		from++;
	while (count > from && (characters[count - 1] == 0x20 || characters[count - 1] == 0x3000))
		count--;
	for (size_t i = from; i < count; i++) {
		ucs4_t c = characters[i] >= 0xff10 ? characters[i] - 0xff10 + '0' : characters[i];
		if (c < '0' || c > '9')
			return -1;
		digits[i - from] = (char)c;
	}
	return (int)(count - from);
}

/* Of the ten last digits exactly one makes the check digit hold. */
static int last_digits_that_hold(const char *number, size_t length, bool (*holds)(const char *number))
{
	char changed[16];
	int count = 0;
	MUST_HOLD(length < sizeof changed);
	memcpy(changed, number, length + 1);
	for (char last = '0'; last <= '9'; last++) {
		changed[length - 1] = last;
		count += holds(changed);
	}
	return count;
}

/* What a digit counts where it is doubled: 2 × 7 = 14, 1 + 4 = 5. */
static bool is_luhn(const char *number, size_t length)
{
	static const int doubled[] = { 0, 2, 4, 6, 8, 1, 3, 5, 7, 9 };
	int sum = 0;
	bool twice = length % 2 == 0;
	for (size_t i = 0; i < length; i++, twice = !twice)
		sum += twice ? doubled[number[i] - '0'] : number[i] - '0';
	return sum % 10 == 0;
}

/* As the ordinance has it: P(n) counts from the right, Q(n) is n + 1 up to the sixth digit and n - 5 behind it. */
static bool is_my_number(const char *number)
{
	int sum = 0;
	for (int n = 1; n <= 11; n++)
		sum += (number[11 - n] - '0') * (n <= 6 ? n + 1 : n - 5);
	int check = 11 - sum % 11;
	return number[11] - '0' == (check >= 10 ? 0 : check);
}

static bool insurer_number_holds(const char *number)
{
	return insurer_number_checks(number);
}

static bool institution_code_holds(const char *code)
{
	return institution_code_checks(code);
}

static bool my_number_holds(const char *number)
{
	return my_number_checks(number, 12);
}

/* Luhn finds every wrong digit. */
static void look_at_check_digit(const char *number, size_t length, bool (*holds)(const char *number))
{
	char changed[16];
	MUST_HOLD(last_digits_that_hold(number, length, holds) == 1);
	MUST_HOLD(holds(number) == is_luhn(number, length));
	if (!holds(number))
		return;
	for (size_t i = 0; i < length; i++) {
		memcpy(changed, number, length + 1);
		changed[i] = (char)('0' + (changed[i] - '0' + 1) % 10);
		MUST_HOLD(!holds(changed));
	}
}

static void look_at_insurer_number(const char *text, size_t length, const char *digits, int count)
{
	char number[INSURER_NUMBER_DIGITS + 1] = "untouch";
	char again[INSURER_NUMBER_DIGITS + 1];
	char expected[INSURER_NUMBER_DIGITS + 1];
	bool taken = insurer_number_normalise(text, length, number) == OUTCOME_OK;
	MUST_HOLD(taken == (count == 6 || count == 8));
	if (!taken) {
		MUST_HOLD(strcmp(number, "untouch") == 0);
		return;
	}
	(void)snprintf(expected, sizeof expected, "%s%.*s", count == 6 ? "00" : "", count, digits);
	MUST_HOLD(strcmp(number, expected) == 0);
	MUST_HOLD(insurer_number_normalise(number, strlen(number), again) == OUTCOME_OK &&
		  strcmp(again, number) == 0);
	look_at_check_digit(number, INSURER_NUMBER_DIGITS, insurer_number_holds);
	enum scheme scheme = number[0] == '3' && number[1] == '9'   ? SCHEME_LATE_ELDERLY
			     : number[0] == '0' && number[1] == '0' ? SCHEME_NATIONAL
								    : SCHEME_EMPLOYEES;
	MUST_HOLD(scheme_of(number) == scheme);
}

static void look_at_branch(const char *text, size_t length, const char *digits, int count)
{
	char branch[BRANCH_NUMBER_DIGITS + 1];
	bool taken = branch_number_normalise(text, length, branch) == OUTCOME_OK;
	MUST_HOLD(taken == (count == 2));
	MUST_HOLD(!taken || (memcmp(branch, digits, 2) == 0 && branch[2] == '\0'));
}

static void look_at_codes(const char *text, size_t length)
{
	bool all_digits = true;
	char code[INSTITUTION_CODE_DIGITS + 3] = "";
	for (size_t i = 0; i < length; i++)
		all_digits = all_digits && text[i] >= '0' && text[i] <= '9';
	MUST_HOLD(institution_code_is_shaped(text, length) == (all_digits && length == 10));
	if (institution_code_is_shaped(text, length)) {
		memcpy(code, text, length);
		look_at_check_digit(code, length, institution_code_holds);
	}
	if (all_digits && length == 12) {
		memcpy(code, text, length);
		MUST_HOLD(last_digits_that_hold(code, length, my_number_holds) == 1);
		MUST_HOLD(my_number_checks(text, length) == is_my_number(text));
	} else {
		MUST_HOLD(!my_number_checks(text, length));
	}
}

struct spelling {
	uint8_t text[SPELLING_MAX];
	size_t length;
};

static void put(struct spelling *spelling, ucs4_t character)
{
	int bytes = u8_uctomb(
		spelling->text + spelling->length, character, (ptrdiff_t)(SPELLING_MAX - spelling->length));
	MUST_HOLD(bytes > 0);
	spelling->length += (size_t)bytes;
}

static bool is_any_dash(ucs4_t character)
{
	static const ucs4_t dashes[] = { '-', 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0x30fc,
		0xfe58, 0xfe63, 0xff0d, 0xff70 };
	for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++) {
		if (dashes[i] == character)
			return true;
	}
	return false;
}

/* The same as another desk would type it: other widths, other dashes, spaces. */
static struct spelling other_spelling(const char *text, size_t length, unsigned how)
{
	static const ucs4_t dashes[] = { '-', 0x2010, 0x2212, 0x30fc, 0xff0d, 0xff70, 0x2015, 0xfe58 };
	static const ucs4_t spaces[] = { ' ', 0x3000, 0xa0, 0x2003, 0x200b, 0xfeff, 0x2009, 0x2060 };
	struct spelling spelling = { .length = 0 };
	for (size_t at = 0; at < length; how = how * 1103515245U + 12345U) {
		ucs4_t character;
		unsigned choice = how >> 16;
		at += (size_t)u8_mbtouc(&character, (const uint8_t *)text + at, length - at);
		if ((choice & 3) == 1)
			put(&spelling, spaces[choice >> 2 & 7]);
		if (is_any_dash(character))
			put(&spelling, dashes[choice >> 5 & 7]);
		else if (character > ' ' && character < 0x7f && (choice & 0x100) != 0)
			put(&spelling, character + 0xfee0);
		else
			put(&spelling, character);
	}
	return spelling;
}

static void look_at_key_itself(const char *key, size_t length)
{
	char again[IDENTIFIER_KEY_MAX + 1];
	size_t again_length = 0;
	MUST_HOLD(length >= 1 && length <= IDENTIFIER_KEY_MAX);
	MUST_HOLD(strlen(key) == length); /* ends there, and holds no NUL */
	MUST_HOLD(u8_check((const uint8_t *)key, length) == NULL);
	MUST_HOLD(strpbrk(key, " \t\r\n\x7f") == NULL && strstr(key, "\u3000") == NULL);
	MUST_HOLD(strstr(key, "\u2212") == NULL && strstr(key, "\u30fc") == NULL);
	/* A key may be longer than what may be typed. */
	enum outcome outcome = identifier_key(key, length, again, &again_length);
	MUST_HOLD((outcome == OUTCOME_OK) == (length <= IDENTIFIER_INPUT_MAX));
	MUST_HOLD(outcome != OUTCOME_OK || (again_length == length && memcmp(again, key, length) == 0));
}

static void look_at_key(const char *text, size_t length)
{
	char key[IDENTIFIER_KEY_MAX + 1];
	char other[IDENTIFIER_KEY_MAX + 1];
	size_t key_length = 0;
	size_t other_length = 0;
	bool taken = identifier_key(text, length, key, &key_length) == OUTCOME_OK;
	if (length > IDENTIFIER_INPUT_MAX || length == 0 || u8_check((const uint8_t *)text, length) != NULL) {
		MUST_HOLD(!taken);
		return;
	}
	if (taken)
		look_at_key_itself(key, key_length);
	for (unsigned how = 1; how <= 3; how++) {
		struct spelling spelling =
			other_spelling(text, length, how * 2654435761U + (unsigned char)text[0]);
		if (spelling.length > IDENTIFIER_INPUT_MAX)
			continue;
		bool also = identifier_key((const char *)spelling.text, spelling.length, other,
				    &other_length) == OUTCOME_OK;
		MUST_HOLD(also == taken);
		MUST_HOLD(!also || (other_length == key_length && memcmp(other, key, key_length) == 0));
	}
}

/* The fields of a request say the same as the rules below them, and never keep half. */
static void look_at_fields(const char *text, size_t length)
{
	struct arena arena;
	arena_open(&arena, (size_t)16 * 1024);
	json_t *value = json_stringn(text, length);
	if (value == NULL) /* no UTF-8 */
		return;
	bool has_nul = memchr(text, '\0', length) != NULL;
	struct field_errors errors = { .count = 0 };
	char number[INSURER_NUMBER_DIGITS + 1] = "";
	char plain[IDENTIFIER_KEY_MAX + 1] = "";
	size_t plain_length = 0;
	bool good = insurer_number_normalise(text, length, plain) == OUTCOME_OK && !has_nul;
	decode_insurer_number(value, "/a", &errors, number);
	MUST_HOLD(errors.count == !good && strcmp(number, good ? plain : "") == 0);

	errors.count = 0;
	good = identifier_key(text, length, plain, &plain_length) == OUTCOME_OK && !has_nul;
	struct slice key = decode_key(&arena, value, "/b", &errors);
	MUST_HOLD(errors.count == !good && (key.at != NULL) == good);
	MUST_HOLD(!good || (key.length == plain_length && memcmp(key.at, plain, plain_length + 1) == 0));

	errors.count = 0;
	good = branch_number_normalise(text, length, plain) == OUTCOME_OK && !has_nul;
	struct slice branch = decode_branch(&arena, value, "/c", &errors);
	MUST_HOLD(errors.count == !good && (branch.at != NULL) == good);
	MUST_HOLD(!good || memcmp(branch.at, plain, BRANCH_NUMBER_DIGITS + 1) == 0);

	errors.count = 0;
	struct day day = { INT32_MIN };
	struct day born = { INT32_MIN };
	good = day_parse(text, length, &day) == OUTCOME_OK;
	MUST_HOLD(decode_day(value, "/d", &errors, &born) == good && errors.count == !good);
	MUST_HOLD(born.number == day.number);
	json_decref(value);
	arena_close(&arena);
	arena_free_spares();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char digits[CHARACTERS_MAX];
	const char *text = size == 0 ? "" : (const char *)data;
	if (size > CHARACTERS_MAX)
		return -1;
	int count = digits_of(text, size, digits);
	look_at_insurer_number(text, size, digits, count);
	look_at_branch(text, size, digits, count);
	look_at_codes(text, size);
	look_at_key(text, size);
	look_at_fields(text, size);
	return 0;
}
