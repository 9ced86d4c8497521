/* A member's whole record: the person, and any number of periods, ratios, limits, diseases and certificates. */
#ifndef SHIKAKU_CASES_WHOLE_RECORD_H
#define SHIKAKU_CASES_WHOLE_RECORD_H

#include "base/arena.h"
#include "base/calendar.h"
#include "base/outcome.h"
#include "base/text.h"
#include "rules/member_record.h"

#define RECORD_PARTS_MAX 100 /* of one group */

struct record_parts {
	struct member_row *rows; /* of which only the fields of the group are filled */
	size_t count;
};

struct whole_record {
	struct member_row person;
	struct record_parts parts[MEMBER_GROUPS]; /* none of the person's group */
};

/* The names under which records keep their parts: memberships, ratios ...; NULL for the person. */
extern const char *const record_part_names[MEMBER_GROUPS];

#define RECORD_FAULTS_MAX 32

struct record_fault {
	enum member_field field;
	size_t place; /* of its part, from 0 */
	enum member_fault fault;
	const char *expected;
};

struct record_faults {
	struct record_fault list[RECORD_FAULTS_MAX]; /* the first ones */
	size_t count;
};

void record_faults_add(struct record_faults *faults, enum member_field field, size_t place,
	enum member_fault fault, const char *expected);

/* Brings every value into the one spelling in which it is stored, in the arena, and notes what is wrong: with each part, and between
 * them (R3.5, R7.13). `insurer_number` has 8 digits; `today` is the day in Japan. */
enum outcome MUST_CHECK whole_record_check(struct arena *arena, const char *insurer_number, struct day today,
	struct whole_record *record, struct record_faults *faults);

/* A record without a fault as the database wants it (put_member): JSON, in the arena, without the individual number. */
enum outcome MUST_CHECK whole_record_write(
	struct arena *arena, const struct whole_record *record, struct slice *document);

#endif
