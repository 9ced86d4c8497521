/* One value of a member's record in its one spelling (R2), whatever it was typed like. */
#ifndef SHIKAKU_RULES_MEMBER_SPELLING_H
#define SHIKAKU_RULES_MEMBER_SPELLING_H

#include "rules/member_record.h"

struct spelled {
	struct slice value; /* points into what was given where nothing changed, else into the arena */
	struct slice key; /* of 記号 and 番号 only (R2.2) */
	struct optional_day day; /* of dates only */
	/* On OUTCOME_INVALID: */
	enum member_fault fault;
	const char *expected;
};

/* `given` is trimmed and not empty. OUTCOME_INVALID: it cannot be the value of that field. */
enum outcome MUST_CHECK member_value_spell(
	struct arena *arena, enum member_field field, struct slice given, struct spelled *spelled);

#endif
