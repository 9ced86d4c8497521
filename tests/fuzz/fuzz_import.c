/* Files of members: CSV and NDJSON, packed or not, in either encoding. What is found must not depend on how the bytes are cut, lines
 * come in order, every value is UTF-8, and what was found, written as CSV, is found again.
 *
 * Input: a byte of circumstances, three that say where the file is cut, then the file. */
#include "target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "cases/import_columns.h"
#include "cases/import_reader.h"

#define PREFIX 4
#define FILE_MAX ((size_t)16 * 1024)

enum { IS_NDJSON = 1, IS_CP932 = 2, IS_PACKED = 4, AS_IT_SEEMS = 8 };

struct heard {
	uint64_t digest;
	int64_t line;
	size_t rows;
	size_t errors;
	bool writes;
	size_t length;
	char again[8 * FILE_MAX]; /* the rows as CSV, every column */
};

static struct heard once;
static struct heard cut;
static struct heard written;

static void digest(struct heard *heard, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	for (size_t i = 0; i < length; i++)
		heard->digest = (heard->digest ^ at[i]) * 1099511628211u;
}

static void digest_value(struct heard *heard, struct slice value)
{
	MUST_HOLD(value.at == NULL || u8_check((const uint8_t *)value.at, value.length) == NULL);
	digest(heard, &value.length, sizeof value.length);
	digest(heard, value.at, value.length);
}

static void write_value(struct heard *heard, struct slice value, char end)
{
	if (value.length * 2 + 3 > sizeof heard->again - heard->length) {
		heard->writes = false;
		return;
	}
	char *out = heard->again + heard->length;
	if (value.at != NULL) {
		*out++ = '"';
		for (size_t i = 0; i < value.length; i++) {
			*out++ = value.at[i];
			if (value.at[i] == '"')
				*out++ = '"';
		}
		*out++ = '"';
	}
	*out++ = end;
	heard->length = (size_t)(out - heard->again);
}

static enum outcome take_row(void *owner, struct arena *arena, struct import_row *row)
{
	struct heard *heard = owner;
	(void)arena;
	MUST_HOLD(row->line > heard->line);
	heard->line = row->line;
	heard->rows++;
	bool any = row->insurer_number.length > 0;
	for (size_t field = 0; field < MEMBER_FIELDS; field++) {
		digest_value(heard, row->values.values[field]);
		any = any || row->values.values[field].length > 0;
		if (heard->writes)
			write_value(heard, row->values.values[field], ',');
	}
	digest_value(heard, row->insurer_number);
	if (heard->writes)
		write_value(heard, row->insurer_number, '\n');
	/* In CSV a line of nothing is none. */
	if (!any)
		heard->writes = false;
	return OUTCOME_OK;
}

static enum outcome take_error(void *owner, const struct staging_error *error)
{
	struct heard *heard = owner;
	MUST_HOLD(error->line > heard->line && error->reason != NULL && error->value_class != NULL);
	heard->line = error->line;
	heard->errors++;
	digest(heard, &error->line, sizeof error->line);
	digest(heard, error->reason, strlen(error->reason));
	return OUTCOME_OK;
}

static enum import_fault read_file(
	struct heard *heard, const struct import_form *form, struct slice bytes, const uint8_t *cuts)
{
	struct import_reader *reader = NULL;
	const struct import_reader_calls calls = { .row = take_row, .error = take_error, .owner = heard };
	enum outcome outcome = OUTCOME_OK;
	MUST_HOLD(import_reader_create(&reader, form, &calls) == OUTCOME_OK);
	for (size_t i = 0; bytes.length > 0 && outcome == OUTCOME_OK; i++) {
		size_t length = bytes.length;
		if (cuts != NULL && (size_t)cuts[i % (PREFIX - 1)] + 1 < length)
			length = (size_t)cuts[i % (PREFIX - 1)] + 1;
		outcome = import_reader_take(reader, (struct slice){ bytes.at, length });
		bytes.at += length;
		bytes.length -= length;
	}
	if (outcome == OUTCOME_OK)
		outcome = import_reader_end(reader);
	MUST_HOLD(outcome == OUTCOME_OK || outcome == OUTCOME_REFUSED);
	enum import_fault fault = import_reader_fault(reader);
	MUST_HOLD((fault == IMPORT_WHOLE) == (outcome == OUTCOME_OK));
	import_reader_destroy(reader);
	return fault;
}

static void begin(struct heard *heard, bool writes)
{
	memset(heard, 0, offsetof(struct heard, again));
	heard->writes = writes;
	for (size_t field = 0; field < MEMBER_FIELDS; field++)
		write_value(heard, slice_of(member_fields[field].column), ',');
	write_value(heard, SLICE_LITERAL("insurer_number"), '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < PREFIX || size > PREFIX + FILE_MAX)
		return -1;
	struct slice file = { (const char *)data + PREFIX, size - PREFIX };
	bool ndjson = (data[0] & IS_NDJSON) != 0;
	const struct import_form form = {
		.format = ndjson ? IMPORT_NDJSON : IMPORT_CSV,
		.encoding = !ndjson && (data[0] & IS_CP932) != 0 ? IMPORT_CP932 : IMPORT_UTF8,
		.packing = (data[0] & AS_IT_SEEMS) != 0 ? IMPORT_AS_IT_SEEMS
			   : (data[0] & IS_PACKED) != 0 ? IMPORT_GZIP
							: IMPORT_PLAIN,
		.bytes_max = (int64_t)2 * 1024 * 1024,
	};
	begin(&once, true);
	begin(&cut, false);
	enum import_fault fault = read_file(&once, &form, file, NULL);
	enum import_fault other = read_file(&cut, &form, file, data + 1);
	/* How much it grows is measured as it comes. */
	if (fault != IMPORT_GZIP_BOMB && other != IMPORT_GZIP_BOMB && fault != IMPORT_TOO_LARGE)
		MUST_HOLD(other == fault && once.digest == cut.digest && once.rows == cut.rows &&
			  once.errors == cut.errors);
	if (fault == IMPORT_WHOLE && once.writes && once.rows > 0) {
		const struct import_form plain = { .format = IMPORT_CSV, .bytes_max = INT64_MAX };
		begin(&written, false);
		MUST_HOLD(read_file(&written, &plain, (struct slice){ once.again, once.length }, NULL) ==
			  IMPORT_WHOLE);
		MUST_HOLD(written.rows == once.rows && written.errors == 0);
	}
	arena_free_spares();
	return 0;
}
