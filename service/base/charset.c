#include "base/charset.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

struct cp932 {
	iconv_t converter;
};

bool utf8_is_valid(struct slice text)
{
	return u8_check((const uint8_t *)text.at, text.length) == NULL;
}

enum outcome cp932_create(struct cp932 **created)
{
	*created = NULL;
	struct cp932 *cp932 = malloc(sizeof *cp932);
	if (cp932 == NULL)
		return OUTCOME_NO_MEMORY;
	cp932->converter = iconv_open("UTF-8", "CP932");
	if (cp932->converter == (iconv_t)-1) {
		free(cp932);
		return OUTCOME_UNAVAILABLE;
	}
	*created = cp932;
	return OUTCOME_OK;
}

void cp932_destroy(struct cp932 *cp932)
{
	if (cp932 == NULL)
		return;
	(void)iconv_close(cp932->converter);
	free(cp932);
}

enum outcome cp932_to_utf8(struct cp932 *cp932, struct slice text, char *room, size_t *length)
{
	union {
		const char *read_only;
		char *for_iconv;
	} in = { .read_only = text.at };
	size_t left = text.length;
	char *out = room;
	size_t space = text.length * CP932_GROWTH;
	(void)iconv(cp932->converter, NULL, NULL, NULL, NULL);
	size_t said = iconv(cp932->converter, &in.for_iconv, &left, &out, &space);
	*length = (size_t)(out - room);
	return said == (size_t)-1 || left > 0 ? OUTCOME_INVALID : OUTCOME_OK;
}
