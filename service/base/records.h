/* Lines of a file that comes in pieces, and the fields of those that are CSV (RFC 4180): ended by LF or CR LF, quotes around what holds
 * a comma, a quote or a line's end, a byte order mark at the beginning left out. Of any encoding in which those marks are no part of
 * another character: UTF-8 and CP932. Memory does not grow with the file. */
#ifndef SHIKAKU_BASE_RECORDS_H
#define SHIKAKU_BASE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/text.h"

#define RECORD_BYTES_MAX ((size_t)64 * 1024)

enum record_step {
	RECORD_FOUND,
	RECORD_TOO_LONG, /* more than RECORD_BYTES_MAX; it is left out */
	RECORD_BROKEN, /* quotes that cannot be; the line is left out, and the next one begins anew */
	RECORD_MORE, /* more bytes are needed */
	RECORD_END,
};

struct record {
	int64_t line; /* on which it begins; the file's first is 1 */
	char *at; /* may be written to, until the next call */
	size_t length; /* without its end */
	bool quoted; /* there are quotes in it */
};

struct records {
	char *bytes;
	size_t start;
	size_t end;
	int64_t line;
	bool quotes; /* quotes mean something */
	bool skipping; /* the rest of a line is left out */
	bool begun;
};

/* `quotes`: CSV; else every line is a record. */
enum outcome MUST_CHECK records_open(struct records *records, bool quotes);
void records_close(struct records *records);

/* Where the next bytes may be put, at least 64 KiB at a time; they are made known by records_filled. */
char *records_room(struct records *records, size_t *size);
void records_filled(struct records *records, size_t length);

/* The next record in what there is. `last`: no more bytes will come. RECORD_MORE never comes with `last`, RECORD_END only with it. */
enum record_step records_next(struct records *records, bool last, struct record *record);

/* The fields of a record that was found, with their quotes resolved, in place. No value where there is nothing between the commas, or
 * between the quotes. How many there are, which may be more than `max`: those are not given. */
size_t record_fields(const struct record *record, struct slice fields[], size_t max);

#endif
