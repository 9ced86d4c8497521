#include "limit_tables.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct limit_line limit_lines[LIMIT_LINES_MAX];
size_t limit_line_count;

int64_t yen_in(const struct vectors *vectors, const char *column)
{
	const char *text = vectors_get(vectors, column);
	char *end;
	errno = 0;
	intmax_t value = strtoimax(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0)
		fail_msg("column %s: \"%s\" is no amount", column, text);
	return value;
}

static struct optional_yen optional_yen_in(const struct vectors *vectors, const char *column)
{
	if (vectors_is_empty(vectors, column))
		return (struct optional_yen){ .known = false };
	return (struct optional_yen){ .known = true, .amount = yen_in(vectors, column) };
}

enum limit_category category_in(const struct vectors *vectors)
{
	const char *code = vectors_get(vectors, "category");
	enum limit_category category = limit_category_of(slice_of(code));
	if (category == LIMIT_CATEGORY_NONE)
		fail_msg("\"%s\" is no category", code);
	return category;
}

static void month_in(const struct vectors *vectors, const char *column, char month[8])
{
	const char *text = vectors_get(vectors, column);
	assert_int_equal(strlen(text), 7);
	memcpy(month, text, 8);
}

int limit_tables_read(void **state)
{
	(void)state;
	struct vectors *vectors = vectors_open_own("limit_amounts.csv");
	while (vectors_next(vectors)) {
		assert_true(limit_line_count < LIMIT_LINES_MAX);
		struct limit_line *line = &limit_lines[limit_line_count++];
		month_in(vectors, "first_month", line->first_month);
		month_in(vectors, "last_month", line->last_month);
		line->category = category_in(vectors);
		line->amounts = (struct limit_amounts){
			.base = yen_in(vectors, "base"),
			.threshold = yen_in(vectors, "threshold"),
			.rate_percent = vectors_get_int(vectors, "rate_percent"),
			.multiple = optional_yen_in(vectors, "multiple"),
			.outpatient = optional_yen_in(vectors, "outpatient"),
			.annual = optional_yen_in(vectors, "annual"),
			.annual_low_income = optional_yen_in(vectors, "annual_low_income"),
			.outpatient_annual = optional_yen_in(vectors, "outpatient_annual"),
		};
	}
	vectors_finish(vectors);
	return 0;
}

/* Months as they are written sort as they follow each other. */
const struct limit_amounts *amounts_of(enum limit_category category, const char *month)
{
	for (size_t i = 0; i < limit_line_count; i++) {
		if (limit_lines[i].category == category && strcmp(month, limit_lines[i].first_month) >= 0 &&
			strcmp(month, limit_lines[i].last_month) <= 0)
			return &limit_lines[i].amounts;
	}
	fail_msg("no amounts for %s in %s", limit_category_code(category), month);
	return NULL;
}

struct optional_yen yen(int64_t amount)
{
	return (struct optional_yen){ .known = true, .amount = amount };
}

const struct optional_yen no_yen = { .known = false };

struct paid paid_for(
	const struct limit_amounts *amounts, const struct limit_item *item, const struct limit_month *month)
{
	struct paid paid = { .share = -1 };
	assert_int_equal(limit_share(item, &paid.share), OUTCOME_OK);
	assert_int_equal(limit_ceiling_of(amounts, item, month, &paid.ceiling), OUTCOME_OK);
	paid.pays = limit_patient_pays(paid.share, yen(paid.ceiling.amount), no_yen);
	return paid;
}

int64_t ceiling_at(const struct limit_amounts *amounts, int64_t total, bool halved)
{
	struct limit_item item = { .total = total, .ratio_percent = 30, .care = CARE_INPATIENT };
	struct limit_month month = { .halved = halved };
	return paid_for(amounts, &item, &month).ceiling.amount;
}
