/* What an insurer registers of a member, as fields of text: how each is spelled, and what cannot be together (R2, R3, R7.13). The same
 * for one member over REST and for a line of a file of millions. Pure. */
#ifndef SHIKAKU_RULES_MEMBER_RECORD_H
#define SHIKAKU_RULES_MEMBER_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/calendar.h"
#include "base/outcome.h"
#include "base/text.h"

enum member_group {
	MEMBER_GROUP_PERSON,
	MEMBER_GROUP_PERIOD, /* 資格, [acquired_on, lost_on) */
	MEMBER_GROUP_RATIO, /* 一部負担金割合 */
	MEMBER_GROUP_LIMIT, /* 限度額適用区分 */
	MEMBER_GROUP_DISEASE, /* 特定疾病 */
	MEMBER_GROUP_CERTIFICATE, /* 資格確認書 issued elsewhere before (R10.4) */
	MEMBER_GROUPS
};

enum member_field {
#define MEMBER_FIELD(name, group, key, column, required) MEMBER_##name,
#include "rules/member_fields.def"
#undef MEMBER_FIELD
	MEMBER_FIELDS
};

struct member_field_kind {
	const char *key; /* in the JSON object of its group */
	const char *column; /* in a file */
	enum member_group group;
	bool required; /* in a group of which anything is there */
};
extern const struct member_field_kind member_fields[MEMBER_FIELDS];

/* A person with at most one of everything else. A field without a value is absent. Flags are "true" or "false", dates YYYY-MM-DD, amounts
 * digits. */
struct member_row {
	struct slice values[MEMBER_FIELDS];
	/* By which 記号 and 番号 are compared (R2.2). */
	struct slice symbol_key;
	struct slice number_key;
};

enum member_fault {
	MEMBER_FAULT_MISSING,
	MEMBER_FAULT_WRONG_FORM,
	MEMBER_FAULT_TOO_LONG,
	MEMBER_FAULT_CHECK_DIGIT,
	MEMBER_FAULT_NOT_ONE_OF,
	MEMBER_FAULT_OUT_OF_RANGE, /* a birth date in the future, a loss before the acquisition ... */
	MEMBER_FAULT_NOT_TOGETHER, /* with another field, the birth date or the insurer (R2.2, R7.13) */
	MEMBER_FAULT_NOT_FOUND, /* it names a record that there is not */
	MEMBER_FAULT_NOT_ACCEPTED, /* by this service: an individual number that it could not seal (R2.4) */
};
/* As in an import's errors: missing, wrong_form ... */
const char *member_fault_code(enum member_fault fault);

#define MEMBER_FAULTS_MAX 32

struct member_faults {
	struct {
		enum member_field field;
		enum member_fault fault;
		const char *expected; /* English: what was expected; never what was sent */
	} list[MEMBER_FAULTS_MAX];
	size_t count; /* of those listed: the first ones */
};

/* Brings every value of the row into the one spelling in which it is stored (texts in `arena`, or where they were), fills the keys,
 * and notes what is wrong: of every field on its own, of a group of which anything is given, and of groups with each other. A value that
 * is empty or blank becomes absent. `insurer_number` has 8 digits; `today` is the day in Japan. OUTCOME_NO_MEMORY: nothing may be
 * said of the row. */
enum outcome MUST_CHECK member_row_check(struct arena *arena, const char *insurer_number, struct day today,
	struct member_row *row, struct member_faults *faults);

/* One group of the row alone, for a record that has several of it; the same rules, but those with other groups. Of the others it looks at
 * MEMBER_MEMBER_ID, where there is one (nobody depends on oneself). `born` is not known where the birth date has a fault. */
enum outcome MUST_CHECK member_part_check(struct arena *arena, const char *insurer_number, struct day today,
	struct optional_day born, enum member_group group, struct member_row *row,
	struct member_faults *faults);

/* Whether the row has any value of the group. */
bool member_group_is_given(const struct member_row *row, enum member_group group);

/* Of two parts of one member, both without a fault: whether they have a day in common though a member has one at a time: periods,
 * ratios, limits, and specific diseases of one category (R3.5). */
bool member_parts_overlap(enum member_group group, const struct member_row *a, const struct member_row *b);

/* Whether the ratio holds on any day of the limit and is not the one of that category: B01 to B03 are of 30 % (R7.13). Both without a
 * fault. */
bool member_limit_contradicts_ratio(const struct member_row *limit, const struct member_row *ratio);

#endif
