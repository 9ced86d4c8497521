#include "terminal/width.h"

#include <stdbool.h>
#include <string.h>

#include "terminal/utf8.h"

struct span {
	uint32_t first;
	uint32_t last;
};

/* East Asian Wide and Fullwidth (UAX #11). Half-width katakana, U+FF61 to U+FF9F, are not among them. */
static const struct span wide[] = {
	{ 0x1100, 0x115f },
	{ 0x2e80, 0x303e },
	{ 0x3041, 0x33ff },
	{ 0x3400, 0x4dbf },
	{ 0x4e00, 0x9fff },
	{ 0xa000, 0xa4cf },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff01, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f },
	{ 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

/* What adds nothing to the line: combining marks (a dakuten written apart among them), variation selectors (kanji of names). */
static const struct span zero[] = {
	{ 0x0000, 0x001f },
	{ 0x007f, 0x009f },
	{ 0x0300, 0x036f },
	{ 0x200b, 0x200f },
	{ 0x20d0, 0x20ff },
	{ 0x3099, 0x309a },
	{ 0xfe00, 0xfe0f },
	{ 0xe0100, 0xe01ef },
};

static bool is_in(uint32_t character, const struct span *spans, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (character >= spans[i].first && character <= spans[i].last)
			return true;
	}
	return false;
}

int width_of(uint32_t character)
{
	if (is_in(character, zero, sizeof zero / sizeof zero[0]))
		return 0;
	return is_in(character, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

size_t width_of_text(const char *text)
{
	size_t columns = 0;
	size_t left = strlen(text);
	while (left > 0) {
		uint32_t character;
		size_t bytes = utf8_next(text, left, &character);
		if (bytes == 0) {
			bytes = 1;
			character = '?';
		}
		columns += (size_t)width_of(character);
		text += bytes;
		left -= bytes;
	}
	return columns;
}

void width_pad(FILE *out, const char *written, size_t columns)
{
	size_t taken = width_of_text(written);
	do {
		fputc(' ', out);
		taken++;
	} while (taken < columns);
}
