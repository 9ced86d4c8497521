#include "store/row.h"

#define EPOCH_DAYS 10957
#define EPOCH_MICROSECONDS (INT64_C(10957) * 86400 * 1000000)
#define ARRAY_HEADER 20

bool row_has(const struct row *row, int column)
{
	return PQgetisnull(row->result, row->number, column) == 0;
}

struct slice row_text(const struct row *row, int column)
{
	if (!row_has(row, column))
		return (struct slice){ NULL, 0 };
	return (struct slice){ PQgetvalue(row->result, row->number, column),
		(size_t)PQgetlength(row->result, row->number, column) };
}

int64_t slice_integer(struct slice bytes)
{
	if (bytes.at == NULL ||
		(bytes.length != 1 && bytes.length != 2 && bytes.length != 4 && bytes.length != 8))
		return 0;
	uint64_t value = (bytes.at[0] & 0x80) != 0 ? UINT64_MAX : 0;
	for (size_t i = 0; i < bytes.length; i++)
		value = value << 8 | (unsigned char)bytes.at[i];
	return (int64_t)value;
}

struct optional_day slice_day(struct slice bytes)
{
	int64_t number = slice_integer(bytes);
	/* 'infinity' is stored as the extremes. */
	if (bytes.length != 4 || number == INT32_MAX || number == INT32_MIN)
		return (struct optional_day){ .known = false };
	return (struct optional_day){ .known = true, .day = { (int32_t)number + EPOCH_DAYS } };
}

bool row_bool(const struct row *row, int column)
{
	return slice_integer(row_text(row, column)) != 0;
}

int64_t row_integer(const struct row *row, int column)
{
	return slice_integer(row_text(row, column));
}

struct optional_day row_day(const struct row *row, int column)
{
	return slice_day(row_text(row, column));
}

int64_t row_instant(const struct row *row, int column)
{
	return row_has(row, column) ? row_integer(row, column) + EPOCH_MICROSECONDS : 0;
}

static size_t number_at(const char *bytes)
{
	int64_t value = slice_integer((struct slice){ bytes, 4 });
	return value < 0 ? 0 : (size_t)value;
}

size_t row_array_length(const struct row *row, int column)
{
	struct slice array = row_text(row, column);
	if (array.at == NULL || array.length < ARRAY_HEADER || number_at(array.at) != 1)
		return 0;
	return number_at(array.at + 12);
}

struct slice row_array_element(const struct row *row, int column, size_t index)
{
	const struct slice nothing = { NULL, 0 };
	struct slice array = row_text(row, column);
	size_t elements = row_array_length(row, column);
	size_t at = ARRAY_HEADER;
	for (size_t i = 0; i < elements && array.length - at >= 4; i++) {
		int64_t length = slice_integer((struct slice){ array.at + at, 4 });
		at += 4;
		size_t bytes = length < 0 ? 0 : (size_t)length;
		if (bytes > array.length - at)
			return nothing;
		if (i == index)
			return length < 0 ? nothing : (struct slice){ array.at + at, bytes };
		at += bytes;
	}
	return nothing;
}
