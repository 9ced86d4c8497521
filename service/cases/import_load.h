/* One file of members on its way from a descriptor into the database's staging, row by row as it comes, judged on the way. It runs on a
 * thread of its own and waits for whichever side is slower; memory does not grow with the file. What follows, across rows and with
 * what is stored, is a job's. */
#ifndef SHIKAKU_CASES_IMPORT_LOAD_H
#define SHIKAKU_CASES_IMPORT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"
#include "cases/import_reader.h"
#include "rules/identifiers.h"
#include "store/staging.h"
#include "trust/digest.h"
#include "trust/sealing.h"

/* What is asked of the file. */
struct import_wish {
	char insurer_number[INSURER_NUMBER_DIGITS + 1];
	int64_t token_id; /* 0: the command line */
	bool full; /* it names everybody */
	bool keep_good_rows; /* one bad row does not stop the others */
	bool end_missing; /* full only: who is missing loses cover ... */
	char missing_max_percent[8]; /* ... if they are at most so many of those in force ... */
	char missing_lost_on[DAY_TEXT_SIZE]; /* ... from this day; both empty where they are not given */
	struct import_form form;
	bool has_key; /* Idempotency-Key */
	uint8_t key_digest[SHA256_SIZE];
};

enum import_said {
	IMPORT_QUEUED, /* the file is in; a job goes on with it */
	IMPORT_REFUSED_ROWS, /* the file is in, rows were refused, and it was all or nothing */
	IMPORT_CANCELLED, /* somebody asked for that */
	IMPORT_NO_FILE, /* see `fault` */
	IMPORT_CUT_OFF, /* the file ended before its end */
	IMPORT_RUNNING, /* another one of this insurer is under way */
	IMPORT_BUSY, /* others take all the room */
	IMPORT_REPLAYED, /* the same Idempotency-Key began this one before */
	IMPORT_NO_INSURER,
};

struct import_load {
	/* The caller's. */
	const char *url;
	const struct sealing_key *numbers_key; /* NULL: no individual number is accepted */
	struct import_wish wish;
	int fd; /* where the file is read from, to its end */
	/* It was opened: from now on `fd` is read. `import_id` is set. */
	void (*opened)(void *owner);
	/* Asked at the end of `fd`: whether that was the file's. */
	bool (*is_whole)(void *owner);
	/* Asked several times a second: whether to leave all undone. */
	bool (*interrupted)(void *owner);
	/* Now and then. May be NULL. */
	void (*progress)(void *owner, const struct import_counts *counts);
	void *owner;
	/* What came of it. */
	enum import_said said;
	enum import_fault fault;
	uint8_t import_id[UUID_BYTES];
	struct import_counts counts;
};

/* To the end. OUTCOME_OK: `said` says what came of it. OUTCOME_LATE: it was interrupted; OUTCOME_UNAVAILABLE: the database is away, or took
 * the import from us. In both cases nothing will be merged. */
enum outcome MUST_CHECK import_load_run(struct import_load *load);

#endif
