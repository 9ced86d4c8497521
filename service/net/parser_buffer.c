#include "net/parser_buffer.h"

#include <string.h>

/* Longer than any header that is read. */
#define GAP_MAX ((size_t)64 * 1024)

void parser_buffer_begin(struct parser_buffer *buffer, const char *method, const char *path,
	const char *target_end, const char *version)
{
	*buffer = (struct parser_buffer){ .begin = method, .next_line = version + strlen(version) + 2 };
	buffer->dishonest = path != method + strlen(method) + 1 || version != target_end + 1;
}

static bool is_honest(const char *expected, struct slice name, struct slice value)
{
	const char *between = name.at + name.length + 1;
	if ((expected != NULL && name.at != expected) || value.at < between ||
		(size_t)(value.at - between) > GAP_MAX)
		return false;
	for (; between < value.at; between++) {
		if (*between != ' ' && *between != '\t')
			return false;
	}
	return value.at[value.length] == '\0' && value.at[value.length + 1] == '\0';
}

void parser_buffer_line(struct parser_buffer *buffer, struct slice name, struct slice value)
{
	const char *expected = buffer->next_line;
	if (value.at == NULL) {
		buffer->next_line = NULL;
		return;
	}
	buffer->next_line = value.at + value.length + 2;
	if (!is_honest(expected, name, value))
		buffer->dishonest = true;
}

/* The empty line's two bytes are NULs by now, and end the whole: a NUL in the last header looks like the end of a line. */
void parser_buffer_end(struct parser_buffer *buffer, size_t header_bytes)
{
	const char *last = buffer->next_line;
	if (last != NULL && (last + 2 != buffer->begin + header_bytes || last[0] != '\0' || last[1] != '\0'))
		buffer->dishonest = true;
}
