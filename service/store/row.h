/* Reading one row of a binary result. What is read points into the result and is valid until it is cleared. A column that is
 * NULL, or not of the expected size, reads as "no value". */
#ifndef SHIKAKU_STORE_ROW_H
#define SHIKAKU_STORE_ROW_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"

struct row {
	const PGresult *result;
	int number;
};

bool row_has(const struct row *row, int column);
struct slice row_text(const struct row *row, int column);
bool row_bool(const struct row *row, int column);
int64_t row_integer(const struct row *row, int column); /* of 2, 4 or 8 bytes; 0 for NULL */
struct optional_day row_day(const struct row *row, int column);
int64_t row_instant(const struct row *row, int column); /* microseconds since 1970; 0 for NULL */

/* Element `index` of a one-dimensional array column, as bytes; no value beyond its end and for NULL elements. */
size_t row_array_length(const struct row *row, int column);
struct slice row_array_element(const struct row *row, int column, size_t index);
int64_t slice_integer(struct slice bytes);
struct optional_day slice_day(struct slice bytes);

#endif
