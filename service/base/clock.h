/* Time: read once a turn and passed down. Time-outs use the monotonic reading, domain time the wall's. */
#ifndef SHIKAKU_BASE_CLOCK_H
#define SHIKAKU_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"

#define MICROSECONDS INT64_C(1000000)

/* "2026-11-22T10:15:30.123+09:00" and a NUL. */
#define INSTANT_TEXT_SIZE 30

struct clock_reading {
	int64_t wall; /* microseconds since 1970-01-01T00:00:00Z */
	int64_t monotonic; /* microseconds since some start; only differences mean anything */
};

struct clock_reading clock_read(void);

/* Fixes the wall clock of the whole process (SHIKAKU_NOW, tests and demonstrations only). Call before threads start. */
void clock_fix(int64_t wall);

/* Reads RFC 3339 with any offset, to microseconds; OUTCOME_INVALID for anything else. */
enum outcome MUST_CHECK instant_parse(const char *text, size_t length, int64_t *wall);

/* Writes RFC 3339 in Japan time, milliseconds. */
void instant_format(int64_t wall, char text[INSTANT_TEXT_SIZE]);

#endif
