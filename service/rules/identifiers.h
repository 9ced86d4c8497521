/* 保険者番号, 記号・番号・枝番, 医療機関コード, マイナンバー: their one spelling, and their check digits (R2). */
#ifndef SHIKAKU_RULES_IDENTIFIERS_H
#define SHIKAKU_RULES_IDENTIFIERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/calendar.h"
#include "base/outcome.h"
#include "base/text.h"

#define INSURER_NUMBER_DIGITS 8
#define BRANCH_NUMBER_DIGITS 2
#define INSTITUTION_CODE_DIGITS 10
/* A 記号 or 番号 as given, in bytes; the normalised key is never longer than IDENTIFIER_KEY_MAX. */
#define IDENTIFIER_INPUT_MAX 120
#define IDENTIFIER_KEY_MAX 240

/* What the rules need to know of the 法別番号 (first two digits of the 8-digit 保険者番号). */
enum scheme {
	SCHEME_EMPLOYEES, /* 協会けんぽ, 組合健保, 共済 …: every prefix but the two below */
	SCHEME_NATIONAL, /* 国民健康保険: prefix 00 (six digits, padded) */
	SCHEME_LATE_ELDERLY, /* 後期高齢者医療: prefix 39 */
};

/* What is typed from a document, each in its one spelling (R2, R4.2). */
struct typed_keys {
	char insurer_number[INSURER_NUMBER_DIGITS + 1];
	struct slice number_key;
	struct slice symbol_key; /* no value: not said, as always with 後期高齢者医療 (R2.2) */
	struct slice branch_number; /* the same */
	struct optional_day birth_date; /* known in every question without a fault */
};

/* Trims spaces of both widths, folds full-width digits, pads 6 digits to 8 (R2.1). Any other length or character: OUTCOME_INVALID. */
enum outcome MUST_CHECK insurer_number_normalise(
	const char *text, size_t length, char number[INSURER_NUMBER_DIGITS + 1]);

/* Whether the check digit of a normalised 保険者番号 holds (Luhn, R2.1). */
bool insurer_number_checks(const char number[INSURER_NUMBER_DIGITS + 1]);

enum scheme scheme_of(const char number[INSURER_NUMBER_DIGITS + 1]);

/* The spelling by which 記号 and 番号 are compared (R2.2): NFKC, no spaces, all dash forms as "-", leading zeros kept. `key` has
 * room for IDENTIFIER_KEY_MAX + 1 bytes. Empty afterwards, control characters, bad UTF-8 or too long: OUTCOME_INVALID.
 * OUTCOME_NO_MEMORY only beyond ASCII. */
enum outcome MUST_CHECK identifier_key(
	const char *text, size_t length, char key[IDENTIFIER_KEY_MAX + 1], size_t *key_length);

/* 枝番: exactly two digits after trimming and folding widths (R2.2); "1" is OUTCOME_INVALID. */
enum outcome MUST_CHECK branch_number_normalise(
	const char *text, size_t length, char branch[BRANCH_NUMBER_DIGITS + 1]);

/* 医療機関コード: 10 digits. The check digit only warns (R2.3). */
bool institution_code_is_shaped(const char *text, size_t length);
bool institution_code_checks(const char code[INSTITUTION_CODE_DIGITS + 1]);

/* マイナンバー: 12 digits with check digit (R2.4). */
bool my_number_checks(const char *text, size_t length);

#endif
