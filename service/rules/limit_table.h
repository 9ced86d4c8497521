/* A table of amounts as an operator proposes it, before it is believed (R7.2). */
#ifndef SHIKAKU_RULES_LIMIT_TABLE_H
#define SHIKAKU_RULES_LIMIT_TABLE_H

#include <stddef.h>

#include "base/calendar.h"
#include "rules/limit.h"

/* Each category has one line. */
#define LIMIT_TABLE_LINES (LIMIT_CATEGORIES - 1)
/* Of the medical cost above the threshold. Every table so far has 1; with more, half of an odd threshold could make a halved month dearer
 * than a full one (R7.5), and 10 for 1 is a slip of the finger. */
#define LIMIT_RATE_PERCENT_MAX 1

struct limit_table_line {
	enum limit_category category;
	struct limit_amounts amounts;
};

struct limit_table {
	struct day first_month; /* first days of months */
	struct optional_day last_month; /* not known: until another begins */
	const struct limit_table_line *lines;
	size_t line_count;
};

enum limit_table_field {
	/* Of the table. */
	LIMIT_TABLE_FROM,
	LIMIT_TABLE_UNTIL,
	LIMIT_TABLE_AMOUNTS,
	/* Of a line. */
	LIMIT_TABLE_CATEGORY,
	LIMIT_TABLE_BASE,
	LIMIT_TABLE_THRESHOLD,
	LIMIT_TABLE_RATE_PERCENT,
	LIMIT_TABLE_MULTIPLE,
	LIMIT_TABLE_OUTPATIENT,
	LIMIT_TABLE_OUTPATIENT_ANNUAL,
	LIMIT_TABLE_ANNUAL,
	LIMIT_TABLE_ANNUAL_LOW_INCOME,
	LIMIT_TABLE_FIELDS
};

enum limit_table_fault_kind { LIMIT_TABLE_MISSING, LIMIT_TABLE_OUT_OF_RANGE, LIMIT_TABLE_NOT_TOGETHER };

struct limit_table_fault {
	enum limit_table_fault_kind kind;
	enum limit_table_field field;
	size_t line; /* from 0; of a line's field */
	const char *expected; /* a literal: what would have been right; of a missing line, its category */
};

#define LIMIT_TABLE_FAULTS_MAX 32

struct limit_table_faults {
	struct limit_table_fault list[LIMIT_TABLE_FAULTS_MAX]; /* the first ones */
	size_t count;
};

/* Notes what is wrong with a table by itself: its months in order, each category exactly once, every amount within the bounds in which it
 * can be calculated with, and amounts that belong together. What the tables around it say is not looked at. Pure. */
void limit_table_check(const struct limit_table *table, struct limit_table_faults *faults);

#endif
