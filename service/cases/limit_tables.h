/* An operator reads and keeps the tables of amounts (R7.2): they are data, and no answer waits for a restart. */
#ifndef SHIKAKU_CASES_LIMIT_TABLES_H
#define SHIKAKU_CASES_LIMIT_TABLES_H

#include "base/arena.h"
#include "base/clock.h"
#include "cases/cases.h"
#include "cases/principal.h"
#include "rules/limit_table.h"
#include "store/store.h"

/* What came of it. */
enum limit_table_said {
	LIMIT_TABLE_FOUND,
	LIMIT_TABLE_ADDED,
	LIMIT_TABLE_REPLACED,
	LIMIT_TABLE_WITHDRAWN,
	LIMIT_TABLE_NONE, /* no table holds in this month */
	LIMIT_TABLE_BEGUN, /* it has begun, and stays as it is */
	LIMIT_TABLE_OTHER_VERSION, /* it is not the one that was wanted */
	LIMIT_TABLE_FOLLOWED, /* another follows, which would have to go first */
	LIMIT_TABLE_OTHER_MONTH, /* a table in its place begins with `question.expected` */
	LIMIT_TABLE_OTHER_END, /* a table in its place ends with `question.expected`: another follows */
	LIMIT_TABLE_NOT_NEXT, /* the next table begins with `question.expected` */
	LIMIT_TABLE_TOO_EARLY, /* the next table begins with `question.expected` or later */
	LIMIT_TABLE_KEY_REUSED, /* the Idempotency-Key came with another request */
	LIMIT_TABLE_REFUSED, /* by itself: `faults` says why */
};

struct limit_table_case {
	/* The caller's. Texts live until `finished`. */
	struct arena *arena; /* for what the case has to keep */
	struct cases *cases;
	struct clock_reading now;
	struct principal principal;
	struct limit_table table; /* to add and to replace */
	/* Of the question: `month` of the table that is meant, `wanted`; `source`, `note` and `idempotency` of a new one. */
	struct limit_table_question question;
	/* It is over. With OUTCOME_OK what is `said` is stored, and the question's `document` and `version` are the table's where there
	 * is one to show, valid during the call; else nothing is known of it. */
	void (*finished)(struct limit_table_case *of, enum outcome outcome);
	void *owner;
	/* The case's. */
	enum limit_table_said said;
	struct limit_table_faults faults;
};

/* Each calls `finished` later, or at once. A change stands in the security log: who, and which table. */

/* All that hold in some month; their document is a list, without a version. */
void limit_tables_list(struct limit_table_case *of);
void limit_table_find(struct limit_table_case *of);
void limit_table_add(struct limit_table_case *of);
void limit_table_replace(struct limit_table_case *of);
void limit_table_withdraw(struct limit_table_case *of);

#endif
