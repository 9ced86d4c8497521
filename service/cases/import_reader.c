#include "cases/import_reader.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/charset.h"
#include "base/gunzip.h"
#include "base/records.h"
#include "cases/import_columns.h"
#include "cases/import_json.h"

/* A line of 64 KiB, all brackets, is a tree of 5 MiB. */
#define ROW_MEMORY_MAX ((size_t)8 * 1024 * 1024)
#define LONG_VALUE 1024

struct import_reader {
	struct import_form form;
	struct import_reader_calls calls;
	struct gunzip *gunzip; /* NULL: the bytes are the lines' */
	struct cp932 *cp932;
	char *decoded;
	struct records records;
	struct arena arena;
	struct import_columns columns;
	bool begun; /* whether it is packed is known */
	bool has_header;
	bool secret; /* the line holds an individual number: its bytes are wiped */
	char head[2]; /* of the file, until then */
	size_t head_length;
	int64_t sent;
	int64_t unpacked;
	enum import_fault fault;
};

const char *const import_fault_codes[IMPORT_FAULTS] = {
	[IMPORT_BAD_GZIP] = "bad_gzip",
	[IMPORT_GZIP_BOMB] = "gzip_bomb",
	[IMPORT_BAD_HEADER] = "bad_header",
	[IMPORT_UNKNOWN_COLUMN] = "unknown_column",
	[IMPORT_TOO_LARGE] = "too_large",
};

enum outcome import_reader_create(struct import_reader **created, const struct import_form *form,
	const struct import_reader_calls *calls)
{
	*created = NULL;
	struct import_reader *reader = calloc(1, sizeof *reader);
	if (reader == NULL)
		return OUTCOME_NO_MEMORY;
	reader->form = *form;
	reader->calls = *calls;
	arena_open(&reader->arena, ROW_MEMORY_MAX);
	enum outcome outcome = records_open(&reader->records, form->format == IMPORT_CSV);
	if (outcome == OUTCOME_OK && form->encoding == IMPORT_CP932) {
		reader->decoded = malloc(RECORD_BYTES_MAX * CP932_GROWTH);
		outcome = reader->decoded == NULL ? OUTCOME_NO_MEMORY : cp932_create(&reader->cp932);
	}
	if (outcome != OUTCOME_OK) {
		import_reader_destroy(reader);
		return outcome;
	}
	*created = reader;
	return OUTCOME_OK;
}

void import_reader_destroy(struct import_reader *reader)
{
	if (reader == NULL)
		return;
	gunzip_destroy(reader->gunzip);
	cp932_destroy(reader->cp932);
	if (reader->decoded != NULL)
		explicit_bzero(reader->decoded, RECORD_BYTES_MAX * CP932_GROWTH);
	free(reader->decoded);
	records_close(&reader->records);
	arena_close(&reader->arena);
	free(reader);
}

enum import_fault import_reader_fault(const struct import_reader *reader)
{
	return reader->fault;
}

static enum outcome refuse(struct import_reader *reader, enum import_fault fault)
{
	reader->fault = fault;
	return OUTCOME_REFUSED;
}

static enum outcome note(
	struct import_reader *reader, int64_t line, const char *field, const char *class, const char *reason)
{
	const struct staging_error error = {
		.line = line, .field = field, .value_class = class, .reason = reason
	};
	return reader->calls.error(reader->calls.owner, &error);
}

/* The record in UTF-8. OUTCOME_INVALID: it is not what it was said to be. */
static enum outcome decode(struct import_reader *reader, struct record *record)
{
	struct slice text = { record->at, record->length };
	if (reader->cp932 == NULL)
		return utf8_is_valid(text) ? OUTCOME_OK : OUTCOME_INVALID;
	record->at = reader->decoded;
	return cp932_to_utf8(reader->cp932, text, reader->decoded, &record->length);
}

static enum outcome take_header(struct import_reader *reader, const struct record *record)
{
	struct slice names[IMPORT_COLUMNS_MAX];
	struct staging_error error = { .line = record->line };
	size_t count = record_fields(record, names, IMPORT_COLUMNS_MAX);
	enum outcome outcome = import_columns_read(&reader->columns, names, count, &reader->fault, &error);
	reader->has_header = outcome == OUTCOME_OK;
	if (outcome != OUTCOME_REFUSED)
		return outcome;
	outcome = reader->calls.error(reader->calls.owner, &error);
	return outcome == OUTCOME_OK ? OUTCOME_REFUSED : outcome;
}

static void put(struct import_reader *reader, struct import_row *row, int field, struct slice value)
{
	reader->secret = reader->secret || (field == MEMBER_INDIVIDUAL_NUMBER && value.at != NULL);
	if (field == IMPORT_INSURER_NUMBER)
		row->insurer_number = value;
	else
		row->values.values[field] = value;
}

static enum outcome take_csv(struct import_reader *reader, const struct record *record)
{
	struct slice fields[IMPORT_COLUMNS_MAX];
	struct import_row row = { .line = record->line };
	bool any = false;
	size_t count = record_fields(record, fields, IMPORT_COLUMNS_MAX);
	for (size_t i = 0; i < count && i < reader->columns.count; i++) {
		any = any || fields[i].at != NULL;
		put(reader, &row, reader->columns.fields[i], fields[i]);
	}
	if (count != reader->columns.count)
		return note(reader, record->line, NULL, "line", "wrong_number_of_columns");
	return any ? reader->calls.row(reader->calls.owner, &reader->arena, &row) : OUTCOME_OK;
}

static enum outcome take_ndjson(struct import_reader *reader, const struct record *record)
{
	struct import_row row = { .line = record->line };
	struct staging_error error = { .line = record->line };
	enum outcome outcome =
		import_json_read(&reader->arena, (struct slice){ record->at, record->length }, &row, &error);
	reader->secret = row.values.values[MEMBER_INDIVIDUAL_NUMBER].at != NULL;
	if (outcome == OUTCOME_INVALID)
		return reader->calls.error(reader->calls.owner, &error);
	return outcome == OUTCOME_OK ? reader->calls.row(reader->calls.owner, &reader->arena, &row) : outcome;
}

static bool is_blank(const struct record *record)
{
	for (size_t i = 0; i < record->length; i++) {
		if (record->at[i] != ' ' && record->at[i] != '\t')
			return false;
	}
	return true;
}

static enum outcome take_record(struct import_reader *reader, struct record *record)
{
	const struct record as_sent = *record;
	if (is_blank(record))
		return OUTCOME_OK;
	bool header = reader->form.format == IMPORT_CSV && !reader->has_header;
	/* jansson looks at the UTF-8 itself. */
	if (reader->form.format == IMPORT_CSV && decode(reader, record) != OUTCOME_OK) {
		enum outcome outcome = note(reader, record->line, NULL, "line", "bad_encoding");
		return outcome == OUTCOME_OK && header ? refuse(reader, IMPORT_BAD_HEADER) : outcome;
	}
	if (header)
		return take_header(reader, record);
	enum outcome outcome =
		reader->form.format == IMPORT_CSV ? take_csv(reader, record) : take_ndjson(reader, record);
	arena_close(&reader->arena);
	if (reader->secret) {
		explicit_bzero(as_sent.at, as_sent.length);
		explicit_bzero(record->at, record->length);
		reader->secret = false;
	}
	return outcome;
}

/* All records that are whole. */
static enum outcome take_records(struct import_reader *reader, bool last)
{
	for (;;) {
		struct record record;
		enum record_step step = records_next(&reader->records, last, &record);
		enum outcome outcome = OUTCOME_OK;
		if (step == RECORD_MORE || step == RECORD_END)
			return OUTCOME_OK;
		if (step == RECORD_FOUND)
			outcome = take_record(reader, &record);
		else
			outcome = note(reader, record.line, NULL, "line",
				step == RECORD_TOO_LONG ? "line_too_long" : "broken_quoting");
		if (outcome == OUTCOME_OK && step != RECORD_FOUND && reader->form.format == IMPORT_CSV &&
			!reader->has_header)
			outcome = refuse(reader, IMPORT_BAD_HEADER);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
}

static enum outcome count(struct import_reader *reader, size_t length)
{
	reader->unpacked += (int64_t)length;
	return reader->unpacked > reader->form.bytes_max ? refuse(reader, IMPORT_TOO_LARGE) : OUTCOME_OK;
}

static enum outcome take_plain(struct import_reader *reader, struct slice bytes)
{
	enum outcome outcome = OUTCOME_OK;
	while (bytes.length > 0 && outcome == OUTCOME_OK) {
		size_t size = 0;
		char *room = records_room(&reader->records, &size);
		if (size > bytes.length)
			size = bytes.length;
		memcpy(room, bytes.at, size);
		records_filled(&reader->records, size);
		bytes.at += size;
		bytes.length -= size;
		outcome = count(reader, size);
		if (outcome == OUTCOME_OK)
			outcome = take_records(reader, false);
	}
	return outcome;
}

static enum outcome take_packed(struct import_reader *reader, struct slice bytes)
{
	for (bool more = true; more;) {
		size_t size = 0;
		size_t made = 0;
		char *room = records_room(&reader->records, &size);
		enum outcome outcome = gunzip_take(reader->gunzip, &bytes, room, size, &made);
		records_filled(&reader->records, made);
		if (outcome == OUTCOME_INVALID)
			return refuse(reader, IMPORT_BAD_GZIP);
		if (outcome == OUTCOME_REFUSED)
			return refuse(reader, IMPORT_GZIP_BOMB);
		if (outcome == OUTCOME_OK)
			outcome = count(reader, made);
		if (outcome == OUTCOME_OK)
			outcome = take_records(reader, false);
		if (outcome != OUTCOME_OK)
			return outcome;
		more = made == size;
	}
	return OUTCOME_OK;
}

static enum outcome take_unpacked_or_not(struct import_reader *reader, struct slice bytes)
{
	return reader->gunzip != NULL ? take_packed(reader, bytes) : take_plain(reader, bytes);
}

/* Its first two bytes tell whether it is packed, where nobody else does. */
static enum outcome begin(struct import_reader *reader, bool last)
{
	struct slice head = { reader->head, reader->head_length };
	bool packed = reader->form.packing == IMPORT_GZIP ||
		      (reader->form.packing == IMPORT_AS_IT_SEEMS && gunzip_knows(head));
	if (reader->head_length < sizeof reader->head && !last)
		return OUTCOME_OK;
	reader->begun = true;
	enum outcome outcome = packed ? gunzip_create(&reader->gunzip) : OUTCOME_OK;
	return outcome == OUTCOME_OK ? take_unpacked_or_not(reader, head) : outcome;
}

enum outcome import_reader_take(struct import_reader *reader, struct slice bytes)
{
	enum outcome outcome = OUTCOME_OK;
	reader->sent += (int64_t)bytes.length;
	if (reader->sent > reader->form.bytes_max)
		return refuse(reader, IMPORT_TOO_LARGE);
	while (!reader->begun && bytes.length > 0 && outcome == OUTCOME_OK) {
		reader->head[reader->head_length++] = *bytes.at++;
		bytes.length--;
		outcome = begin(reader, false);
	}
	return outcome == OUTCOME_OK && bytes.length > 0 ? take_unpacked_or_not(reader, bytes) : outcome;
}

enum outcome import_reader_end(struct import_reader *reader)
{
	enum outcome outcome = reader->begun ? OUTCOME_OK : begin(reader, true);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (reader->gunzip != NULL && (!gunzip_is_whole(reader->gunzip) || reader->sent == 0))
		return refuse(reader, IMPORT_BAD_GZIP);
	outcome = take_records(reader, true);
	if (outcome == OUTCOME_OK && reader->form.format == IMPORT_CSV && !reader->has_header)
		outcome = refuse(reader, IMPORT_BAD_HEADER);
	return outcome;
}

static bool is_date(struct slice value)
{
	static const char form[] = "dddd-dd-dd";
	if (value.length != sizeof form - 1)
		return false;
	for (size_t i = 0; i < value.length; i++) {
		bool digit = value.at[i] >= '0' && value.at[i] <= '9';
		if (form[i] == 'd' ? !digit : value.at[i] != '-')
			return false;
	}
	return true;
}

static bool is_kana(ucs4_t c)
{
	return c == ' ' || (c >= 0x3000 && c <= 0x30ff) || (c >= 0xff65 && c <= 0xff9f);
}

const char *import_value_class(struct slice value)
{
	bool digits = true;
	bool ascii = true;
	bool kana = true;
	if (value.length == 0)
		return "empty";
	if (value.length > LONG_VALUE)
		return "too_long";
	const uint8_t *at = (const uint8_t *)value.at;
	const uint8_t *end = at + value.length;
	while (at < end) {
		ucs4_t c = 0;
		at += u8_mbtouc(&c, at, (size_t)(end - at));
		digits = digits && c >= '0' && c <= '9';
		ascii = ascii && c < 0x80;
		kana = kana && is_kana(c);
	}
	return digits ? "digits" : is_date(value) ? "date" : ascii ? "ascii" : kana ? "kana" : "text";
}
