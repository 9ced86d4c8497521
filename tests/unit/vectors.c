#include "vectors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 32
#define PATH_MAX_HERE 4096

struct record {
	char *text;
	size_t room;
	char *fields[COLUMNS_MAX];
	int count;
};

struct vectors {
	char path[PATH_MAX_HERE];
	FILE *file;
	int line;
	int rows;
	int failures;
	struct record header;
	struct record row;
};

/* Splits a line in place; a field may be quoted, with "" for a quote in it. */
static void split(const struct vectors *vectors, struct record *record)
{
	char *from = record->text;
	char *to = record->text;
	bool quoted = false;

	record->count = 0;
	record->fields[record->count++] = to;
	for (; *from != '\0'; from++) {
		if (*from == '"' && quoted && from[1] == '"') {
			*to++ = *from++;
		} else if (*from == '"') {
			quoted = !quoted;
		} else if (*from == ',' && !quoted) {
			if (record->count == COLUMNS_MAX)
				fail_msg("%s:%d: more than %d columns", vectors->path, vectors->line,
					COLUMNS_MAX);
			*to++ = '\0';
			record->fields[record->count++] = to;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* Reads the next line that is not empty, without its line end. */
static bool read_record(struct vectors *vectors, struct record *record)
{
	ssize_t length;
	while ((length = getline(&record->text, &record->room, vectors->file)) >= 0) {
		vectors->line++;
		while (length > 0 && (record->text[length - 1] == '\n' || record->text[length - 1] == '\r'))
			record->text[--length] = '\0';
		if (length > 0) {
			split(vectors, record);
			return true;
		}
	}
	return false;
}

/* One table at a time: a test that failed leaves its own to the next, which closes it. */
static struct vectors open_table;

static void close_table(struct vectors *vectors)
{
	if (vectors->file != NULL)
		(void)fclose(vectors->file);
	free(vectors->header.text);
	free(vectors->row.text);
	*vectors = (struct vectors){ .file = NULL };
}

static struct vectors *open_in(const char *folder, int folder_length, const char *file)
{
	struct vectors *vectors = &open_table;
	close_table(vectors);
	int length = snprintf(vectors->path, sizeof vectors->path, "%.*s/%s", folder_length, folder, file);
	assert_in_range(length, 1, sizeof vectors->path - 1);
	vectors->file = fopen(vectors->path, "r");
	if (vectors->file == NULL)
		fail_msg("%s cannot be read: %s (VECTORS names the folder)", vectors->path, strerror(errno));
	if (!read_record(vectors, &vectors->header))
		fail_msg("%s has no header", vectors->path);
	return vectors;
}

/* "vectors" beside this source file, as the compiler was told its name. */
static struct vectors *open_beside(const char *file)
{
	static const char here[] = __FILE__;
	const char *name = strrchr(here, '/');
	char folder[PATH_MAX_HERE];
	int length = name == NULL ? snprintf(folder, sizeof folder, "vectors")
				  : snprintf(folder, sizeof folder, "%.*s/vectors", (int)(name - here), here);
	assert_in_range(length, 1, sizeof folder - 1);
	return open_in(folder, length, file);
}

struct vectors *vectors_open(const char *file)
{
	const char *folder = getenv("VECTORS");
	if (folder == NULL || folder[0] == '\0')
		return open_beside(file);
	return open_in(folder, (int)strlen(folder), file);
}

struct vectors *vectors_open_own(const char *file)
{
	return open_beside(file);
}

bool vectors_next(struct vectors *vectors)
{
	if (!read_record(vectors, &vectors->row))
		return false;
	if (vectors->row.count != vectors->header.count)
		fail_msg("%s:%d: %d fields under %d headers", vectors->path, vectors->line,
			vectors->row.count, vectors->header.count);
	vectors->rows++;
	return true;
}

const char *vectors_get(const struct vectors *vectors, const char *column)
{
	for (int i = 0; i < vectors->header.count; i++) {
		if (strcmp(vectors->header.fields[i], column) == 0)
			return vectors->row.fields[i];
	}
	fail_msg("%s has no column %s", vectors->path, column);
	return NULL;
}

bool vectors_is_empty(const struct vectors *vectors, const char *column)
{
	return vectors_get(vectors, column)[0] == '\0';
}

int vectors_get_word(const struct vectors *vectors, const char *column, const char *const words[], int count)
{
	const char *text = vectors_get(vectors, column);
	for (int i = 0; i < count; i++) {
		if (strcmp(text, words[i]) == 0)
			return i;
	}
	fail_msg("%s:%d: column %s: \"%s\" is no word that this test knows", vectors->path, vectors->line,
		column, text);
	return -1;
}

bool vectors_get_bool(const struct vectors *vectors, const char *column)
{
	static const char *const words[] = { "false", "true", "False", "True" };
	return vectors_get_word(vectors, column, words, 4) % 2 == 1;
}

int vectors_get_int(const struct vectors *vectors, const char *column)
{
	const char *text = vectors_get(vectors, column);
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || value < -1000000000 || value > 1000000000)
		fail_msg("%s:%d: column %s: \"%s\" is no number", vectors->path, vectors->line, column, text);
	return (int)value;
}

struct day vectors_get_day(const struct vectors *vectors, const char *column)
{
	const char *text = vectors_get(vectors, column);
	struct day day = { 0 };
	if (day_parse(text, strlen(text), &day) != OUTCOME_OK)
		fail_msg("%s:%d: column %s: \"%s\" is no date", vectors->path, vectors->line, column, text);
	return day;
}

struct optional_day vectors_get_optional_day(const struct vectors *vectors, const char *column)
{
	if (vectors_is_empty(vectors, column))
		return (struct optional_day){ .known = false };
	return (struct optional_day){ .known = true, .day = vectors_get_day(vectors, column) };
}

void vectors_expect(struct vectors *vectors, bool holds, const char *format, ...)
{
	char message[1000];
	va_list arguments;

	if (holds)
		return;
	vectors->failures++;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	print_error("%s:%d: %s\n", vectors->path, vectors->line, message);
}

void vectors_finish(struct vectors *vectors)
{
	int rows = vectors->rows;
	int failures = vectors->failures;
	char path[PATH_MAX_HERE];
	(void)snprintf(path, sizeof path, "%s", vectors->path);
	close_table(vectors);
	if (rows == 0)
		fail_msg("%s has no rows", path);
	if (failures > 0)
		fail_msg("%s: %d of %d expectations do not hold", path, failures, rows);
}

struct day vector_day(const char *text)
{
	struct day day = { 0 };
	if (day_parse(text, strlen(text), &day) != OUTCOME_OK)
		fail_msg("\"%s\" in a test is no date", text);
	return day;
}

struct optional_day vector_known_day(const char *text)
{
	return (struct optional_day){ .known = true, .day = vector_day(text) };
}

/* Buffers in turn, so that one message can hold several texts. */
#define TEXT_SIZE 1000
static char *next_text(void)
{
	static char texts[4][TEXT_SIZE];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	text[0] = '\0';
	return text;
}

const char *day_text(struct optional_day day)
{
	char *text = next_text();
	if (day.known)
		day_format(day.day, text);
	else
		(void)snprintf(text, TEXT_SIZE, "-");
	return text;
}

static const char *code_of_reason(int bit)
{
	return reason_code((enum reason)bit);
}

static const char *code_of_next_action(int bit)
{
	return next_action_code((enum next_action)bit);
}

static uint64_t codes_to_bits(
	const struct vectors *vectors, const char *column, const char *(*code_of)(int bit), int count)
{
	uint64_t bits = 0;
	const char *at = vectors_get(vectors, column);
	for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		int bit = 0;
		while (bit < count &&
			(strlen(code_of(bit)) != length || strncmp(code_of(bit), at, length) != 0))
			bit++;
		if (bit == count)
			fail_msg("%s:%d: column %s: unknown code in \"%s\"", vectors->path, vectors->line,
				column, at);
		bits |= UINT64_C(1) << bit;
		at += length;
	}
	return bits;
}

static const char *bits_to_codes(uint64_t bits, const char *(*code_of)(int bit))
{
	char *text = next_text();
	size_t length = 0;
	for (int bit = 0; bit < 64; bit++) {
		if ((bits >> bit & 1U) == 0)
			continue;
		const char *separator = length > 0 ? " " : "";
		int written = snprintf(text + length, TEXT_SIZE - length, "%s%s", separator, code_of(bit));
		assert_in_range(written, 1, TEXT_SIZE - length - 1);
		length += (size_t)written;
	}
	return length > 0 ? text : "none";
}

struct reason_set vectors_get_reasons(const struct vectors *vectors, const char *column)
{
	return (struct reason_set){ codes_to_bits(vectors, column, code_of_reason, REASON_COUNT) };
}

struct next_action_set vectors_get_next_actions(const struct vectors *vectors, const char *column)
{
	uint64_t bits = codes_to_bits(vectors, column, code_of_next_action, NEXT_ACTION_COUNT);
	return (struct next_action_set){ (uint32_t)bits };
}

const char *reasons_text(struct reason_set reasons)
{
	return bits_to_codes(reasons.bits, code_of_reason);
}

const char *next_actions_text(struct next_action_set actions)
{
	return bits_to_codes(actions.bits, code_of_next_action);
}
