/* Bytes of a file become rows, or the file is none: cases/import_reader.c, base/gunzip.c, base/charset.c. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/gunzip.h"
#include "cases/import_columns.h"
#include "cases/import_reader.h"
#include "store/statements.h"

#define HEADER "member_id,name,name_kana,sex,birth_date\n"
#define MEGABYTE ((size_t)1024 * 1024)

static char said[4096];
static size_t length;

static enum outcome take_row(void *owner, struct arena *arena, struct import_row *row)
{
	(void)owner;
	(void)arena;
	struct slice id = row->values.values[MEMBER_MEMBER_ID];
	struct slice name = row->values.values[MEMBER_NAME];
	length += (size_t)snprintf(said + length, sizeof said - length, "%lld:%.*s/%.*s ",
		(long long)row->line, (int)id.length, id.at == NULL ? "" : id.at, (int)name.length,
		name.at == NULL ? "" : name.at);
	return OUTCOME_OK;
}

static enum outcome take_error(void *owner, const struct staging_error *error)
{
	(void)owner;
	length += (size_t)snprintf(said + length, sizeof said - length, "%lld:%s:%s ", (long long)error->line,
		error->field == NULL ? "-" : error->field, error->reason);
	return OUTCOME_OK;
}

static const struct import_reader_calls calls = { .row = take_row, .error = take_error };

/* What the reader says of these bytes, `piece` at a time; a fault of the whole comes last. */
static const char *read_file(struct import_form form, struct slice bytes, size_t piece)
{
	struct import_reader *reader = NULL;
	enum outcome outcome = OUTCOME_OK;
	said[length = 0] = '\0';
	if (form.bytes_max == 0)
		form.bytes_max = INT64_MAX;
	assert_int_equal(import_reader_create(&reader, &form, &calls), OUTCOME_OK);
	while (bytes.length > 0 && outcome == OUTCOME_OK) {
		size_t size = bytes.length < piece ? bytes.length : piece;
		outcome = import_reader_take(reader, (struct slice){ bytes.at, size });
		bytes.at += size;
		bytes.length -= size;
	}
	if (outcome == OUTCOME_OK)
		outcome = import_reader_end(reader);
	if (outcome == OUTCOME_REFUSED)
		length += (size_t)snprintf(said + length, sizeof said - length, "%s",
			import_fault_codes[import_reader_fault(reader)]);
	else
		assert_int_equal(outcome, OUTCOME_OK);
	import_reader_destroy(reader);
	return said;
}

static void expect(struct import_form form, struct slice bytes, const char *expected)
{
	for (size_t piece = 1; piece <= bytes.length + 1; piece += 1 + piece / 2)
		assert_string_equal(read_file(form, bytes, piece), expected);
}

/* The gzip of these bytes; the caller frees it. */
static struct slice pack(struct slice bytes)
{
	z_stream stream = { .next_in = (Bytef *)bytes.at, .avail_in = (uInt)bytes.length };
	size_t size = bytes.length / 2 + 1000;
	char *packed = malloc(size);
	assert_non_null(packed);
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_out = (Bytef *)packed;
	stream.avail_out = (uInt)size;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	struct slice made = { packed, stream.total_out };
	deflateEnd(&stream);
	return made;
}

static void a_row_is_found_under_its_header(void **state)
{
	(void)state;
	expect((struct import_form){ .format = IMPORT_CSV }, SLICE_LITERAL(HEADER "1,a,,,\n\n2,b,,,\n"),
		"2:1/a 4:2/b ");
	expect((struct import_form){ .format = IMPORT_CSV },
		SLICE_LITERAL("sex,name,birth_date,name_kana, member_id \n,a,,,1\n"), "2:1/a ");
	expect((struct import_form){ .format = IMPORT_CSV }, SLICE_LITERAL(HEADER ",,,,\n"), "");
	expect((struct import_form){ .format = IMPORT_CSV }, SLICE_LITERAL(HEADER "1,a\n2,b,,,\n"),
		"2:-:wrong_number_of_columns 3:2/b ");
}

static void a_file_without_a_header_is_none(void **state)
{
	(void)state;
	struct import_form csv = { .format = IMPORT_CSV };
	expect(csv, SLICE_LITERAL(""), "bad_header");
	expect(csv, SLICE_LITERAL("1,a\n"), "1:-:unknown_column unknown_column");
	expect(csv, SLICE_LITERAL("name,name\n"), "1:name:duplicate_column bad_header");
	expect(csv, SLICE_LITERAL("name\n"), "1:member_id:missing_column bad_header");
	expect(csv, SLICE_LITERAL("\"\n"), "1:-:broken_quoting bad_header");
	expect(csv, SLICE_LITERAL("n\xffme\n"), "1:-:bad_encoding bad_header");
}

static void a_line_of_json_is_a_row(void **state)
{
	(void)state;
	struct import_form form = { .format = IMPORT_NDJSON };
	expect(form, SLICE_LITERAL("{\"member_id\":\"1\",\"name\":\"a\"}\n\n{\"member_id\":2}"),
		"1:1/a 3:2/ ");
	expect(form, SLICE_LITERAL("{\"name\":\"\xff\"}\n{}\n"), "1:-:bad_encoding 2:/ ");
	expect(form, SLICE_LITERAL("{\"memberships\":[{\"number\":\"1\",\"state\":1}]}\n"),
		"1:-:unknown_field ");
	expect(form,
		SLICE_LITERAL("{\"link\":{},\"member_id\":\"1\",\"eligibility_certificates\":[{\"state\":"
			      "\"issued\"}]}"),
		"1:1/ ");
}

static void windows_spelling_is_read(void **state)
{
	(void)state;
	struct import_form form = { .format = IMPORT_CSV, .encoding = IMPORT_CP932 };
	expect(form, SLICE_LITERAL(HEADER "1,\x83\x5c\x94\x5c,,,\n2,\x81,,,\n3,\"\x88\xaf\",,,\n"),
		"2:1/ソ能 3:-:bad_encoding 4:3/葦 ");
}

static void a_packed_file_is_unpacked_and_a_cut_one_is_none(void **state)
{
	(void)state;
	struct slice plain = SLICE_LITERAL(HEADER "1,a,,,\n2,b,,,\n");
	struct slice packed = pack(plain);
	struct import_form form = { .format = IMPORT_CSV, .packing = IMPORT_GZIP };
	expect(form, packed, "2:1/a 3:2/b ");
	form.packing = IMPORT_AS_IT_SEEMS;
	expect(form, packed, "2:1/a 3:2/b ");
	expect(form, plain, "2:1/a 3:2/b ");
	form.packing = IMPORT_GZIP;
	for (size_t cut = 0; cut < packed.length; cut++) {
		const char *words = read_file(form, (struct slice){ packed.at, cut }, 7);
		assert_non_null(strstr(words, "bad_gzip"));
	}
	expect(form, plain, "bad_gzip");
	form.packing = IMPORT_PLAIN;
	form.bytes_max = (int64_t)plain.length;
	expect(form, plain, "2:1/a 3:2/b ");
	form.bytes_max--;
	assert_non_null(strstr(read_file(form, plain, 5), "too_large"));
	free((void *)packed.at);
}

static void a_bomb_is_refused_before_it_has_grown(void **state)
{
	(void)state;
	char *zeros = calloc(1, 50 * MEGABYTE);
	assert_non_null(zeros);
	struct slice packed = pack((struct slice){ zeros, 50 * MEGABYTE });
	struct gunzip *gunzip = NULL;
	struct slice left = packed;
	size_t total = 0;
	enum outcome outcome = gunzip_create(&gunzip);
	while (outcome == OUTCOME_OK && left.length > 0) {
		size_t made = 0;
		outcome = gunzip_take(gunzip, &left, zeros, 65536, &made);
		total += made;
	}
	assert_int_equal(outcome, OUTCOME_REFUSED);
	assert_true(total < 3 * MEGABYTE);
	gunzip_destroy(gunzip);
	free((void *)packed.at);
	free(zeros);
}

static void what_was_sent_is_told_by_its_kind_alone(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		const char *class;
	} kinds[] = { { "", "empty" }, { "123", "digits" }, { "2026-02-30", "date" }, { "2026-2-3", "ascii" },
		{ "abc", "ascii" }, { "ミホン　ハナコ", "kana" }, { "ﾐﾎﾝ", "kana" }, { "見本", "text" } };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		assert_string_equal(import_value_class(slice_of(kinds[i].value)), kinds[i].class);
	char *much = calloc(1, 2000);
	assert_non_null(much);
	memset(much, '1', 1999);
	assert_string_equal(import_value_class(slice_of(much)), "too_long");
	free(much);
}

/* A row's values go to the database by their place alone. */
static void every_value_has_its_column(void **state)
{
	(void)state;
	const char *at = strstr(statements[STATEMENT_COPY_MEMBERS].text, "digest,");
	assert_non_null(at);
	at += strlen("digest,");
	for (size_t field = 0; field < MEMBER_FIELDS; field++) {
		at += strspn(at, " ");
		size_t size = strcspn(at, ",)");
		assert_int_equal(size, strlen(member_fields[field].column));
		assert_memory_equal(at, member_fields[field].column, size);
		at += size + 1;
	}
	assert_memory_equal(at, " symbol_key, number_key)", 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_row_is_found_under_its_header),
		TEST(a_file_without_a_header_is_none),
		TEST(a_line_of_json_is_a_row),
		TEST(windows_spelling_is_read),
		TEST(a_packed_file_is_unpacked_and_a_cut_one_is_none),
		TEST(a_bomb_is_refused_before_it_has_grown),
		TEST(what_was_sent_is_told_by_its_kind_alone),
		TEST(every_value_has_its_column),
	};
	return cmocka_run_group_tests_name("import_reader", tests, NULL, NULL);
}
