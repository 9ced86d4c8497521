/* An import's file on its way into the database: what is known of it there, and one COPY of its rows, in a transaction that ends with the
 * file. For the import's own thread. */
#ifndef SHIKAKU_STORE_STAGING_H
#define SHIKAKU_STORE_STAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "base/uuid.h"
#include "store/plain.h"

#define STAGED_VALUES 41 /* in the order of copy_members.sql, from member_id on */
#define STAGED_DIGEST 32

struct import_opening {
	uint8_t import_id[UUID_BYTES];
	uint8_t runner[UUID_BYTES];
	const char *insurer_number;
	int64_t now;
	int64_t lease_until;
	int64_t token_id; /* 0: the command line */
	const char *mode;
	bool keep_good_rows;
	bool end_missing;
	const char *missing_max_percent; /* NULL: none */
	const char *missing_lost_on;
	const char *format;
	const char *encoding;
	const uint8_t *key_digest; /* of 32 bytes; NULL: no key */
};

struct import_opened {
	char outcome[24]; /* opened, running, busy, replayed, no_such_insurer */
	uint8_t import_id[UUID_BYTES]; /* of the one that was opened, or is in the way, or was before */
	int slot;
};

struct import_counts {
	int64_t bytes_read;
	int64_t rows_read;
	int64_t rows_valid;
	int64_t rows_failed;
	int64_t errors;
};

/* What is wrong with a row, in words of the catalogue alone; all literals. */
struct staging_error {
	int64_t line;
	const char *field; /* NULL: the row as a whole */
	const char *value_class;
	const char *reason;
};
#define STAGING_ERRORS_MAX 256 /* at a time */

/* kept, cancelled ...: what a function said of the import. */
#define STAGING_SAID_SIZE 16

enum outcome MUST_CHECK staging_open_import(
	struct plain *plain, const struct import_opening *opening, struct import_opened *opened);
enum outcome MUST_CHECK staging_renew(struct plain *plain, const struct import_opening *import,
	int64_t lease_until, const struct import_counts *counts, char said[STAGING_SAID_SIZE]);
enum outcome MUST_CHECK staging_add_errors(struct plain *plain, const struct import_opening *import,
	const struct staging_error errors[], size_t count);
enum outcome MUST_CHECK staging_fail(
	struct plain *plain, const struct import_opening *import, int64_t now, const char *failure);

/* The COPY, on a connection that does nothing else until staging_end or staging_abandon. */
struct staging;

enum outcome MUST_CHECK staging_begin(struct staging **begun, struct plain *plain, int slot);
/* One row: written to the connection some 64 KiB at a time, waiting for a server that takes no more. `values` without a value become
 * NULL. OUTCOME_LATE: it was interrupted meanwhile. */
enum outcome MUST_CHECK staging_put(struct staging *staging, int64_t line,
	const uint8_t digest[STAGED_DIGEST], const struct slice values[STAGED_VALUES]);
/* All rows are in: closes the import in the same transaction and commits. What it said is `queued`, `failed`, `cancelled` or `lost`; with
 * `lost` nothing was committed. Frees the staging, as staging_abandon does. */
enum outcome MUST_CHECK staging_end(struct staging *staging, const struct import_opening *import, int64_t now,
	const struct import_counts *counts, char said[STAGING_SAID_SIZE]);
/* Nothing of it is kept. NULL is allowed. */
void staging_abandon(struct staging *staging);

#endif
