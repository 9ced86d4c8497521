/* What an insurer registers is stored in one spelling and contradicts neither itself nor the rules: rules/member_record.c (R2, R3,
 * R7.13). */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/member_record.h"

#define TODAY "2026-11-22"

static int open_arena(void **state)
{
	struct arena *arena = malloc(sizeof *arena);
	if (arena == NULL)
		return -1;
	arena_open(arena, (size_t)1024 * 1024);
	*state = arena;
	return 0;
}

static int close_arena(void **state)
{
	arena_close(*state);
	free(*state);
	return 0;
}

static enum member_field field_of_column(const char *column, size_t length)
{
	for (enum member_field field = MEMBER_MEMBER_ID; field < MEMBER_FIELDS; field++) {
		if (strlen(member_fields[field].column) == length &&
			memcmp(member_fields[field].column, column, length) == 0)
			return field;
	}
	fail_msg("no column %.*s", (int)length, column);
	return MEMBER_MEMBER_ID;
}

static void check(
	struct arena *arena, const char *insurer, struct member_row *row, struct member_faults *faults)
{
	assert_int_equal(member_row_check(arena, insurer, vector_day(TODAY), row, faults), OUTCOME_OK);
}

static const char *fault_of(const struct member_faults *faults, enum member_field field)
{
	for (size_t i = 0; i < faults->count; i++) {
		if (faults->list[i].field == field && faults->list[i].fault != MEMBER_FAULT_NOT_TOGETHER)
			return member_fault_code(faults->list[i].fault);
	}
	return "";
}

static void a_value_is_stored_in_its_one_spelling_or_refused_R2(void **state)
{
	struct vectors *vectors = vectors_open_own("member_values.csv");
	while (vectors_next(vectors)) {
		const char *column = vectors_get(vectors, "field");
		enum member_field field = field_of_column(column, strlen(column));
		struct member_row row = { .values = { { NULL, 0 } } };
		struct member_faults faults;
		row.values[field] = slice_of(vectors_get(vectors, "given"));
		check(*state, "01130012", &row, &faults);
		const char *stored = vectors_get(vectors, "stored");
		const char *fault = vectors_get(vectors, "fault");
		vectors_expect(vectors, strcmp(fault_of(&faults, field), fault) == 0,
			"%s: fault \"%s\" instead of \"%s\"", column, fault_of(&faults, field), fault);
		vectors_expect(vectors, fault[0] != '\0' || slice_is(row.values[field], stored),
			"%s: \"%.*s\" instead of \"%s\"", column, (int)row.values[field].length,
			row.values[field].at, stored);
	}
	vectors_finish(vectors);
}

/* Overwrites what the words "column=value" name; "column=" takes the value away. */
static void put_words(struct member_row *row, const char *words)
{
	while (*words != '\0') {
		const char *equals = strchr(words, '=');
		assert_non_null(equals);
		size_t length = strcspn(equals + 1, " ");
		struct slice value = { length == 0 ? NULL : equals + 1, length };
		row->values[field_of_column(words, (size_t)(equals - words))] = value;
		words = equals + 1 + length;
		words += *words == ' ';
	}
}

static struct member_row whole_row(void)
{
	struct member_row row = { .values = { { NULL, 0 } } };
	put_words(&row, "member_id=E-1 name=健保太郎 name_kana=ケンポタロウ sex=male birth_date=1980-05-17 "
			"relationship=insured symbol=123 number=45 branch_number=00 acquired_on=2020-04-01");
	return row;
}

static void faults_text(const struct member_faults *faults, char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < faults->count; i++) {
		size_t used = strlen(text);
		(void)snprintf(text + used, size - used, "%s%s:%s", i > 0 ? " " : "",
			member_fields[faults->list[i].field].column,
			member_fault_code(faults->list[i].fault));
		assert_non_null(faults->list[i].expected);
	}
}

static void what_cannot_be_together_is_refused_and_said_where_R2_R3_R7_13(void **state)
{
	struct vectors *vectors = vectors_open_own("member_rows.csv");
	while (vectors_next(vectors)) {
		struct member_row row = whole_row();
		struct member_faults faults;
		char got[1024];
		put_words(&row, vectors_get(vectors, "given"));
		check(*state, vectors_get(vectors, "insurer_number"), &row, &faults);
		faults_text(&faults, got, sizeof got);
		const char *expected = vectors_get(vectors, "faults");
		vectors_expect(
			vectors, strcmp(got, expected) == 0, "\"%s\" instead of \"%s\"", got, expected);
	}
	vectors_finish(vectors);
}

/* Of one insurer and birth date: each category with each ratio, or none. */
static void expect_categories(struct arena *arena, const char *insurer, const char *born, const char *fitting,
	const char *const ratios[], const char *of_thirty)
{
	static const char *const categories[] = { "A01", "A02", "A03", "A04", "A05", "A06", "B01", "B02",
		"B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10" };
	for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
		for (size_t k = 0; ratios[k] != NULL; k++) {
			char words[200];
			snprintf(words, sizeof words,
				"symbol= branch_number= birth_date=%s limit_category=%s "
				"limit_valid_from=2026-08-01%s%s%s",
				born, categories[i], ratios[k][0] != '\0' ? " ratio_percent=" : "", ratios[k],
				ratios[k][0] != '\0' ? " ratio_valid_from=2026-08-01" : "");
			struct member_row row = whole_row();
			struct member_faults faults;
			char got[1024];
			put_words(&row, words);
			check(arena, insurer, &row, &faults);
			faults_text(&faults, got, sizeof got);
			bool fits = strstr(fitting, categories[i]) != NULL &&
				    (strstr(of_thirty, categories[i]) == NULL || ratios[k][0] == '\0' ||
					    strcmp(ratios[k], "30") == 0);
			if (strcmp(got, fits ? "" : "limit_category:not_together") != 0)
				fail_msg("%s of %s: \"%s\"", words, insurer, got);
		}
	}
}

static void each_category_is_taken_where_it_fits_and_nowhere_else_R7_13(void **state)
{
	static const char *const none[] = { "", NULL };
	static const char *const elderly[] = { "", "20", "30", NULL };
	static const char *const late[] = { "", "10", "20", "30", NULL };
	static const char of_the_young[] = "A01 A02 A03 A04 A05 A06";
	static const char of_the_elderly[] = "B01 B02 B03 B04 B05 B06 B07 B08";
	static const char of_the_late_elderly[] = "B01 B02 B03 B05 B06 B07 B08 B09 B10";
	static const char of_thirty[] = "B01 B02 B03";
	expect_categories(*state, "01130012", "1980-05-17", of_the_young, none, of_thirty);
	expect_categories(*state, "01130012", "2019-05-17", of_the_young, none, of_thirty);
	/* 70 is reached in the month of the limit's first day, and in the month before. */
	expect_categories(*state, "01130012", "1956-08-02", of_the_young, none, of_thirty);
	expect_categories(*state, "01130012", "1956-08-01", of_the_elderly, elderly, of_thirty);
	expect_categories(*state, "00130013", "1953-05-17", of_the_elderly, elderly, of_thirty);
	expect_categories(*state, "39131156", "1940-01-01", of_the_late_elderly, late, of_thirty);
	/* By disability, before 75 and before 70 (R7.1). */
	expect_categories(*state, "39131156", "1960-01-01", of_the_late_elderly, late, of_thirty);
	/* 6 digits that begin with 39 are 国保 (R2.1). */
	expect_categories(*state, "00390013", "1953-05-17", of_the_elderly, elderly, of_thirty);
}

/* Over REST a record has any number of each part, and each is looked at alone. */
static void a_part_alone_is_held_to_the_same_rules_R7_13(void **state)
{
	struct member_row row = { .values = { { NULL, 0 } } };
	struct member_faults faults;
	put_words(&row, "member_id=E-1 limit_category=B04 limit_valid_from=2026-08-01");
	assert_int_equal(member_part_check(*state, "01130012", vector_day(TODAY),
				 vector_known_day("1980-05-17"), MEMBER_GROUP_LIMIT, &row, &faults),
		OUTCOME_OK);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.list[0].field, MEMBER_LIMIT_CATEGORY);

	put_words(&row, "relationship=dependent insured_member_id=E-1 number=1 acquired_on=1980-05-16");
	assert_int_equal(member_part_check(*state, "01130012", vector_day(TODAY),
				 vector_known_day("1980-05-17"), MEMBER_GROUP_PERIOD, &row, &faults),
		OUTCOME_OK);
	assert_int_equal(faults.count, 2);
	assert_int_equal(faults.list[0].field, MEMBER_ACQUIRED_ON);
	assert_int_equal(faults.list[1].field, MEMBER_INSURED_MEMBER_ID);
}

static void a_number_is_printed_as_registered_and_found_by_its_key_R2_2(void **state)
{
	struct member_row row = whole_row();
	struct member_faults faults;
	row.values[MEMBER_SYMBOL] = SLICE_LITERAL("　協会－１２ ");
	row.values[MEMBER_NUMBER] = SLICE_LITERAL("00 45");
	check(*state, "01130012", &row, &faults);
	assert_int_equal(faults.count, 0);
	assert_true(slice_is(row.values[MEMBER_SYMBOL], "協会－１２"));
	assert_true(slice_is(row.symbol_key, "協会-12"));
	assert_true(slice_is(row.values[MEMBER_NUMBER], "00 45"));
	assert_true(slice_is(row.number_key, "0045"));
}

static void a_record_without_a_symbol_has_no_key_of_another_R2_2(void **state)
{
	struct member_row row = whole_row();
	struct member_faults faults;
	row.symbol_key = SLICE_LITERAL("of the row before");
	row.values[MEMBER_SYMBOL] = (struct slice){ NULL, 0 };
	check(*state, "01130012", &row, &faults);
	assert_int_equal(faults.count, 0);
	assert_null(row.symbol_key.at);
}

static void blank_is_nothing(void **state)
{
	struct member_row row = whole_row();
	struct member_faults faults;
	row.values[MEMBER_ADDRESS] = SLICE_LITERAL("");
	row.values[MEMBER_NAME_OTHER] = SLICE_LITERAL(" 　");
	row.values[MEMBER_NAME] = SLICE_LITERAL("　");
	check(*state, "01130012", &row, &faults);
	assert_null(row.values[MEMBER_ADDRESS].at);
	assert_null(row.values[MEMBER_NAME_OTHER].at);
	assert_string_equal(fault_of(&faults, MEMBER_NAME), "missing");
}

/* Bytes that are no text cannot come through JSON; a file may hold anything. */
static void no_control_character_and_no_broken_letter_is_stored(void **state)
{
	const struct slice bad[] = { SLICE_LITERAL("a\0b"), SLICE_LITERAL("a\tb"), SLICE_LITERAL("a\x7f"),
		SLICE_LITERAL("a\xc2\x85"), SLICE_LITERAL("a\xe2\x80\xa8"), SLICE_LITERAL("\xe3\x81"),
		SLICE_LITERAL("\xff"), SLICE_LITERAL("\xed\xa0\x80"), SLICE_LITERAL("\xc0\xaf") };
	static const enum member_field fields[] = { MEMBER_MEMBER_ID, MEMBER_NAME, MEMBER_NAME_KANA,
		MEMBER_SYMBOL, MEMBER_NUMBER, MEMBER_ADDRESS, MEMBER_POSTAL_CODE, MEMBER_CERTIFICATE_NUMBER,
		MEMBER_INDIVIDUAL_NUMBER };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		for (size_t j = 0; j < sizeof fields / sizeof *fields; j++) {
			struct member_row row = whole_row();
			struct member_faults faults;
			row.values[fields[j]] = bad[i];
			check(*state, "01130012", &row, &faults);
			assert_string_equal(fault_of(&faults, fields[j]), "wrong_form");
		}
	}
}

static void the_longest_line_fits_and_one_character_more_does_not(void **state)
{
	char longest[201 * 3];
	for (size_t i = 0; i < 201; i++)
		memcpy(longest + i * 3, "漢", 3);
	struct member_row row = whole_row();
	struct member_faults faults;
	row.values[MEMBER_ADDRESS] = (struct slice){ longest, 200 * 3 };
	check(*state, "01130012", &row, &faults);
	assert_int_equal(faults.count, 0);
	row.values[MEMBER_ADDRESS].length += 3;
	check(*state, "01130012", &row, &faults);
	assert_string_equal(fault_of(&faults, MEMBER_ADDRESS), "too_long");

	row = whole_row();
	row.values[MEMBER_NUMBER] = (struct slice){ longest, 120 };
	check(*state, "01130012", &row, &faults);
	assert_int_equal(faults.count, 0);
	row.values[MEMBER_NUMBER].length = 123;
	check(*state, "01130012", &row, &faults);
	assert_string_equal(fault_of(&faults, MEMBER_NUMBER), "too_long");
}

static void of_many_faults_the_first_are_said(void **state)
{
	struct member_row row;
	struct member_faults faults;
	for (enum member_field field = MEMBER_MEMBER_ID; field < MEMBER_FIELDS; field++)
		row.values[field] = SLICE_LITERAL("\t");
	check(*state, "39131156", &row, &faults);
	assert_int_equal(faults.count, MEMBER_FAULTS_MAX);
	assert_int_equal(faults.list[0].field, MEMBER_MEMBER_ID);
}

/* An arena without room must not pass for a record without faults. */
static void without_memory_nothing_is_said_of_the_record(void **state)
{
	(void)state;
	static const struct {
		enum member_field field;
		const char *value;
	} changing[] = { { MEMBER_NAME_KANA, "ｱ" }, { MEMBER_POSTAL_CODE, "1000005" },
		{ MEMBER_NUMBER, "1 2" }, { MEMBER_DISEASE_SELF_PAY, "00" },
		{ MEMBER_BRANCH_NUMBER, "０１" } };
	for (size_t i = 0; i < sizeof changing / sizeof *changing; i++) {
		struct arena none;
		struct member_row row = whole_row();
		struct member_faults faults;
		arena_open(&none, 0);
		row.values[changing[i].field] = slice_of(changing[i].value);
		assert_int_equal(member_row_check(&none, "01130012", vector_day(TODAY), &row, &faults),
			OUTCOME_NO_MEMORY);
		arena_close(&none);
	}
}

static void parts_of_one_member_have_no_day_in_common_R3_5(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum member_group group;
		enum member_field first;
		enum member_field end;
	} kinds[] = { { "period", MEMBER_GROUP_PERIOD, MEMBER_ACQUIRED_ON, MEMBER_LOST_ON },
		{ "ratio", MEMBER_GROUP_RATIO, MEMBER_RATIO_VALID_FROM, MEMBER_RATIO_VALID_UNTIL },
		{ "limit", MEMBER_GROUP_LIMIT, MEMBER_LIMIT_VALID_FROM, MEMBER_LIMIT_VALID_UNTIL },
		{ "disease", MEMBER_GROUP_DISEASE, MEMBER_DISEASE_VALID_FROM, MEMBER_DISEASE_VALID_UNTIL },
		{ "certificate", MEMBER_GROUP_CERTIFICATE, MEMBER_CERTIFICATE_VALID_FROM,
			MEMBER_CERTIFICATE_VALID_UNTIL } };
	static const char *const names[] = { "period", "ratio", "limit", "disease", "certificate" };
	struct vectors *vectors = vectors_open_own("member_parts.csv");
	while (vectors_next(vectors)) {
		int kind = vectors_get_word(vectors, "group", names, 5);
		struct member_row a = { .values = { { NULL, 0 } } };
		struct member_row b = a;
		a.values[kinds[kind].first] = slice_of(vectors_get(vectors, "first"));
		b.values[kinds[kind].first] = slice_of(vectors_get(vectors, "second"));
		if (!vectors_is_empty(vectors, "first_end"))
			a.values[kinds[kind].end] = slice_of(vectors_get(vectors, "first_end"));
		if (!vectors_is_empty(vectors, "second_end"))
			b.values[kinds[kind].end] = slice_of(vectors_get(vectors, "second_end"));
		a.values[MEMBER_DISEASE_CATEGORY] = SLICE_LITERAL("1");
		b.values[MEMBER_DISEASE_CATEGORY] = slice_of(vectors_get(vectors, "category"));
		bool expected = vectors_get_bool(vectors, "overlap");
		vectors_expect(vectors, member_parts_overlap(kinds[kind].group, &a, &b) == expected,
			"expected %s", expected ? "a day in common" : "none");
		vectors_expect(vectors, member_parts_overlap(kinds[kind].group, &b, &a) == expected,
			"expected %s the other way round", expected ? "a day in common" : "none");
	}
	vectors_finish(vectors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_value_is_stored_in_its_one_spelling_or_refused_R2),
		TEST(what_cannot_be_together_is_refused_and_said_where_R2_R3_R7_13),
		TEST(each_category_is_taken_where_it_fits_and_nowhere_else_R7_13),
		TEST(a_part_alone_is_held_to_the_same_rules_R7_13),
		TEST(a_number_is_printed_as_registered_and_found_by_its_key_R2_2),
		TEST(a_record_without_a_symbol_has_no_key_of_another_R2_2),
		TEST(blank_is_nothing),
		TEST(no_control_character_and_no_broken_letter_is_stored),
		TEST(the_longest_line_fits_and_one_character_more_does_not),
		TEST(of_many_faults_the_first_are_said),
		TEST(without_memory_nothing_is_said_of_the_record),
		TEST(parts_of_one_member_have_no_day_in_common_R3_5),
	};
	return cmocka_run_group_tests_name("member_record", tests, open_arena, close_arena);
}
