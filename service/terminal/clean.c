#include "terminal/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "terminal/utf8.h"

static bool breaks_line(uint32_t character)
{
	return character == '\n' || character == '\r' || character == '\t' || character == 0x85 ||
	       character == 0x2028 || character == 0x2029;
}

/* C0, DEL and C1; joiners and marks of direction; embeddings, overrides and isolates; byte order mark; tags. */
static bool is_hidden(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f) || character == 0xad ||
	       character == 0x61c || character == 0x180e || (character >= 0x200b && character <= 0x200f) ||
	       (character >= 0x202a && character <= 0x202e) || (character >= 0x2060 && character <= 0x206f) ||
	       character == 0xfeff || (character >= 0xfff9 && character <= 0xfffb) ||
	       (character >= 0xe0000 && character <= 0xe007f);
}

static void print(FILE *out, const char *text, size_t length, bool keep_lines)
{
	while (length > 0) {
		uint32_t character;
		size_t bytes = utf8_next(text, length, &character);
		if (bytes == 0) {
			fputs("\xef\xbf\xbd", out);
			bytes = 1;
		} else if (keep_lines && (character == '\n' || character == '\t')) {
			fputc((int)character, out);
		} else if (breaks_line(character)) {
			fputc(' ', out);
		} else if (!is_hidden(character)) {
			fwrite(text, 1, bytes, out);
		}
		text += bytes;
		length -= bytes;
	}
}

void clean_print(FILE *out, const char *text)
{
	print(out, text, strlen(text), false);
}

void clean_print_lines(FILE *out, const char *text, size_t length)
{
	print(out, text, length, true);
}
