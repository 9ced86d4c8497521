#include "terminal/yen.h"

#include <inttypes.h>
#include <string.h>

#include "terminal/width.h"

#define YEN_TEXT_SIZE 48

static void format(int64_t yen, char text[YEN_TEXT_SIZE])
{
	char digits[YEN_TEXT_SIZE / 2];
	int count = snprintf(digits, sizeof digits, "%" PRId64, yen);
	size_t at = 0;
	for (int i = 0; i < count; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	memcpy(text + at, "円", sizeof "円");
}

void yen_print(FILE *out, int64_t yen)
{
	char text[YEN_TEXT_SIZE];
	format(yen, text);
	fputs(text, out);
}

void yen_print_right(FILE *out, int64_t yen)
{
	char text[YEN_TEXT_SIZE];
	format(yen, text);
	for (size_t taken = width_of_text(text); taken < YEN_COLUMNS; taken++)
		fputc(' ', out);
	fputs(text, out);
}
