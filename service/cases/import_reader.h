/* A file of members, in bytes as they come, becomes rows: unpacked, cut into lines, decoded, and brought under the names of
 * rules/member_fields.def. Nothing is judged here but the form. Memory does not grow with the file. */
#ifndef SHIKAKU_CASES_IMPORT_READER_H
#define SHIKAKU_CASES_IMPORT_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/outcome.h"
#include "base/text.h"
#include "rules/member_record.h"
#include "store/staging.h"

enum import_format { IMPORT_CSV, IMPORT_NDJSON };
enum import_encoding { IMPORT_UTF8, IMPORT_CP932 }; /* NDJSON is UTF-8 */
enum import_packing { IMPORT_PLAIN, IMPORT_GZIP, IMPORT_AS_IT_SEEMS };

struct import_form {
	enum import_format format;
	enum import_encoding encoding;
	enum import_packing packing;
	int64_t bytes_max; /* as sent, and as unpacked */
};

/* Why a file is none: nothing of it can be used. */
enum import_fault {
	IMPORT_WHOLE, /* no fault */
	IMPORT_BAD_GZIP, /* no gzip, or cut off */
	IMPORT_GZIP_BOMB,
	IMPORT_BAD_HEADER, /* no header row, a column twice, or one that every row needs not there */
	IMPORT_UNKNOWN_COLUMN,
	IMPORT_TOO_LARGE,
	IMPORT_FAULTS
};
extern const char *const import_fault_codes[IMPORT_FAULTS];

struct import_row {
	int64_t line; /* the file's first is 1 */
	struct slice insurer_number; /* a column that may be there, and then has to be right */
	struct member_row values; /* not checked yet; texts that live as long as the call */
};

struct import_reader_calls {
	/* One row. `arena` is for whatever the row needs; it is emptied behind the call. An outcome other than OK ends the reading. */
	enum outcome (*row)(void *owner, struct arena *arena, struct import_row *row);
	/* A line that is no row, or a header that is none. */
	enum outcome (*error)(void *owner, const struct staging_error *error);
	void *owner;
};

struct import_reader;

enum outcome MUST_CHECK import_reader_create(struct import_reader **created, const struct import_form *form,
	const struct import_reader_calls *calls);
void import_reader_destroy(struct import_reader *reader);

/* The next bytes of the file. OUTCOME_REFUSED: it is none, see import_reader_fault. Else what a call-back said. */
enum outcome MUST_CHECK import_reader_take(struct import_reader *reader, struct slice bytes);
/* There are no more. */
enum outcome MUST_CHECK import_reader_end(struct import_reader *reader);

enum import_fault import_reader_fault(const struct import_reader *reader);

/* Of what kind a value is that was not as expected, without telling it: empty, digits, date, ascii, kana, text or too_long. */
const char *import_value_class(struct slice value);

#endif
