/* Insurers' older systems keep フリガナ in half width, and the desks' readers print it so; people type hiragana. One spelling is
 * stored, so that each finds the other. */
#include "rules/kana.h"

#include <stdbool.h>
#include <stdint.h>
#include <unistr.h>

enum {
	HIRAGANA_FIRST = 0x3041,
	HIRAGANA_LAST = 0x3096,
	HIRAGANA_TO_KATAKANA = 0x60,
	HALF_FIRST = 0xff61,
	HALF_LAST = 0xff9f,
	VOICED = 0x3099,
	HALF_VOICED = 0x309a,
};

/* 。「」、・ and the half-width kana in the order of their code points; the last two are the marks of voicing. */
static const uint16_t half_width[HALF_LAST - HALF_FIRST + 1] = { 0x3002, 0x300c, 0x300d, 0x3001, 0x30fb,
	0x30f2, 0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30e3, 0x30e5, 0x30e7, 0x30c3, 0x30fc, 0x30a2,
	0x30a4, 0x30a6, 0x30a8, 0x30aa, 0x30ab, 0x30ad, 0x30af, 0x30b1, 0x30b3, 0x30b5, 0x30b7, 0x30b9,
	0x30bb, 0x30bd, 0x30bf, 0x30c1, 0x30c4, 0x30c6, 0x30c8, 0x30ca, 0x30cb, 0x30cc, 0x30cd, 0x30ce,
	0x30cf, 0x30d2, 0x30d5, 0x30d8, 0x30db, 0x30de, 0x30df, 0x30e0, 0x30e1, 0x30e2, 0x30e4, 0x30e6,
	0x30e8, 0x30e9, 0x30ea, 0x30eb, 0x30ec, 0x30ed, 0x30ef, 0x30f3, VOICED, HALF_VOICED };

static ucs4_t folded(ucs4_t character)
{
	if (character >= HALF_FIRST && character <= HALF_LAST)
		return half_width[character - HALF_FIRST];
	if ((character >= HIRAGANA_FIRST && character <= HIRAGANA_LAST) || character == 0x309d ||
		character == 0x309e)
		return character + HIRAGANA_TO_KATAKANA; /* ゝ and ゞ too */
	if (character == 0x309b || character == 0x309c) /* ゛ and ゜ that stand alone */
		return character - 0x309b + VOICED;
	return character;
}

/* Letters with their voiced form one code point on: カ to ト, ハ to ホ, ヽ. */
static bool has_voiced_neighbour(ucs4_t letter)
{
	if (letter >= 0x30ab && letter <= 0x30c1)
		return letter % 2 == 1;
	return letter == 0x30c4 || letter == 0x30c6 || letter == 0x30c8 || letter == 0x30fd ||
	       (letter >= 0x30cf && letter <= 0x30db && letter % 3 == 0);
}

/* The letter with its mark; 0 where there is no such letter. */
static ucs4_t voiced(ucs4_t letter, ucs4_t mark)
{
	if (mark == HALF_VOICED)
		return letter >= 0x30cf && letter <= 0x30db && letter % 3 == 0 ? letter + 2 : 0;
	if (has_voiced_neighbour(letter))
		return letter + 1;
	if (letter == 0x30a6) /* ウ, ヴ */
		return 0x30f4;
	return letter >= 0x30ef && letter <= 0x30f2 ? letter + 8 : 0; /* ワ to ヲ */
}

/* ‐ to ―, − and the signs of full width stand beside kana as letters and signs of ASCII do. */
static bool belongs_in_kana(ucs4_t character)
{
	return (character >= 0x20 && character < 0x7f) || (character >= 0x30a0 && character <= 0x30ff) ||
	       (character >= 0x31f0 && character <= 0x31ff) || (character >= 0x3000 && character <= 0x3002) ||
	       character == 0x300c || character == 0x300d || (character >= 0xff01 && character <= 0xff5e) ||
	       (character >= 0x2010 && character <= 0x2015) || character == 0x2019 || character == 0x2212;
}

/* What must be changed is not longer than it was: three bytes become three, a mark joins its letter. */
static enum outcome MUST_CHECK rewrite(struct slice text, uint8_t *into, size_t *length)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	size_t count = 0;
	size_t last_at = 0;
	ucs4_t last = 0;
	for (size_t at = 0; at < text.length;) {
		ucs4_t character;
		int taken = u8_mbtoucr(&character, bytes + at, text.length - at);
		if (taken < 0)
			return OUTCOME_INVALID;
		at += (size_t)taken;
		character = folded(character);
		if (character == VOICED || character == HALF_VOICED) {
			character = voiced(last, character);
			count = last_at;
		}
		if (!belongs_in_kana(character))
			return OUTCOME_INVALID;
		last = character;
		last_at = count;
		int put = u8_uctomb(into + count, character, (ptrdiff_t)(text.length - count));
		if (put < 0)
			return OUTCOME_INVALID;
		count += (size_t)put;
	}
	*length = count;
	return OUTCOME_OK;
}

/* Whether the text is as it will be stored. What is not kana at all is left to the rewriting, which refuses it. */
static bool is_normal(struct slice text)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	for (size_t at = 0; at < text.length;) {
		ucs4_t character = bytes[at];
		int taken = 1;
		if (character >= 0x80)
			taken = u8_mbtoucr(&character, bytes + at, text.length - at);
		if (taken < 0 || folded(character) != character || !belongs_in_kana(character))
			return false;
		at += (size_t)taken;
	}
	return true;
}

enum outcome kana_normalise(struct arena *arena, struct slice text, struct slice *kana)
{
	*kana = text;
	if (is_normal(text))
		return OUTCOME_OK;
	uint8_t *into = arena_take_raw(arena, text.length);
	if (into == NULL)
		return OUTCOME_NO_MEMORY;
	size_t length = 0;
	enum outcome outcome = rewrite(text, into, &length);
	if (outcome == OUTCOME_OK)
		*kana = (struct slice){ (const char *)into, length };
	return outcome;
}
