/* The one spelling of each number, and its check digit (R2). Everything here may come from a stranger: input is bytes with
 * a length, and every buffer has its bound. */
#include "rules/identifiers.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

/* U+FDFA grows elevenfold in NFKC, more than any other character. */
#define NFKC_MAX ((size_t)11 * IDENTIFIER_INPUT_MAX)

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* The bytes of the space at `text`: 1 for U+0020, 3 for U+3000, 0 for none. */
static size_t space_at(const char *text, size_t length)
{
	if (length >= 1 && text[0] == ' ')
		return 1;
	return length >= 3 && memcmp(text, "\u3000", 3) == 0 ? 3 : 0;
}

/* Reads digits of both widths, with spaces of both widths around them. Gives their count, 0 when there is anything else
 * or more than `room` digits; no terminating NUL. */
static size_t fold_digits(const char *text, size_t length, char *digits, size_t room)
{
	size_t at = 0;
	size_t count = 0;
	size_t step;

	if (length == 0)
		return 0;
	while ((step = space_at(text + at, length - at)) > 0)
		at += step;
	while (at < length) {
		const unsigned char *byte = (const unsigned char *)text + at;
		char digit;
		if (is_digit(text[at])) {
			digit = text[at];
			at += 1;
		} else if (length - at >= 3 && byte[0] == 0xef && byte[1] == 0xbc && byte[2] >= 0x90 &&
			   byte[2] <= 0x99) {
			digit = (char)('0' + (byte[2] - 0x90)); /* U+FF10 to U+FF19 */
			at += 3;
		} else {
			break;
		}
		if (count == room)
			return 0;
		digits[count++] = digit;
	}
	while ((step = space_at(text + at, length - at)) > 0)
		at += step;
	return at == length ? count : 0;
}

/* Luhn: from the right, every second digit doubled and its digits added; the whole divides by ten. */
static bool luhn_holds(const char *digits, size_t count)
{
	int sum = 0;
	for (size_t i = 0; i < count; i++) {
		int digit = digits[count - 1 - i] - '0';
		if (i % 2 == 1)
			digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum % 10 == 0;
}

enum outcome insurer_number_normalise(const char *text, size_t length, char number[INSURER_NUMBER_DIGITS + 1])
{
	enum { NATIONAL_DIGITS = 6 };
	char digits[INSURER_NUMBER_DIGITS];
	size_t count = fold_digits(text, length, digits, sizeof digits);
	if (count != NATIONAL_DIGITS && count != INSURER_NUMBER_DIGITS)
		return OUTCOME_INVALID;
	size_t padding = INSURER_NUMBER_DIGITS - count;
	memset(number, '0', padding);
	memcpy(number + padding, digits, count);
	number[INSURER_NUMBER_DIGITS] = '\0';
	return OUTCOME_OK;
}

bool insurer_number_checks(const char number[INSURER_NUMBER_DIGITS + 1])
{
	return luhn_holds(number, INSURER_NUMBER_DIGITS);
}

enum scheme scheme_of(const char number[INSURER_NUMBER_DIGITS + 1])
{
	if (memcmp(number, "39", 2) == 0)
		return SCHEME_LATE_ELDERLY;
	if (memcmp(number, "00", 2) == 0)
		return SCHEME_NATIONAL;
	return SCHEME_EMPLOYEES;
}

static bool is_control(ucs4_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
	       character == 0x2029;
}

/* After NFKC most spaces are U+0020 already; U+1680 and the ones without width are not. */
static bool is_space(ucs4_t character)
{
	return character == ' ' || character == 0x1680 || character == 0x180e || character == 0x200b ||
	       character == 0x2060 || character == 0xfeff;
}

/* ‐ ‒ – — ― − ー. NFKC has already made ‑ into ‐, － and ﹣ into -, ﹘ into — and the half-width ｰ into ー. */
static bool is_dash(ucs4_t character)
{
	return character == 0x2010 || (character >= 0x2012 && character <= 0x2015) || character == 0x2212 ||
	       character == 0x30fc;
}

/* NFKC into a buffer of NFKC_MAX bytes. */
static enum outcome MUST_CHECK compose(
	const uint8_t *text, size_t length, uint8_t composed[NFKC_MAX], size_t *count)
{
	size_t room = NFKC_MAX;
	uint8_t *result = u8_normalize(UNINORM_NFKC, text, length, composed, &room);
	*count = 0;
	if (result == NULL)
		return errno == ENOMEM ? OUTCOME_NO_MEMORY : OUTCOME_INVALID;
	if (result == composed) {
		*count = room;
		return OUTCOME_OK;
	}
	free(result);
	return OUTCOME_INVALID;
}

/* Drops spaces and makes dashes one, in place; the new length. Control characters: OUTCOME_INVALID. */
static enum outcome MUST_CHECK unify(uint8_t *text, size_t *length)
{
	size_t kept = 0;
	for (size_t at = 0; at < *length;) {
		ucs4_t character;
		int bytes = u8_mbtouc(&character, text + at, *length - at);
		if (is_control(character))
			return OUTCOME_INVALID;
		if (is_dash(character)) {
			text[kept++] = '-';
		} else if (!is_space(character)) {
			memmove(text + kept, text + at, (size_t)bytes);
			kept += (size_t)bytes;
		}
		at += (size_t)bytes;
	}
	*length = kept;
	return OUTCOME_OK;
}

static enum outcome MUST_CHECK identifier_key_beyond_ascii(
	const char *text, size_t length, char key[IDENTIFIER_KEY_MAX + 1], size_t *key_length)
{
	uint8_t once[NFKC_MAX];
	uint8_t twice[NFKC_MAX];

	if (u8_check((const uint8_t *)text, length) != NULL)
		return OUTCOME_INVALID;
	size_t count = 0;
	enum outcome outcome = compose((const uint8_t *)text, length, once, &count);
	if (outcome == OUTCOME_OK)
		outcome = unify(once, &count);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (count == 0)
		return OUTCOME_INVALID;
	/* A space may have kept a mark from its letter (か, space, ゛). Without a second round the key of a key would differ
	 * from the key, and what was stored could not be found by what was printed. */
	outcome = compose(once, count, twice, &count);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (count == 0 || count > IDENTIFIER_KEY_MAX)
		return OUTCOME_INVALID;
	memcpy(key, twice, count);
	key[count] = '\0';
	*key_length = count;
	return OUTCOME_OK;
}

enum outcome identifier_key(
	const char *text, size_t length, char key[IDENTIFIER_KEY_MAX + 1], size_t *key_length)
{
	if (length > IDENTIFIER_INPUT_MAX)
		return OUTCOME_INVALID;
	/* Almost every 記号 and 番号 is ASCII, for which NFKC changes nothing: the hot path makes no call. */
	size_t count = 0;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		if (byte >= 0x80)
			return identifier_key_beyond_ascii(text, length, key, key_length);
		if (is_control(byte))
			return OUTCOME_INVALID;
		if (byte != ' ')
			key[count++] = (char)byte;
	}
	key[count] = '\0';
	*key_length = count;
	return count > 0 ? OUTCOME_OK : OUTCOME_INVALID;
}

enum outcome branch_number_normalise(const char *text, size_t length, char branch[BRANCH_NUMBER_DIGITS + 1])
{
	char digits[BRANCH_NUMBER_DIGITS];
	if (fold_digits(text, length, digits, sizeof digits) != BRANCH_NUMBER_DIGITS)
		return OUTCOME_INVALID;
	memcpy(branch, digits, BRANCH_NUMBER_DIGITS);
	branch[BRANCH_NUMBER_DIGITS] = '\0';
	return OUTCOME_OK;
}

static bool are_digits(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(text[i]))
			return false;
	}
	return true;
}

bool institution_code_is_shaped(const char *text, size_t length)
{
	return length == INSTITUTION_CODE_DIGITS && are_digits(text, length);
}

bool institution_code_checks(const char code[INSTITUTION_CODE_DIGITS + 1])
{
	return luhn_holds(code, INSTITUTION_CODE_DIGITS);
}

bool my_number_checks(const char *text, size_t length)
{
	/* Weights of the eleven digits before the check digit, from the left (総務省令85号 第5条). */
	static const int weights[11] = { 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
	if (length != 12 || !are_digits(text, length))
		return false;
	int sum = 0;
	for (size_t i = 0; i < 11; i++)
		sum += (text[i] - '0') * weights[i];
	int remainder = sum % 11;
	return text[11] - '0' == (remainder <= 1 ? 0 : 11 - remainder);
}
