/* A million lines of a file pass here: what is spelled as it will be stored is neither copied nor decoded. */
#include "rules/member_spelling.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

#include "rules/identifiers.h"
#include "rules/kana.h"

enum {
	LINE_MAX_CHARACTERS = 200,
	KEY_MAX_CHARACTERS = 64,
	POSTAL_DIGITS = 7,
	NUMBER_DIGITS = 12,
	WORDS_MAX = 16,
};

enum form {
	FORM_LINE, /* what people read, on one line */
	FORM_KANA,
	FORM_KEY, /* the insurer's own, part of a path */
	FORM_WORD,
	FORM_FLAG,
	FORM_DATE,
	FORM_LAST_DAY, /* the day after it can be stored too */
	FORM_AMOUNT,
	FORM_POSTAL_CODE,
	FORM_IDENTIFIER,
	FORM_BRANCH_NUMBER,
	FORM_INDIVIDUAL_NUMBER,
};

struct spelling {
	enum form form;
	const char *expected;
	const char *words[WORDS_MAX + 1];
};

#define LINE "one line of at most 200 characters"
#define KANA "kana: one line of at most 200 characters"
#define KEY "1 to 64 characters without spaces and /"
#define FLAG "true or false"
#define DATE "a day that exists, YYYY-MM-DD"
#define IDENTIFIER "at most 120 bytes on one line"
#define SEX "male, female or unspecified"

static const struct spelling spellings[MEMBER_FIELDS] = {
	[MEMBER_MEMBER_ID] = { FORM_KEY, KEY, { NULL } },
	[MEMBER_NAME] = { FORM_LINE, LINE, { NULL } },
	[MEMBER_NAME_KANA] = { FORM_KANA, KANA, { NULL } },
	[MEMBER_NAME_OTHER] = { FORM_LINE, LINE, { NULL } },
	[MEMBER_NAME_OTHER_KANA] = { FORM_KANA, KANA, { NULL } },
	[MEMBER_SEX] = { FORM_WORD, SEX, { "male", "female", "unspecified" } },
	[MEMBER_SEX_ON_FACE] = { FORM_WORD, SEX, { "male", "female", "unspecified" } },
	[MEMBER_BIRTH_DATE] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_POSTAL_CODE] = { FORM_POSTAL_CODE, "7 digits, with or without - after the third", { NULL } },
	[MEMBER_ADDRESS] = { FORM_LINE, LINE, { NULL } },
	[MEMBER_HOUSEHOLD_HEAD] = { FORM_LINE, LINE, { NULL } },
	[MEMBER_WORKPLACE_ID] = { FORM_KEY, KEY, { NULL } },
	[MEMBER_NON_DISCLOSURE] = { FORM_FLAG, FLAG, { NULL } },
	[MEMBER_SELF_INFORMATION_STOPPED] = { FORM_FLAG, FLAG, { NULL } },
	[MEMBER_INDIVIDUAL_NUMBER] = { FORM_INDIVIDUAL_NUMBER, "12 digits, the last of them a check digit",
		{ NULL } },
	[MEMBER_RELATIONSHIP] = { FORM_WORD, "insured or dependent", { "insured", "dependent" } },
	[MEMBER_INSURED_MEMBER_ID] = { FORM_KEY, KEY, { NULL } },
	[MEMBER_SYMBOL] = { FORM_IDENTIFIER, IDENTIFIER, { NULL } },
	[MEMBER_NUMBER] = { FORM_IDENTIFIER, IDENTIFIER, { NULL } },
	[MEMBER_BRANCH_NUMBER] = { FORM_BRANCH_NUMBER, "2 digits", { NULL } },
	[MEMBER_ACQUIRED_ON] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_LOST_ON] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_LOSS_REASON] = { FORM_WORD, "01, 02, 03 or 99", { "01", "02", "03", "99" } },
	[MEMBER_RATIO_PERCENT] = { FORM_WORD, "10, 20 or 30", { "10", "20", "30" } },
	[MEMBER_RATIO_VALID_FROM] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_RATIO_VALID_UNTIL] = { FORM_LAST_DAY, DATE, { NULL } },
	[MEMBER_LIMIT_CATEGORY] = { FORM_WORD, "A01 to A06 or B01 to B10",
		{ "A01", "A02", "A03", "A04", "A05", "A06", "B01", "B02", "B03", "B04", "B05", "B06", "B07",
			"B08", "B09", "B10" } },
	[MEMBER_LIMIT_CERTIFICATE] = { FORM_WORD, "01, 02 or 03", { "01", "02", "03" } },
	[MEMBER_LIMIT_VALID_FROM] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_LIMIT_VALID_UNTIL] = { FORM_LAST_DAY, DATE, { NULL } },
	[MEMBER_LIMIT_LONG_STAY_FROM] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_DISEASE_CATEGORY] = { FORM_WORD, "1, 2 or 3", { "1", "2", "3" } },
	[MEMBER_DISEASE_SELF_PAY] = { FORM_AMOUNT, "0 to 1000000 yen", { NULL } },
	[MEMBER_DISEASE_VALID_FROM] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_DISEASE_VALID_UNTIL] = { FORM_LAST_DAY, DATE, { NULL } },
	[MEMBER_CERTIFICATE_NUMBER] = { FORM_LINE, LINE, { NULL } },
	[MEMBER_CERTIFICATE_ISSUED_ON] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_CERTIFICATE_VALID_FROM] = { FORM_DATE, DATE, { NULL } },
	[MEMBER_CERTIFICATE_VALID_UNTIL] = { FORM_DATE, DATE, { NULL } },
};

static enum outcome MUST_CHECK refuse(struct spelled *spelled, enum member_fault fault)
{
	spelled->fault = fault;
	return OUTCOME_INVALID;
}

static enum outcome MUST_CHECK keep(
	struct arena *arena, struct spelled *spelled, const char *bytes, size_t length)
{
	if (length == spelled->value.length && memcmp(bytes, spelled->value.at, length) == 0)
		return OUTCOME_OK;
	spelled->value = (struct slice){ arena_copy(arena, bytes, length), length };
	return spelled->value.at == NULL ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

/* What PostgreSQL's [[:cntrl:]] means in UTF-8. */
static bool is_control(ucs4_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
	       character == 0x2029;
}

/* And no less than its [[:space:]]. */
static bool is_space(ucs4_t character)
{
	return character == ' ' || character == 0xa0 || character == 0x1680 || character == 0x180e ||
	       (character >= 0x2000 && character <= 0x200b) || character == 0x202f || character == 0x205f ||
	       character == 0x2060 || character == 0x3000 || character == 0xfeff;
}

/* At most `max` characters, none of them a control character. */
static enum outcome MUST_CHECK spell_text(struct spelled *spelled, size_t max, bool is_key)
{
	const uint8_t *bytes = (const uint8_t *)spelled->value.at;
	size_t length = spelled->value.length;
	size_t characters = 0;
	for (size_t at = 0; at < length; characters++) {
		ucs4_t character = bytes[at];
		int taken = 1;
		if (character >= 0x80)
			taken = u8_mbtoucr(&character, bytes + at, length - at);
		if (taken < 0 || is_control(character))
			return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
		if (is_key && (is_space(character) || character == '/'))
			return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
		at += (size_t)taken;
	}
	return characters <= max ? OUTCOME_OK : refuse(spelled, MEMBER_FAULT_TOO_LONG);
}

/* A key is a part of a path, where "." and ".." name something else. */
static enum outcome MUST_CHECK spell_key(struct spelled *spelled)
{
	if (slice_is(spelled->value, ".") || slice_is(spelled->value, ".."))
		return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
	return spell_text(spelled, KEY_MAX_CHARACTERS, true);
}

static enum outcome MUST_CHECK spell_kana(struct arena *arena, struct spelled *spelled)
{
	struct slice kana;
	enum outcome outcome = kana_normalise(arena, spelled->value, &kana);
	if (outcome == OUTCOME_INVALID)
		return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
	if (outcome != OUTCOME_OK)
		return outcome;
	spelled->value = kana;
	return spell_text(spelled, LINE_MAX_CHARACTERS, false);
}

static enum outcome MUST_CHECK spell_word(struct spelled *spelled, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (slice_is(spelled->value, words[i]))
			return OUTCOME_OK;
	}
	return refuse(spelled, MEMBER_FAULT_NOT_ONE_OF);
}

static enum outcome MUST_CHECK spell_flag(struct spelled *spelled)
{
	if (slice_is(spelled->value, "1"))
		spelled->value = SLICE_LITERAL("true");
	else if (slice_is(spelled->value, "0"))
		spelled->value = SLICE_LITERAL("false");
	else if (!slice_is(spelled->value, "true") && !slice_is(spelled->value, "false"))
		return refuse(spelled, MEMBER_FAULT_NOT_ONE_OF);
	return OUTCOME_OK;
}

/* Days before 明治 cannot be printed in an era. A last day is stored by the day after it. */
static enum outcome MUST_CHECK spell_date(struct spelled *spelled, bool is_last_day)
{
	struct day day;
	if (day_parse(spelled->value.at, spelled->value.length, &day) != OUTCOME_OK)
		return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
	struct day first = day_from_civil((struct civil_date){ 1868, 1, 25 });
	struct day last = day_from_civil((struct civil_date){ 9999, 12, is_last_day ? 30 : 31 });
	if (day_compare(day, first) < 0 || day_compare(day, last) > 0) {
		spelled->expected =
			is_last_day ? "a day from 1868-01-25 to 9999-12-30, or nothing where there is no end"
				    : "a day from 1868-01-25";
		return refuse(spelled, MEMBER_FAULT_OUT_OF_RANGE);
	}
	spelled->day = (struct optional_day){ .known = true, .day = day };
	return OUTCOME_OK;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static enum outcome MUST_CHECK spell_amount(struct arena *arena, struct spelled *spelled)
{
	enum { YEN_MAX = 1000000, DIGITS_MAX = 7 };
	const char *at = spelled->value.at;
	size_t length = spelled->value.length;
	long yen = 0;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(at[i]))
			return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
	}
	while (length > 1 && at[0] == '0') {
		at++;
		length--;
	}
	for (size_t i = 0; i < length && i <= DIGITS_MAX; i++)
		yen = yen * 10 + (at[i] - '0');
	if (length > DIGITS_MAX || yen > YEN_MAX)
		return refuse(spelled, MEMBER_FAULT_OUT_OF_RANGE);
	return keep(arena, spelled, at, length);
}

/* Digits of either width, any dashes and spaces between them: the digits alone. False for anything else, and for more than `room`. */
static bool only_digits(struct slice given, char *digits, size_t room, size_t *count)
{
	char key[IDENTIFIER_KEY_MAX + 1];
	size_t length = 0;
	*count = 0;
	if (identifier_key(given.at, given.length, key, &length) != OUTCOME_OK)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (key[i] == '-')
			continue;
		if (!is_digit(key[i]) || *count == room)
			return false;
		digits[(*count)++] = key[i];
	}
	return true;
}

static enum outcome MUST_CHECK spell_postal_code(struct arena *arena, struct spelled *spelled)
{
	char code[POSTAL_DIGITS + 1];
	size_t count;
	if (!only_digits(spelled->value, code, POSTAL_DIGITS, &count) || count != POSTAL_DIGITS)
		return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
	memmove(code + 4, code + 3, 4);
	code[3] = '-';
	return keep(arena, spelled, code, sizeof code);
}

static enum outcome MUST_CHECK spell_individual_number(struct arena *arena, struct spelled *spelled)
{
	char number[NUMBER_DIGITS];
	size_t count;
	if (!only_digits(spelled->value, number, NUMBER_DIGITS, &count) || count != NUMBER_DIGITS)
		return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
	if (!my_number_checks(number, sizeof number))
		return refuse(spelled, MEMBER_FAULT_CHECK_DIGIT);
	return keep(arena, spelled, number, sizeof number);
}

/* Printed as registered, compared by its key (R2.2). */
static enum outcome MUST_CHECK spell_identifier(struct arena *arena, struct spelled *spelled)
{
	char key[IDENTIFIER_KEY_MAX + 1];
	size_t length = 0;
	if (spelled->value.length > IDENTIFIER_INPUT_MAX)
		return refuse(spelled, MEMBER_FAULT_TOO_LONG);
	enum outcome outcome = identifier_key(spelled->value.at, spelled->value.length, key, &length);
	if (outcome == OUTCOME_INVALID)
		return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
	if (outcome != OUTCOME_OK)
		return outcome;
	spelled->key = spelled->value;
	if (length == spelled->value.length && memcmp(key, spelled->value.at, length) == 0)
		return OUTCOME_OK;
	spelled->key = (struct slice){ arena_copy(arena, key, length), length };
	return spelled->key.at == NULL ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

static enum outcome MUST_CHECK spell_branch_number(struct arena *arena, struct spelled *spelled)
{
	char branch[BRANCH_NUMBER_DIGITS + 1];
	if (branch_number_normalise(spelled->value.at, spelled->value.length, branch) != OUTCOME_OK)
		return refuse(spelled, MEMBER_FAULT_WRONG_FORM);
	return keep(arena, spelled, branch, BRANCH_NUMBER_DIGITS);
}

enum outcome member_value_spell(
	struct arena *arena, enum member_field field, struct slice given, struct spelled *spelled)
{
	const struct spelling *spelling = &spellings[field];
	*spelled = (struct spelled){ .value = given, .expected = spelling->expected };
	switch (spelling->form) {
	case FORM_LINE:
		return spell_text(spelled, LINE_MAX_CHARACTERS, false);
	case FORM_KANA:
		return spell_kana(arena, spelled);
	case FORM_KEY:
		return spell_key(spelled);
	case FORM_WORD:
		return spell_word(spelled, spelling->words);
	case FORM_FLAG:
		return spell_flag(spelled);
	case FORM_DATE:
	case FORM_LAST_DAY:
		return spell_date(spelled, spelling->form == FORM_LAST_DAY);
	case FORM_AMOUNT:
		return spell_amount(arena, spelled);
	case FORM_POSTAL_CODE:
		return spell_postal_code(arena, spelled);
	case FORM_IDENTIFIER:
		return spell_identifier(arena, spelled);
	case FORM_BRANCH_NUMBER:
		return spell_branch_number(arena, spelled);
	case FORM_INDIVIDUAL_NUMBER:
		return spell_individual_number(arena, spelled);
	}
	return OUTCOME_INTERNAL;
}
