/* Lines and fields of a file, however it is cut into pieces: base/records.c. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/records.h"

#define FIELDS_MAX 16

static struct records records;

/* Puts it in `piece` bytes at a time and writes what was found: a line number, then the fields in brackets, or a fault. */
static const char *read_all(const char *text, size_t length, size_t piece, bool quotes)
{
	static char said[4096];
	size_t sent = 0;
	size_t out = 0;
	assert_int_equal(records_open(&records, quotes), OUTCOME_OK);
	for (;;) {
		struct record record;
		struct slice fields[FIELDS_MAX];
		enum record_step step = records_next(&records, sent == length, &record);
		if (step == RECORD_END)
			break;
		if (step == RECORD_MORE) {
			size_t size = 0;
			assert_true(sent < length);
			char *room = records_room(&records, &size);
			size = length - sent < piece ? length - sent : piece < size ? piece : size;
			memcpy(room, text + sent, size);
			records_filled(&records, size);
			sent += size;
			continue;
		}
		out += (size_t)snprintf(said + out, sizeof said - out, "%lld:", (long long)record.line);
		if (step == RECORD_TOO_LONG)
			out += (size_t)snprintf(said + out, sizeof said - out, "long ");
		if (step == RECORD_BROKEN)
			out += (size_t)snprintf(said + out, sizeof said - out, "broken ");
		if (step != RECORD_FOUND)
			continue;
		size_t count = record_fields(&record, fields, FIELDS_MAX);
		for (size_t i = 0; i < count && i < FIELDS_MAX; i++)
			out += (size_t)snprintf(said + out, sizeof said - out, "[%.*s]",
				fields[i].length > 40 ? 40 : (int)fields[i].length,
				fields[i].at == NULL ? "" : fields[i].at);
		out += (size_t)snprintf(said + out, sizeof said - out, " ");
	}
	records_close(&records);
	said[out] = '\0';
	return said;
}

static void expect(const char *text, const char *expected)
{
	size_t length = strlen(text);
	for (size_t piece = 1; piece <= length + 1; piece++)
		assert_string_equal(read_all(text, length, piece, true), expected);
}

static void a_line_is_a_line_however_it_ends(void **state)
{
	(void)state;
	expect("a,b\r\nc,d\n", "1:[a][b] 2:[c][d] ");
	expect("a,b\nc,d", "1:[a][b] 2:[c][d] ");
	expect("a\r\n\r\nb", "1:[a] 2:[] 3:[b] ");
	expect("", "");
	expect("\n", "1:[] ");
	expect("a,,\r\n", "1:[a][][] ");
}

static void a_byte_order_mark_belongs_to_nobody(void **state)
{
	(void)state;
	expect("\xef\xbb\xbf"
	       "a,b\n",
		"1:[a][b] ");
	expect("a\n\xef\xbb\xbf"
	       "b\n",
		"1:[a] 2:[\xef\xbb\xbf"
		"b] ");
	expect("\xef\xbb\xbf", "");
}

static void quotes_hold_commas_quotes_and_ends_of_lines(void **state)
{
	(void)state;
	expect("\"a,b\",c\n", "1:[a,b][c] ");
	expect("\"a\"\"b\",\"\"\n", "1:[a\"b][] ");
	expect("\"a\r\nb\",c\r\nd,e\n", "1:[a\r\nb][c] 3:[d][e] ");
	expect("\"a\"", "1:[a] ");
	expect("\"\"\"\"\n", "1:[\"] ");
}

static void broken_quotes_cost_one_line_and_not_the_file(void **state)
{
	(void)state;
	expect("a\"b\nc\n", "1:broken 2:[c] ");
	expect("\"a\"b\nc\n", "1:broken 2:[c] ");
	expect("\"a\nb\nc\n", "1:broken 2:[b] 3:[c] ");
	expect("x\n\"a,\nb\"c,\"d\ne\n", "1:[x] 2:broken 3:broken 4:[e] ");
	expect("\"a\"\rb\nc\n", "1:broken 2:[c] ");
	expect("\"", "1:broken ");
}

static void a_line_of_json_may_hold_quotes_as_it_likes(void **state)
{
	(void)state;
	assert_string_equal(read_all("{\"a\":\"b\n\"}\n", 11, 3, false), "1:[{\"a\":\"b] 2:[\"}] ");
}

static void long_lines_are_left_out_whole(void **state)
{
	(void)state;
	char *text = malloc(3 * RECORD_BYTES_MAX);
	assert_non_null(text);
	static const size_t pieces[] = { 1000, 65536, 3 * RECORD_BYTES_MAX };
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		memset(text, 'x', 3 * RECORD_BYTES_MAX);
		text[RECORD_BYTES_MAX] = '\n';
		memcpy(text + 2 * RECORD_BYTES_MAX, "\ny,z\n", 5);
		assert_string_equal(read_all(text, 2 * RECORD_BYTES_MAX + 5, pieces[i], true),
			"1:[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx] "
			"2:[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx] 3:[y][z] ");
		text[RECORD_BYTES_MAX] = 'x';
		assert_string_equal(
			read_all(text, 2 * RECORD_BYTES_MAX + 5, pieces[i], true), "1:long 2:[y][z] ");
		text[0] = '"';
		text[10] = '\n';
		memcpy(text + 2 * RECORD_BYTES_MAX, "\ny,z\n", 5);
		assert_string_equal(read_all(text, 2 * RECORD_BYTES_MAX + 5, pieces[i], true),
			"1:broken 2:long 3:[y][z] ");
		assert_string_equal(read_all(text, RECORD_BYTES_MAX + 5, pieces[i], true),
			"1:broken 2:[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx] ");
	}
	free(text);
}

static void more_fields_than_there_is_room_for_are_counted(void **state)
{
	(void)state;
	char text[] = "a,b,c,d";
	struct record record = { .at = text, .length = 7 };
	struct slice fields[2];
	assert_int_equal(record_fields(&record, fields, 2), 4);
	assert_true(slice_is(fields[1], "b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_a_line_however_it_ends),
		TEST(a_byte_order_mark_belongs_to_nobody),
		TEST(quotes_hold_commas_quotes_and_ends_of_lines),
		TEST(broken_quotes_cost_one_line_and_not_the_file),
		TEST(a_line_of_json_may_hold_quotes_as_it_likes),
		TEST(long_lines_are_left_out_whole),
		TEST(more_fields_than_there_is_room_for_are_counted),
	};
	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
