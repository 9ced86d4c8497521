/* The published amounts as a table of tests, and one question asked of rules/limit.c. */
#ifndef SHIKAKU_TESTS_UNIT_LIMIT_TABLES_H
#define SHIKAKU_TESTS_UNIT_LIMIT_TABLES_H

#include "vectors.h"

#include "rules/limit.h"

/* A line of vectors/limit_amounts.csv: what one category has from its first to its last month, each "YYYY-MM". */
struct limit_line {
	char first_month[8];
	char last_month[8];
	enum limit_category category;
	struct limit_amounts amounts;
};

#define LIMIT_LINES_MAX 64
extern struct limit_line limit_lines[LIMIT_LINES_MAX];
extern size_t limit_line_count;

/* Fills them; a setup of cmocka's. */
int limit_tables_read(void **state);

/* What the category has in that month; fails the test where there is nothing. */
const struct limit_amounts *amounts_of(enum limit_category category, const char *month);

/* The row's field as an amount or a category; anything else fails the test. */
int64_t yen_in(const struct vectors *vectors, const char *column);
enum limit_category category_in(const struct vectors *vectors);

struct optional_yen yen(int64_t amount);
extern const struct optional_yen no_yen;

struct paid {
	struct limit_ceiling ceiling;
	int64_t share;
	int64_t pays;
};

/* The whole answer without a specific disease; a question that is refused fails the test. */
struct paid paid_for(
	const struct limit_amounts *amounts, const struct limit_item *item, const struct limit_month *month);

/* The ceiling of an inpatient, whose first ceiling month it is. */
int64_t ceiling_at(const struct limit_amounts *amounts, int64_t total, bool halved);

#endif
