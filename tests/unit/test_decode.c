/* Whoever sent a wrong field learns which, all of them at once, and nothing is taken for what it is not: api/decode.c. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "api/decode.h"
#include "api/typed_keys.h"

static struct arena arena;
static struct field_errors errors;

static int begin(void **state)
{
	(void)state;
	arena_open(&arena, (size_t)1024 * 1024);
	memset(&errors, 0, sizeof errors);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_close(&arena);
	return 0;
}

static json_t *object_of(const char *text)
{
	json_t *object = NULL;
	enum json_fault fault = JSON_FAULT_NONE;
	if (json_read_object(&arena, slice_of(text), &object, &fault, NULL) != OUTCOME_OK)
		fail_msg("not JSON: %s", text);
	return object;
}

/* How many errors name this pointer with this code. */
static size_t noted(const char *pointer, enum field_error_code code)
{
	size_t count = 0;
	for (size_t i = 0; i < errors.count; i++)
		count += strcmp(errors.list[i].pointer, pointer) == 0 && errors.list[i].code == code;
	return count;
}

static void assert_noted(const char *pointer, enum field_error_code code)
{
	if (noted(pointer, code) == 1)
		return;
	for (size_t i = 0; i < errors.count; i++)
		print_message("noted: \"%s\" %d\n", errors.list[i].pointer, (int)errors.list[i].code);
	fail_msg("\"%s\" with code %d is noted %zu times", pointer, (int)code, noted(pointer, code));
}

enum { KIND, DAY, CARD, MORE, FIELDS };

static const struct field fields[FIELDS] = {
	[KIND] = { "kind", FIELD_TEXT, true },
	[DAY] = { "birth_date", FIELD_TEXT, true },
	[CARD] = { "with_card", FIELD_BOOLEAN, false },
	[MORE] = { "presented", FIELD_OBJECT, false },
};

static json_t *values[FIELDS];

static void decode(const char *text, const char *prefix)
{
	errors.count = 0;
	memset(values, 0xff, sizeof values);
	decode_fields(&arena, object_of(text), prefix, fields, FIELDS, values, &errors);
}

static void a_right_object_is_read_in_any_order(void **state)
{
	(void)state;
	decode("{\"presented\":{},\"with_card\":false,\"birth_date\":\"1980-05-17\",\"kind\":\"card\"}", "");
	assert_int_equal(errors.count, 0);
	assert_string_equal(json_string_value(values[KIND]), "card");
	assert_string_equal(json_string_value(values[DAY]), "1980-05-17");
	assert_true(json_is_false(values[CARD]));
	assert_true(json_is_object(values[MORE]));
}

static void null_says_as_much_as_nothing(void **state)
{
	(void)state;
	decode("{\"kind\":\"card\",\"birth_date\":\"x\",\"with_card\":null,\"presented\":null}", "");
	assert_int_equal(errors.count, 0);
	assert_null(values[CARD]);
	assert_null(values[MORE]);
	assert_false(decode_boolean(values[CARD]));
	decode("{\"kind\":null}", "/presented");
	assert_noted("/presented/kind", FIELD_REQUIRED);
	assert_noted("/presented/birth_date", FIELD_REQUIRED);
	assert_int_equal(errors.count, 2);
	decode("{\"kind\":\"card\",\"birth_date\":\"x\",\"unheard_of\":null}", "");
	assert_noted("/unheard_of",
		FIELD_UNKNOWN); /* a field that does not exist is a mistake also when it says nothing */
}

static void a_field_of_the_wrong_type_is_not_also_called_missing(void **state)
{
	(void)state;
	decode("{\"kind\":1,\"birth_date\":{},\"with_card\":\"true\",\"presented\":[]}", "");
	assert_noted("/kind", FIELD_WRONG_TYPE);
	assert_noted("/birth_date", FIELD_WRONG_TYPE);
	assert_noted("/with_card", FIELD_WRONG_TYPE);
	assert_noted("/presented", FIELD_WRONG_TYPE);
	assert_int_equal(errors.count, 4);
	for (size_t i = 0; i < FIELDS; i++)
		assert_null(values[i]);
	decode("{\"kind\":true,\"birth_date\":1.5,\"with_card\":0,\"presented\":\"\"}", "");
	assert_int_equal(errors.count, 4);
	decode("{\"kind\":[],\"birth_date\":false,\"with_card\":[],\"presented\":false}", "");
	assert_int_equal(errors.count, 4);
}

static void all_mistakes_are_named_at_once(void **state)
{
	(void)state;
	decode("{\"kind\":5,\"extra\":1,\"Birth_date\":\"1980-05-17\"}", "/presented");
	assert_noted("/presented/kind", FIELD_WRONG_TYPE);
	assert_noted("/presented/extra", FIELD_UNKNOWN);
	assert_noted("/presented/Birth_date", FIELD_UNKNOWN);
	assert_noted("/presented/birth_date", FIELD_REQUIRED);
	assert_int_equal(errors.count, 4);
}

static void a_pointer_is_written_as_rfc_6901_says(void **state)
{
	(void)state;
	static const char *const names[][2] = { { "a/b", "/p/a~1b" }, { "a~b", "/p/a~0b" },
		{ "~1", "/p/~01" }, { "/", "/p/~1" }, { "", "/p/" }, { "~~//", "/p/~0~0~1~1" },
		{ "a\"b", "/p/a\"b" }, { "被保険者", "/p/被保険者" }, { "%20", "/p/%20" } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *object =
			json_pack("{s:s, s:s, s:i}", "kind", "card", "birth_date", "x", names[i][0], 1);
		assert_non_null(object);
		errors.count = 0;
		decode_fields(&arena, object, "/p", fields, FIELDS, values, &errors);
		json_decref(object);
		assert_noted(names[i][1], FIELD_UNKNOWN);
		assert_int_equal(errors.count, 1);
	}
}

static bool is_utf_8(const char *text)
{
	json_t *value = json_string(text);
	bool valid = value != NULL;
	json_decref(value);
	return valid;
}

/* An answer that is not UTF-8 could not be read at all. */
static void a_long_name_is_cut_between_characters(void **state)
{
	(void)state;
	static const char *const pieces[] = { "a", "~", "/", "é", "資", "𠮷" };
	for (size_t first = 0; first < 6; first++) {
		for (size_t second = 0; second < 6; second++) {
			for (size_t split = 0; split < 180; split++) {
				char name[2000] = "";
				size_t at = 0;
				for (size_t i = 0; i < 240; i++) {
					const char *piece = pieces[i < split ? first : second];
					memcpy(name + at, piece, strlen(piece) + 1);
					at += strlen(piece);
				}
				/* Whole, and ending in each of the places where a buffer might end. */
				json_t *object = json_pack("{s:i}", name, 1);
				errors.count = 0;
				decode_fields(&arena, object, "/presented", fields, 0, values, &errors);
				json_decref(object);
				assert_int_equal(errors.count, 1);
				const char *pointer = errors.list[0].pointer;
				if (!is_utf_8(pointer))
					fail_msg("cut within a character: %zu times %s, then %s", split,
						pieces[first], pieces[second]);
				assert_true(strlen(pointer) < 400);
				assert_memory_equal(pointer, "/presented/", 11);
			}
			arena_close(&arena);
		}
	}
}

/* Short names whose pointers are long: every slash takes two bytes. */
static void a_name_of_many_slashes_is_cut_between_characters(void **state)
{
	(void)state;
	for (size_t slashes = 60; slashes < 82; slashes++) {
		char name[128];
		memset(name, '/', slashes);
		memcpy(name + slashes, "𠮷", sizeof "𠮷");
		json_t *object = json_pack("{s:i}", name, 1);
		errors.count = 0;
		decode_fields(&arena, object, "", fields, 0, values, &errors);
		json_decref(object);
		assert_int_equal(errors.count, 1);
		if (!is_utf_8(errors.list[0].pointer))
			fail_msg("cut within a character after %zu slashes", slashes);
	}
}

static void a_name_that_fits_is_named_in_full(void **state)
{
	(void)state;
	static const char *const endings[] = { "a", "é", "資", "𠮷" };
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		char name[128];
		char expected[160];
		memset(name, 'a', 90);
		memcpy(name + 90, endings[i], strlen(endings[i]) + 1);
		(void)snprintf(expected, sizeof expected, "/%s", name);
		json_t *object = json_pack("{s:i}", name, 1);
		errors.count = 0;
		decode_fields(&arena, object, "", fields, 0, values, &errors);
		json_decref(object);
		assert_int_equal(errors.count, 1);
		assert_string_equal(errors.list[0].pointer, expected);
	}
}

static void a_thousand_unknown_fields_are_not_a_thousand_errors(void **state)
{
	(void)state;
	json_t *object = json_object();
	for (int i = 0; i < 1000; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "x%d", i);
		assert_int_equal(json_object_set_new(object, name, json_true()), 0);
	}
	decode_fields(&arena, object, "", fields, FIELDS, values, &errors);
	json_decref(object);
	assert_int_equal(errors.count, FIELD_ERRORS_MAX);
	for (size_t i = 0; i < errors.count; i++) {
		assert_int_equal(errors.list[i].code, FIELD_UNKNOWN);
		for (size_t other = 0; other < i; other++)
			assert_string_not_equal(errors.list[i].pointer, errors.list[other].pointer);
	}
	/* And each code finds its place in a full list too. */
	field_errors_add(&errors, "/one/more", FIELD_REQUIRED, "required");
	assert_int_equal(errors.count, FIELD_ERRORS_MAX);
}

static void memory_that_ran_out_still_names_the_object(void **state)
{
	(void)state;
	struct arena none;
	arena_open(&none, 0);
	json_t *object = object_of("{\"kind\":\"card\",\"birth_date\":\"x\",\"extra\":1}");
	decode_fields(&none, object, "/presented", fields, FIELDS, values, &errors);
	assert_noted("/presented", FIELD_UNKNOWN);
	assert_true(errors.no_memory);
	arena_close(&none);
}

/* A table may have more fields than today's do. */
static void a_long_table_notes_every_missing_field(void **state)
{
	(void)state;
	static const char *const names[] = { "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9",
		"f10", "f11", "f12", "f13", "f14", "f15", "f16", "f17", "f18", "f19" };
	struct field many[20];
	json_t *found[20];
	for (size_t i = 0; i < 20; i++)
		many[i] = (struct field){ names[i], FIELD_TEXT, true };
	decode_fields(&arena, object_of("{\"f0\":1,\"f1\":2,\"f2\":\"ok\",\"f3\":\"ok\"}"), "", many, 20,
		found, &errors);
	assert_noted("/f0", FIELD_WRONG_TYPE);
	assert_noted("/f1", FIELD_WRONG_TYPE);
	for (size_t i = 4; i < 20; i++) {
		char pointer[8];
		(void)snprintf(pointer, sizeof pointer, "/%s", names[i]);
		assert_noted(pointer, FIELD_REQUIRED);
	}
	assert_int_equal(errors.count, 18);
}

static const json_t *value_of(const char *text)
{
	return json_object_get(object_of(text), "v");
}

static void a_text_with_a_nul_is_refused_and_not_cut(void **state)
{
	(void)state;
	struct slice text = decode_text(value_of("{\"v\":\"1234567\\u0000 8\"}"), "/v", &errors);
	assert_null(text.at);
	assert_noted("/v", FIELD_WRONG_FORM);
	errors.count = 0;
	assert_null(decode_text(NULL, "/v", &errors).at);
	text = decode_text(value_of("{\"v\":\"\"}"), "/v", &errors);
	assert_non_null(text.at);
	assert_int_equal(text.length, 0);
	assert_true(slice_is(decode_text(value_of("{\"v\":\"資格\"}"), "/v", &errors), "資格"));
	assert_int_equal(errors.count, 0);
}

static void a_date_that_does_not_exist_is_named(void **state)
{
	(void)state;
	static const char *const wrong[] = { "{\"v\":\"2026-02-29\"}", "{\"v\":\"\"}",
		"{\"v\":\"2026-2-28\"}", "{\"v\":\"2026-02-28 \"}", "{\"v\":\"2026-02-28\\u0000\"}",
		"{\"v\":\"S55-05-17\"}" };
	struct day day = { 7 };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		errors.count = 0;
		assert_false(decode_day(value_of(wrong[i]), "/v", &errors, &day));
		assert_noted("/v", FIELD_WRONG_FORM);
	}
	errors.count = 0;
	assert_false(decode_day(NULL, "/v", &errors, &day));
	assert_true(decode_day(value_of("{\"v\":\"2024-02-29\"}"), "/v", &errors, &day));
	assert_int_equal(day.number, vector_day("2024-02-29").number);
	assert_int_equal(errors.count, 0);
}

static void a_month_that_does_not_exist_is_named(void **state)
{
	(void)state;
	static const char *const wrong[] = { "{\"v\":\"2026-13\"}", "{\"v\":\"\"}", "{\"v\":\"2026-8\"}",
		"{\"v\":\"2026-08-01\"}", "{\"v\":\"2026-08\\u0000\"}" };
	struct day month = { 7 };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		errors.count = 0;
		assert_false(decode_month(value_of(wrong[i]), "/v", &errors, &month));
		assert_noted("/v", FIELD_WRONG_FORM);
	}
	errors.count = 0;
	assert_false(decode_month(NULL, "/v", &errors, &month));
	assert_int_equal(month.number, 7);
	assert_true(decode_month(value_of("{\"v\":\"2026-08\"}"), "/v", &errors, &month));
	assert_int_equal(month.number, vector_day("2026-08-01").number);
	assert_int_equal(errors.count, 0);
}

static void a_time_that_is_none_is_named(void **state)
{
	(void)state;
	int64_t wall = 0;
	assert_false(decode_instant(value_of("{\"v\":\"2026-11-22\"}"), "/v", &errors, &wall));
	assert_noted("/v", FIELD_WRONG_FORM);
	errors.count = 0;
	assert_false(decode_instant(NULL, "/v", &errors, &wall));
	assert_true(decode_instant(value_of("{\"v\":\"1970-01-01T09:00:01+09:00\"}"), "/v", &errors, &wall));
	assert_true(wall == 1000000);
	assert_int_equal(errors.count, 0);
}

static void a_code_is_one_of_the_listed_ones_or_an_error(void **state)
{
	(void)state;
	static const char *const codes[] = { "standard", NULL, "school" };
	static const char *const wrong[] = { "{\"v\":\"Standard\"}", "{\"v\":\"\"}", "{\"v\":\"schoo\"}",
		"{\"v\":\"schools\"}", "{\"v\":\"school\\u0000\"}", "{\"v\":\" school\"}" };
	assert_int_equal(decode_code(NULL, "/v", codes, 3, 0, "expected one", &errors), 0);
	assert_int_equal(
		decode_code(value_of("{\"v\":\"standard\"}"), "/v", codes, 3, 2, "expected one", &errors), 0);
	assert_int_equal(
		decode_code(value_of("{\"v\":\"school\"}"), "/v", codes, 3, 0, "expected one", &errors), 2);
	assert_int_equal(errors.count, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		errors.count = 0;
		(void)decode_code(value_of(wrong[i]), "/v", codes, 3, 0, "expected one", &errors);
		assert_noted("/v", FIELD_NOT_ONE_OF);
	}
}

/* Without the 枝番 another of the family could be answered. */
static void a_key_that_finds_no_room_is_an_error_and_not_a_key_left_out_R4_2(void **state)
{
	(void)state;
	struct arena none;
	json_t *object = object_of("{\"number\":\"456\",\"branch_number\":\"01\"}");
	arena_open(&none, 0);
	assert_null(decode_key(&none, json_object_get(object, "number"), "/number", &errors).at);
	assert_true(errors.no_memory);
	errors.no_memory = false;
	assert_null(decode_branch(&none, json_object_get(object, "branch_number"), "/branch", &errors).at);
	assert_true(errors.no_memory);
	assert_int_equal(errors.count, 0); /* nothing is wrong with what was typed */
	arena_close(&none);
}

int main(void)
{
#define DECODE_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		DECODE_TEST(a_right_object_is_read_in_any_order),
		DECODE_TEST(null_says_as_much_as_nothing),
		DECODE_TEST(a_field_of_the_wrong_type_is_not_also_called_missing),
		DECODE_TEST(all_mistakes_are_named_at_once),
		DECODE_TEST(a_pointer_is_written_as_rfc_6901_says),
		DECODE_TEST(a_long_name_is_cut_between_characters),
		DECODE_TEST(a_name_of_many_slashes_is_cut_between_characters),
		DECODE_TEST(a_name_that_fits_is_named_in_full),
		DECODE_TEST(a_thousand_unknown_fields_are_not_a_thousand_errors),
		DECODE_TEST(memory_that_ran_out_still_names_the_object),
		DECODE_TEST(a_long_table_notes_every_missing_field),
		DECODE_TEST(a_text_with_a_nul_is_refused_and_not_cut),
		DECODE_TEST(a_date_that_does_not_exist_is_named),
		DECODE_TEST(a_month_that_does_not_exist_is_named),
		DECODE_TEST(a_time_that_is_none_is_named),
		DECODE_TEST(a_code_is_one_of_the_listed_ones_or_an_error),
		DECODE_TEST(a_key_that_finds_no_room_is_an_error_and_not_a_key_left_out_R4_2),
	};
	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
