/* Months in which care reached its ceiling, as insurers and institutions report them (ceiling_months, R7.11). */
#ifndef SHIKAKU_STORE_CEILING_MONTHS_H
#define SHIKAKU_STORE_CEILING_MONTHS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/lane.h"

/* One row of ceiling_months; the text points into the result of the statement (see lane.h). */
struct ceiling_month_row {
	uint8_t ceiling_month_id[UUID_BYTES];
	struct day month; /* its first day */
	struct slice institution_code; /* no value: the insurer says so of no one institution */
	bool counts;
	int64_t reported_at; /* microseconds since 1970: when it was first said */
};

/* The caller fills the first part and `question.answered`, then asks; the answer is in the rest. */
struct ceiling_month_question {
	struct lane_question question; /* first */
	uint8_t ceiling_month_id[UUID_BYTES]; /* of the new one */
	int64_t now; /* microseconds since 1970 */
	int64_t token_id; /* whose wish it is */
	struct slice insurer_number; /* whose membership */
	int64_t membership_id;
	struct day month; /* its first day */
	struct slice institution_code; /* 10 digits; no value: none */
	bool counts;

	struct slice outcome; /* what the function said; no value: the insurer has no such membership */
	struct ceiling_month_row row;
};

/* As many as are reported are written at once, each whole or not at all: a set that fails leaves nothing behind, so it may be tried again
 * one by one. */
extern const struct question_kind ceiling_months_reported;

#endif
