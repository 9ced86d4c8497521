/* Tables of expectations, read from CSV files. A row that does not hold fails its test and is named by file and line. */
#ifndef SHIKAKU_TESTS_UNIT_VECTORS_H
#define SHIKAKU_TESTS_UNIT_VECTORS_H

/* What cmocka.h wants before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "base/calendar.h"
#include "base/outcome.h"
#include "rules/reasons.h"

#define TEST(function) cmocka_unit_test(function)

struct vectors;

/* A shared table: from the folder that the environment variable VECTORS names, else from the copies beside these tests.
 * A folder or file that is not there fails the test. One table is open at a time; closed by vectors_finish. */
struct vectors *vectors_open(const char *file);

/* A table of our own, which another folder does not have: always from beside these tests. */
struct vectors *vectors_open_own(const char *file);

/* Goes to the next row; false after the last. A row with more or fewer fields than the header fails the test. */
bool vectors_next(struct vectors *vectors);

/* The row's field under that header, valid until the next row. A column that is not there fails the test. */
const char *vectors_get(const struct vectors *vectors, const char *column);
bool vectors_is_empty(const struct vectors *vectors, const char *column);
bool vectors_get_bool(const struct vectors *vectors, const char *column);
int vectors_get_int(const struct vectors *vectors, const char *column);
struct day vectors_get_day(const struct vectors *vectors, const char *column);
struct optional_day vectors_get_optional_day(const struct vectors *vectors, const char *column);

/* The index of the row's field among `count` words; any other word fails the test. */
int vectors_get_word(const struct vectors *vectors, const char *column, const char *const words[], int count);

/* Codes with a space between them; an unknown one fails the test. */
struct reason_set vectors_get_reasons(const struct vectors *vectors, const char *column);
struct next_action_set vectors_get_next_actions(const struct vectors *vectors, const char *column);

/* Codes with a space between them, for a message; valid until the fourth next call. */
const char *reasons_text(struct reason_set reasons);
const char *next_actions_text(struct next_action_set actions);

/* Prints file, line and what was expected where the row does not hold; the other rows are still looked at. */
void vectors_expect(struct vectors *vectors, bool holds, const char *format, ...) PRINTF_LIKE(3, 4);

/* Closes; fails the test where a row did not hold, or where there was no row at all. */
void vectors_finish(struct vectors *vectors);

/* A date written in a test: vector_day("2026-11-22"). */
struct day vector_day(const char *text);
struct optional_day vector_known_day(const char *text);

/* A day for a message, or "-" where it is not known; valid until the fourth next call. */
const char *day_text(struct optional_day day);

#endif
