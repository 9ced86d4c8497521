/* What cannot be together in a member's record: fields of one group, dates with the birth date, and what depends on the age and the
 * insurer (R2.2, R3, R7.13). */
#include "rules/member_record.h"

#include <string.h>

#include "rules/copayment.h"
#include "rules/identifiers.h"
#include "rules/member_spelling.h"

const struct member_field_kind member_fields[MEMBER_FIELDS] = {
#define MEMBER_FIELD(name, group, key, column, required) \
	[MEMBER_##name] = { key, column, MEMBER_GROUP_##group, required },
#include "rules/member_fields.def"
#undef MEMBER_FIELD
};

/* The fields of a group stand together. */
static const struct {
	enum member_field first;
	enum member_field end;
} fields_of[MEMBER_GROUPS] = {
	[MEMBER_GROUP_PERSON] = { MEMBER_MEMBER_ID, MEMBER_RELATIONSHIP },
	[MEMBER_GROUP_PERIOD] = { MEMBER_RELATIONSHIP, MEMBER_RATIO_PERCENT },
	[MEMBER_GROUP_RATIO] = { MEMBER_RATIO_PERCENT, MEMBER_LIMIT_CATEGORY },
	[MEMBER_GROUP_LIMIT] = { MEMBER_LIMIT_CATEGORY, MEMBER_DISEASE_CATEGORY },
	[MEMBER_GROUP_DISEASE] = { MEMBER_DISEASE_CATEGORY, MEMBER_CERTIFICATE_NUMBER },
	[MEMBER_GROUP_CERTIFICATE] = { MEMBER_CERTIFICATE_NUMBER, MEMBER_FIELDS },
};

const char *member_fault_code(enum member_fault fault)
{
	static const char *const codes[] = {
		[MEMBER_FAULT_MISSING] = "missing",
		[MEMBER_FAULT_WRONG_FORM] = "wrong_form",
		[MEMBER_FAULT_TOO_LONG] = "too_long",
		[MEMBER_FAULT_CHECK_DIGIT] = "check_digit",
		[MEMBER_FAULT_NOT_ONE_OF] = "not_one_of",
		[MEMBER_FAULT_OUT_OF_RANGE] = "out_of_range",
		[MEMBER_FAULT_NOT_TOGETHER] = "not_together",
		[MEMBER_FAULT_NOT_FOUND] = "not_found",
		[MEMBER_FAULT_NOT_ACCEPTED] = "not_accepted",
	};
	return codes[fault];
}

struct checking {
	struct arena *arena;
	enum scheme scheme;
	struct day today;
	struct optional_day born;
	struct member_row *row;
	struct member_faults *faults;
	/* Of the dates without a fault. */
	struct optional_day days[MEMBER_FIELDS];
};

static void note(
	struct checking *checking, enum member_field field, enum member_fault fault, const char *expected)
{
	struct member_faults *faults = checking->faults;
	if (faults->count == MEMBER_FAULTS_MAX)
		return;
	faults->list[faults->count].field = field;
	faults->list[faults->count].fault = fault;
	faults->list[faults->count].expected = expected;
	faults->count++;
}

static bool has(const struct checking *checking, enum member_field field)
{
	return checking->row->values[field].at != NULL;
}

static bool is(const struct checking *checking, enum member_field field, const char *value)
{
	return slice_is(checking->row->values[field], value);
}

/* Without spaces of either width at its ends. */
static struct slice trimmed(struct slice value)
{
	for (;;) {
		if (value.length > 0 && value.at[0] == ' ')
			value = (struct slice){ value.at + 1, value.length - 1 };
		else if (value.length >= 3 && memcmp(value.at, "\u3000", 3) == 0)
			value = (struct slice){ value.at + 3, value.length - 3 };
		else
			break;
	}
	for (;;) {
		if (value.length > 0 && value.at[value.length - 1] == ' ')
			value.length -= 1;
		else if (value.length >= 3 && memcmp(value.at + value.length - 3, "\u3000", 3) == 0)
			value.length -= 3;
		else
			break;
	}
	return value;
}

static void keep_key(struct member_row *row, enum member_field field, struct slice key)
{
	if (field == MEMBER_SYMBOL)
		row->symbol_key = key;
	else if (field == MEMBER_NUMBER)
		row->number_key = key;
}

static enum outcome MUST_CHECK spell_group(struct checking *checking, enum member_group group)
{
	struct member_row *row = checking->row;
	bool given = group == MEMBER_GROUP_PERSON;
	for (enum member_field field = fields_of[group].first; field < fields_of[group].end; field++) {
		struct slice value = row->values[field];
		if (value.at != NULL)
			value = trimmed(value);
		if (value.at == NULL || value.length == 0) {
			row->values[field] = (struct slice){ NULL, 0 };
			continue;
		}
		given = true;
		struct spelled spelled;
		enum outcome outcome = member_value_spell(checking->arena, field, value, &spelled);
		if (outcome == OUTCOME_INVALID)
			note(checking, field, spelled.fault, spelled.expected);
		else if (outcome != OUTCOME_OK)
			return outcome;
		row->values[field] = spelled.value;
		checking->days[field] = spelled.day;
		keep_key(row, field, spelled.key);
	}
	for (enum member_field field = fields_of[group].first; given && field < fields_of[group].end;
		field++) {
		if (member_fields[field].required && !has(checking, field))
			note(checking, field, MEMBER_FAULT_MISSING, "a value");
	}
	return OUTCOME_OK;
}

/* Notes the later one where both days are known and it is before the other, or, where `after` is set, on it. */
static void expect_order(struct checking *checking, enum member_field earlier, enum member_field later,
	bool after, const char *expected)
{
	struct optional_day first = earlier == MEMBER_BIRTH_DATE ? checking->born : checking->days[earlier];
	struct optional_day second = checking->days[later];
	if (first.known && second.known && day_compare(second.day, first.day) < (after ? 1 : 0))
		note(checking, later, MEMBER_FAULT_OUT_OF_RANGE, expected);
}

static void expect_not_before_birth(struct checking *checking, enum member_field field)
{
	expect_order(checking, MEMBER_BIRTH_DATE, field, false, "a day not before birth_date");
}

static void check_person(struct checking *checking)
{
	checking->born = checking->days[MEMBER_BIRTH_DATE];
	if (checking->born.known && day_compare(checking->born.day, checking->today) > 0) {
		note(checking, MEMBER_BIRTH_DATE, MEMBER_FAULT_OUT_OF_RANGE, "a day not after today");
		checking->born.known = false;
	}
}

/* A dependant names the insured person (R3.3). */
static void check_relationship(struct checking *checking)
{
	struct slice insured = checking->row->values[MEMBER_INSURED_MEMBER_ID];
	struct slice self = checking->row->values[MEMBER_MEMBER_ID];
	bool depends = is(checking, MEMBER_RELATIONSHIP, "dependent");
	if (depends && insured.at == NULL)
		note(checking, MEMBER_INSURED_MEMBER_ID, MEMBER_FAULT_MISSING,
			"the member_id of the insured person");
	if (is(checking, MEMBER_RELATIONSHIP, "insured") && insured.at != NULL)
		note(checking, MEMBER_INSURED_MEMBER_ID, MEMBER_FAULT_NOT_TOGETHER,
			"only with relationship dependent");
	if (depends && insured.at != NULL && insured.length == self.length && self.at != NULL &&
		memcmp(insured.at, self.at, self.length) == 0)
		note(checking, MEMBER_INSURED_MEMBER_ID, MEMBER_FAULT_NOT_TOGETHER,
			"somebody else's member_id");
}

/* 後期高齢者医療 has neither 記号 nor 枝番 nor dependants (R2.2). */
static void check_late_elderly(struct checking *checking)
{
	const char *const expected = "nothing: insurers with prefix 39 have none";
	if (has(checking, MEMBER_SYMBOL))
		note(checking, MEMBER_SYMBOL, MEMBER_FAULT_NOT_TOGETHER, expected);
	if (has(checking, MEMBER_BRANCH_NUMBER))
		note(checking, MEMBER_BRANCH_NUMBER, MEMBER_FAULT_NOT_TOGETHER, expected);
	if (is(checking, MEMBER_RELATIONSHIP, "dependent"))
		note(checking, MEMBER_RELATIONSHIP, MEMBER_FAULT_NOT_TOGETHER,
			"insured: insurers with prefix 39 have no dependants");
}

static void check_period(struct checking *checking)
{
	expect_not_before_birth(checking, MEMBER_ACQUIRED_ON);
	expect_order(checking, MEMBER_ACQUIRED_ON, MEMBER_LOST_ON, true,
		"a day after acquired_on: the first one without cover");
	if (has(checking, MEMBER_LOSS_REASON) && !has(checking, MEMBER_LOST_ON))
		note(checking, MEMBER_LOSS_REASON, MEMBER_FAULT_NOT_TOGETHER, "only with lost_on");
	check_relationship(checking);
	if (checking->scheme == SCHEME_LATE_ELDERLY)
		check_late_elderly(checking);
}

/* On that day, by age and insurer, a registered ratio counts (R7.1). False too where it cannot be told. */
static bool is_elderly(const struct checking *checking, struct optional_day day)
{
	return checking->scheme == SCHEME_LATE_ELDERLY ||
	       (day.known && checking->born.known &&
		       day_compare(day.day, elderly_first_day(checking->born.day)) >= 0);
}

static bool is_younger(const struct checking *checking, struct optional_day day)
{
	return day.known && checking->born.known && !is_elderly(checking, day);
}

static void check_ratio(struct checking *checking)
{
	expect_not_before_birth(checking, MEMBER_RATIO_VALID_FROM);
	expect_order(checking, MEMBER_RATIO_VALID_FROM, MEMBER_RATIO_VALID_UNTIL, false,
		"a day not before valid_from");
	if (is(checking, MEMBER_RATIO_PERCENT, "10") && checking->scheme != SCHEME_LATE_ELDERLY)
		note(checking, MEMBER_RATIO_PERCENT, MEMBER_FAULT_NOT_TOGETHER,
			"20 or 30: only insurers with prefix 39 have 10");
	if (is_younger(checking, checking->days[MEMBER_RATIO_VALID_FROM]))
		note(checking, MEMBER_RATIO_VALID_FROM, MEMBER_FAULT_NOT_TOGETHER,
			"a day from the month after the one in which 70 is reached: before it the age says "
			"the ratio");
}

/* What fits the insurer, and the age on each day of the limit (R7.13). */
static void check_limit_category(struct checking *checking)
{
	struct slice category = checking->row->values[MEMBER_LIMIT_CATEGORY];
	if (category.at == NULL || category.length != 3)
		return;
	bool late = checking->scheme == SCHEME_LATE_ELDERLY;
	bool is_late_only = slice_is(category, "B09") || slice_is(category, "B10");
	struct optional_day first = checking->days[MEMBER_LIMIT_VALID_FROM];
	const char *expected = NULL;
	if (category.at[0] == 'A' && is_elderly(checking, first))
		expected = "B01 to B10: A is for those below 70 on valid_from";
	else if (category.at[0] == 'B' && is_younger(checking, first))
		expected = "A01 to A06: B is for those of 70 and above on valid_from";
	else if (is_late_only && !late)
		expected = "another category: B09 and B10 are for insurers with prefix 39";
	else if (slice_is(category, "B04") && late)
		expected = "B09 or B10: B04 is not for insurers with prefix 39";
	if (expected != NULL) {
		note(checking, MEMBER_LIMIT_CATEGORY, MEMBER_FAULT_NOT_TOGETHER, expected);
		return;
	}
	/* Without a last day it lasts as long as it can. */
	struct optional_day last = checking->days[MEMBER_LIMIT_VALID_UNTIL];
	if (category.at[0] == 'A' && is_elderly(checking, last))
		note(checking, MEMBER_LIMIT_VALID_UNTIL, MEMBER_FAULT_NOT_TOGETHER,
			"at most the last day of the month in which 70 is reached: A is for those below 70");
}

static void check_limit(struct checking *checking)
{
	expect_not_before_birth(checking, MEMBER_LIMIT_VALID_FROM);
	expect_not_before_birth(checking, MEMBER_LIMIT_LONG_STAY_FROM);
	expect_order(checking, MEMBER_LIMIT_VALID_FROM, MEMBER_LIMIT_VALID_UNTIL, false,
		"a day not before valid_from");
	check_limit_category(checking);
}

static void check_disease(struct checking *checking)
{
	expect_not_before_birth(checking, MEMBER_DISEASE_VALID_FROM);
	expect_order(checking, MEMBER_DISEASE_VALID_FROM, MEMBER_DISEASE_VALID_UNTIL, false,
		"a day not before valid_from");
}

static void check_certificate(struct checking *checking)
{
	expect_not_before_birth(checking, MEMBER_CERTIFICATE_ISSUED_ON);
	expect_not_before_birth(checking, MEMBER_CERTIFICATE_VALID_FROM);
	expect_order(checking, MEMBER_CERTIFICATE_VALID_FROM, MEMBER_CERTIFICATE_VALID_UNTIL, false,
		"a day not before valid_from");
}

static enum outcome MUST_CHECK check_group(struct checking *checking, enum member_group group)
{
	static void (*const checks[MEMBER_GROUPS])(struct checking * checking) = {
		[MEMBER_GROUP_PERSON] = check_person,
		[MEMBER_GROUP_PERIOD] = check_period,
		[MEMBER_GROUP_RATIO] = check_ratio,
		[MEMBER_GROUP_LIMIT] = check_limit,
		[MEMBER_GROUP_DISEASE] = check_disease,
		[MEMBER_GROUP_CERTIFICATE] = check_certificate,
	};
	enum outcome outcome = spell_group(checking, group);
	if (outcome == OUTCOME_OK &&
		(group == MEMBER_GROUP_PERSON || member_group_is_given(checking->row, group)))
		checks[group](checking);
	return outcome;
}

enum outcome member_row_check(struct arena *arena, const char *insurer_number, struct day today,
	struct member_row *row, struct member_faults *faults)
{
	struct checking checking = { .arena = arena,
		.scheme = scheme_of(insurer_number),
		.today = today,
		.row = row,
		.faults = faults };
	faults->count = 0;
	row->symbol_key = row->number_key = (struct slice){ NULL, 0 };
	for (enum member_group group = MEMBER_GROUP_PERSON; group < MEMBER_GROUPS; group++) {
		enum outcome outcome = check_group(&checking, group);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	if (faults->count == 0 && member_group_is_given(row, MEMBER_GROUP_LIMIT) &&
		member_group_is_given(row, MEMBER_GROUP_RATIO) && member_limit_contradicts_ratio(row, row))
		note(&checking, MEMBER_LIMIT_CATEGORY, MEMBER_FAULT_NOT_TOGETHER,
			"another category: B01 to B03 are of a ratio of 30");
	return OUTCOME_OK;
}

enum outcome member_part_check(struct arena *arena, const char *insurer_number, struct day today,
	struct optional_day born, enum member_group group, struct member_row *row,
	struct member_faults *faults)
{
	struct checking checking = { .arena = arena,
		.scheme = scheme_of(insurer_number),
		.today = today,
		.born = born,
		.row = row,
		.faults = faults };
	faults->count = 0;
	row->symbol_key = row->number_key = (struct slice){ NULL, 0 };
	return check_group(&checking, group);
}

bool member_group_is_given(const struct member_row *row, enum member_group group)
{
	for (enum member_field field = fields_of[group].first; field < fields_of[group].end; field++) {
		if (row->values[field].at != NULL)
			return true;
	}
	return false;
}

/* Dates in their one spelling are in the order of their bytes. */
static bool is_before(struct slice a, struct slice b)
{
	return memcmp(a.at, b.at, DAY_TEXT_SIZE - 1) < 0;
}

static bool values_are_same(const struct member_row *a, const struct member_row *b, enum member_field field)
{
	struct slice one = a->values[field];
	struct slice other = b->values[field];
	return one.length == other.length && (one.length == 0 || memcmp(one.at, other.at, one.length) == 0);
}

/* The last day is the part's own, but of periods, which end on the first day without cover. */
static bool reaches(const struct member_row *row, enum member_field end, struct slice day)
{
	struct slice last = row->values[end];
	if (last.at == NULL)
		return true;
	return end == MEMBER_LOST_ON ? is_before(day, last) : !is_before(last, day);
}

bool member_parts_overlap(enum member_group group, const struct member_row *a, const struct member_row *b)
{
	static const struct {
		enum member_field first;
		enum member_field end;
	} dates[MEMBER_GROUPS] = {
		[MEMBER_GROUP_PERIOD] = { MEMBER_ACQUIRED_ON, MEMBER_LOST_ON },
		[MEMBER_GROUP_RATIO] = { MEMBER_RATIO_VALID_FROM, MEMBER_RATIO_VALID_UNTIL },
		[MEMBER_GROUP_LIMIT] = { MEMBER_LIMIT_VALID_FROM, MEMBER_LIMIT_VALID_UNTIL },
		[MEMBER_GROUP_DISEASE] = { MEMBER_DISEASE_VALID_FROM, MEMBER_DISEASE_VALID_UNTIL },
	};
	if (group == MEMBER_GROUP_PERSON || group == MEMBER_GROUP_CERTIFICATE)
		return false;
	if (group == MEMBER_GROUP_DISEASE && !values_are_same(a, b, MEMBER_DISEASE_CATEGORY))
		return false;
	return reaches(a, dates[group].end, b->values[dates[group].first]) &&
	       reaches(b, dates[group].end, a->values[dates[group].first]);
}

bool member_limit_contradicts_ratio(const struct member_row *limit, const struct member_row *ratio)
{
	struct slice category = limit->values[MEMBER_LIMIT_CATEGORY];
	struct slice first = limit->values[MEMBER_LIMIT_VALID_FROM];
	bool is_of_thirty =
		slice_is(category, "B01") || slice_is(category, "B02") || slice_is(category, "B03");
	return is_of_thirty && !slice_is(ratio->values[MEMBER_RATIO_PERCENT], "30") &&
	       reaches(limit, MEMBER_LIMIT_VALID_UNTIL, ratio->values[MEMBER_RATIO_VALID_FROM]) &&
	       reaches(ratio, MEMBER_RATIO_VALID_UNTIL, first);
}
