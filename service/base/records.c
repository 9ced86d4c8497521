#include "base/records.h"

#include <stdlib.h>
#include <string.h>

/* A record that is just too long, and a piece behind it. */
#define PIECE ((size_t)64 * 1024)
#define CAPACITY (RECORD_BYTES_MAX + 3 + PIECE + PIECE)

enum outcome records_open(struct records *records, bool quotes)
{
	*records = (struct records){ .line = 1, .quotes = quotes };
	records->bytes = malloc(CAPACITY);
	return records->bytes == NULL ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

void records_close(struct records *records)
{
	if (records->bytes != NULL)
		explicit_bzero(records->bytes, CAPACITY);
	free(records->bytes);
	records->bytes = NULL;
}

char *records_room(struct records *records, size_t *size)
{
	if (CAPACITY - records->end < PIECE && records->start > 0) {
		memmove(records->bytes, records->bytes + records->start, records->end - records->start);
		records->end -= records->start;
		records->start = 0;
	}
	*size = CAPACITY - 1 - records->end; /* the last line may need an end */
	return records->bytes + records->end;
}

void records_filled(struct records *records, size_t length)
{
	records->end += length;
}

static void skip_mark(struct records *records)
{
	if (records->end - records->start >= 3 &&
		memcmp(records->bytes + records->start, "\xef\xbb\xbf", 3) == 0)
		records->start += 3;
	records->begun = true;
}

/* Leaves the rest of the line out; false: its end has not come. */
static bool skip_line(struct records *records)
{
	const char *at = records->bytes + records->start;
	const char *end = memchr(at, '\n', records->end - records->start);
	records->skipping = end == NULL;
	if (end == NULL) {
		records->start = records->end;
		return false;
	}
	records->start += (size_t)(end - at) + 1;
	records->line++;
	return true;
}

/* Where a record with quotes ends. NULL: not in these bytes; `broken` then says whether it never will. */
static const char *end_of_quoted(const char *at, const char *end, bool *broken)
{
	bool begins = true; /* a field does here */
	*broken = false;
	while (at < end) {
		if (*at == '"' && begins) {
			do {
				at = memchr(at + 1, '"', (size_t)(end - at) - 1);
				if (at == NULL || at + 1 == end)
					return NULL;
				at++;
			} while (*at == '"');
			if (*at == '\r' && at + 1 == end)
				return NULL;
			if (*at != ',' && *at != '\n' && (*at != '\r' || at[1] != '\n')) {
				*broken = true;
				return NULL;
			}
			begins = false;
			continue;
		}
		if (*at == '"') {
			*broken = true;
			return NULL;
		}
		if (*at == '\n')
			return at;
		begins = *at++ == ',';
	}
	return NULL;
}

static void give(struct records *records, struct record *record, const char *end, bool quoted)
{
	char *at = records->bytes + records->start;
	size_t length = (size_t)(end - at);
	*record = (struct record){ .line = records->line, .at = at, .length = length, .quoted = quoted };
	if (length > 0 && at[length - 1] == '\r')
		record->length--;
}

static int64_t lines_in(const char *at, const char *end)
{
	int64_t count = 0;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		count++;
		at++;
	}
	return count;
}

/* The last line may lack its end. */
static void end_last_line(struct records *records)
{
	if (records->end > records->start && records->bytes[records->end - 1] != '\n' &&
		records->end < CAPACITY)
		records->bytes[records->end++] = '\n';
}

static enum record_step leave_out(struct records *records, struct record *record, enum record_step why)
{
	give(records, record, records->bytes + records->start, false);
	(void)skip_line(records);
	return why;
}

static enum record_step find(struct records *records, bool last, struct record *record)
{
	const char *at = records->bytes + records->start;
	const char *end = records->bytes + records->end;
	const char *line_end = memchr(at, '\n', (size_t)(end - at));
	const char *until = line_end == NULL ? end : line_end;
	bool broken = false;
	bool quoted = records->quotes && memchr(at, '"', (size_t)(until - at)) != NULL;
	if (quoted)
		line_end = end_of_quoted(at, end, &broken);
	if (broken)
		return leave_out(records, record, RECORD_BROKEN);
	size_t length = (size_t)((line_end == NULL ? end : line_end) - at);
	if (length > RECORD_BYTES_MAX + 1 || (length == RECORD_BYTES_MAX + 1 && at[length - 1] != '\r'))
		return leave_out(
			records, record, quoted && line_end == NULL ? RECORD_BROKEN : RECORD_TOO_LONG);
	if (line_end == NULL && !last)
		return RECORD_MORE;
	if (line_end == NULL)
		return leave_out(records, record, RECORD_BROKEN);
	give(records, record, line_end, quoted);
	records->line += quoted ? lines_in(at, line_end + 1) : 1;
	records->start += (size_t)(line_end - at) + 1;
	return RECORD_FOUND;
}

enum record_step records_next(struct records *records, bool last, struct record *record)
{
	if (!records->begun) {
		if (!last && records->end - records->start < 3)
			return RECORD_MORE;
		skip_mark(records);
	}
	if (records->skipping && !skip_line(records))
		return last ? RECORD_END : RECORD_MORE;
	if (last)
		end_last_line(records);
	if (records->start == records->end) {
		records->start = records->end = 0;
		return last ? RECORD_END : RECORD_MORE;
	}
	return find(records, last, record);
}

/* Resolves the quotes around what begins at `at`; the end of what it was. */
static char *unquote(char *at, char *end, struct slice *field)
{
	char *out = at;
	char *from = at + 1;
	for (; from < end; from++) {
		if (*from == '"') {
			if (from + 1 == end || from[1] != '"')
				break;
			from++;
		}
		*out++ = *from;
	}
	*field = (struct slice){ at, (size_t)(out - at) };
	return from == end ? end : from + 1;
}

size_t record_fields(const struct record *record, struct slice fields[], size_t max)
{
	char *at = record->at;
	char *end = at + record->length;
	size_t count = 0;
	for (;;) {
		struct slice field;
		char *comma;
		if (record->quoted && at < end && *at == '"') {
			comma = unquote(at, end, &field);
		} else {
			comma = memchr(at, ',', (size_t)(end - at));
			if (comma == NULL)
				comma = end;
			field = (struct slice){ at, (size_t)(comma - at) };
		}
		if (field.length == 0)
			field.at = NULL;
		if (count < max)
			fields[count] = field;
		count++;
		if (comma >= end)
			return count;
		at = comma + 1;
	}
}
