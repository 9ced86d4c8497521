/* A statement's parameters as a table: each line is one array, with a value of every question of the set. */
#ifndef SHIKAKU_STORE_COLUMNS_H
#define SHIKAKU_STORE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/parameters.h"

#define DIGEST_SIZE 32
#define COLUMN_ALWAYS SIZE_MAX

struct lane_question;

/* In C, and for PostgreSQL: */
enum column_form {
	FORM_TEXT, /* struct slice: text, NULL where it has no value */
	FORM_UUID, /* uint8_t[16]: uuid */
	FORM_DIGEST, /* uint8_t[32]: bytea */
	FORM_DAY, /* struct day: date */
	FORM_INSTANT, /* int64_t, microseconds since 1970: timestamptz */
	FORM_NUMBER, /* int64_t: int8 */
	FORM_BITS, /* uint64_t: int8 */
	FORM_CODE, /* int: int2 */
	FORM_FLAG, /* bool: bool */
};

struct parameter_column {
	enum column_form form;
	size_t value; /* where it lies in the question */
	size_t given; /* where a bool lies that says whether there is one; COLUMN_ALWAYS: there always is */
};

/* Does not compile cleanly when the member is not what `pointer` points to. */
#define COLUMN_PLACE(question, member, pointer) \
	(offsetof(question, member) + 0 * sizeof((pointer)NULL == &((question *)NULL)->member))
#define COLUMN(form, question, member, pointer) \
	{ \
		form, COLUMN_PLACE(question, member, pointer), COLUMN_ALWAYS \
	}
#define COLUMN_IF(form, question, flag, member, pointer) \
	{ \
		form, COLUMN_PLACE(question, member, pointer), COLUMN_PLACE(question, flag, bool *) \
	}

#define COLUMN_TEXT(question, member) COLUMN(FORM_TEXT, question, member, struct slice *)
#define COLUMN_UUID(question, member) COLUMN(FORM_UUID, question, member, uint8_t(*)[UUID_BYTES])
#define COLUMN_DIGEST(question, member) COLUMN(FORM_DIGEST, question, member, uint8_t(*)[DIGEST_SIZE])
#define COLUMN_DAY(question, member) COLUMN(FORM_DAY, question, member, struct day *)
#define COLUMN_INSTANT(question, member) COLUMN(FORM_INSTANT, question, member, int64_t *)
#define COLUMN_NUMBER(question, member) COLUMN(FORM_NUMBER, question, member, int64_t *)
#define COLUMN_BITS(question, member) COLUMN(FORM_BITS, question, member, uint64_t *)
#define COLUMN_CODE(question, member) COLUMN(FORM_CODE, question, member, int *)
#define COLUMN_FLAG(question, member) COLUMN(FORM_FLAG, question, member, bool *)
/* NULL where the flag is not set. */
#define COLUMN_DIGEST_IF(question, flag, member) \
	COLUMN_IF(FORM_DIGEST, question, flag, member, uint8_t(*)[DIGEST_SIZE])
#define COLUMN_DAY_IF(question, flag, member) COLUMN_IF(FORM_DAY, question, flag, member, struct day *)
#define COLUMN_INSTANT_IF(question, flag, member) COLUMN_IF(FORM_INSTANT, question, flag, member, int64_t *)
#define COLUMN_NUMBER_IF(question, flag, member) COLUMN_IF(FORM_NUMBER, question, flag, member, int64_t *)

/* Appends a parameter a line. A question is what its lane_question begins. */
void columns_bind(struct parameters *parameters, const struct parameter_column columns[], size_t column_count,
	struct lane_question *const questions[], size_t count);

#endif
