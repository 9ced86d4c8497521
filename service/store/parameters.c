#include "store/parameters.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A full set of checks takes some 40 KiB. */
#define BYTES_MAX ((size_t)4 * 1024 * 1024)
#define EPOCH_DAYS 10957 /* 2000-01-01, PostgreSQL's day 0 */
#define EPOCH_MICROSECONDS (INT64_C(10957) * 86400 * 1000000)

void parameters_open(struct parameters *parameters)
{
	memset(parameters, 0, sizeof *parameters);
}

void parameters_close(struct parameters *parameters)
{
	free(parameters->bytes);
	parameters_open(parameters);
}

void parameters_reset(struct parameters *parameters)
{
	parameters->length = 0;
	parameters->count = 0;
	parameters->failed = false;
}

static void put(struct parameters *parameters, const void *bytes, size_t length)
{
	if (parameters->failed)
		return;
	if (length > BYTES_MAX - parameters->length) {
		parameters->failed = true;
		return;
	}
	if (parameters->length + length > parameters->capacity) {
		size_t capacity = parameters->capacity == 0 ? (size_t)16 * 1024 : parameters->capacity;
		while (capacity < parameters->length + length)
			capacity *= 2;
		unsigned char *larger = realloc(parameters->bytes, capacity);
		if (larger == NULL) {
			parameters->failed = true;
			return;
		}
		parameters->bytes = larger;
		parameters->capacity = capacity;
	}
	memcpy(parameters->bytes + parameters->length, bytes, length);
	parameters->length += length;
}

static void put_number(struct parameters *parameters, uint64_t value, size_t length)
{
	unsigned char bytes[8];
	for (size_t i = 0; i < length; i++)
		bytes[i] = (unsigned char)(value >> (8 * (length - 1 - i)));
	put(parameters, bytes, length);
}

/* A value in an array is its length and its bytes. */
static void put_sized_number(struct parameters *parameters, uint64_t value, size_t length)
{
	put_number(parameters, length, 4);
	put_number(parameters, value, length);
}

void parameters_array(struct parameters *parameters, enum parameter_type type, size_t elements)
{
	if (parameters->count == PARAMETERS_MAX || elements > INT32_MAX) {
		parameters->failed = true;
		return;
	}
	parameters->starts[parameters->count++] = parameters->length;
	put_number(parameters, 1, 4); /* dimensions */
	put_number(parameters, 1, 4); /* may hold NULL */
	put_number(parameters, (uint64_t)type, 4);
	put_number(parameters, elements, 4);
	put_number(parameters, 1, 4); /* first index */
}

void parameters_null(struct parameters *parameters)
{
	put_number(parameters, UINT32_MAX, 4);
}

void parameters_text(struct parameters *parameters, struct slice value)
{
	if (value.at == NULL) {
		parameters_null(parameters);
		return;
	}
	put_number(parameters, value.length, 4);
	put(parameters, value.at, value.length);
}

void parameters_bytes(struct parameters *parameters, const uint8_t *bytes, size_t length)
{
	put_number(parameters, length, 4);
	put(parameters, bytes, length);
}

void parameters_bool(struct parameters *parameters, bool value)
{
	put_sized_number(parameters, value ? 1 : 0, 1);
}

void parameters_int2(struct parameters *parameters, int16_t value)
{
	put_sized_number(parameters, (uint16_t)value, 2);
}

void parameters_int4(struct parameters *parameters, int32_t value)
{
	put_sized_number(parameters, (uint32_t)value, 4);
}

void parameters_int8(struct parameters *parameters, int64_t value)
{
	put_sized_number(parameters, (uint64_t)value, 8);
}

void parameters_day(struct parameters *parameters, struct day day)
{
	parameters_int4(parameters, day.number - EPOCH_DAYS);
}

void parameters_instant(struct parameters *parameters, int64_t wall)
{
	parameters_int8(parameters, wall - EPOCH_MICROSECONDS);
}

bool parameters_ok(struct parameters *parameters)
{
	for (int i = 0; i < parameters->count && !parameters->failed; i++) {
		size_t end = i + 1 < parameters->count ? parameters->starts[i + 1] : parameters->length;
		if (end - parameters->starts[i] > INT_MAX)
			parameters->failed = true;
		parameters->values[i] = (const char *)parameters->bytes + parameters->starts[i];
		parameters->lengths[i] = (int)(end - parameters->starts[i]);
		parameters->formats[i] = 1;
	}
	return !parameters->failed;
}
