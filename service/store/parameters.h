/* The parameters of one statement in PostgreSQL's binary form, arrays for sets. One builder serves one connection and is
 * used again for every send. Something that did not fit is noticed once, by parameters_ok. */
#ifndef SHIKAKU_STORE_PARAMETERS_H
#define SHIKAKU_STORE_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"

#define PARAMETERS_MAX 24

/* Types by their fixed object identifiers (pg_type.dat). */
enum parameter_type {
	PARAMETER_BOOL = 16,
	PARAMETER_BYTES = 17,
	PARAMETER_INT8 = 20,
	PARAMETER_INT2 = 21,
	PARAMETER_INT4 = 23,
	PARAMETER_TEXT = 25,
	PARAMETER_DATE = 1082,
	PARAMETER_INSTANT = 1184,
	PARAMETER_UUID = 2950,
};

struct parameters {
	unsigned char *bytes;
	size_t length;
	size_t capacity;
	bool failed;
	int count;
	size_t starts[PARAMETERS_MAX];
	/* For libpq, filled by parameters_ok. */
	const char *values[PARAMETERS_MAX];
	int lengths[PARAMETERS_MAX];
	int formats[PARAMETERS_MAX];
};

void parameters_open(struct parameters *parameters);
void parameters_close(struct parameters *parameters);
void parameters_reset(struct parameters *parameters);

/* The next parameter is an array; `elements` values of that type follow. */
void parameters_array(struct parameters *parameters, enum parameter_type type, size_t elements);

void parameters_null(struct parameters *parameters);
/* NULL where the slice has no value. */
void parameters_text(struct parameters *parameters, struct slice value);
void parameters_bytes(struct parameters *parameters, const uint8_t *bytes, size_t length);
void parameters_bool(struct parameters *parameters, bool value);
void parameters_int2(struct parameters *parameters, int16_t value);
void parameters_int4(struct parameters *parameters, int32_t value);
void parameters_int8(struct parameters *parameters, int64_t value);
void parameters_day(struct parameters *parameters, struct day day);
/* Microseconds since 1970. */
void parameters_instant(struct parameters *parameters, int64_t wall);

/* Ends the list: values, lengths and formats are valid until the next change. False when something did not fit. */
bool parameters_ok(struct parameters *parameters);

#endif
