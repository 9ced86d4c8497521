/* A request that we and the proxy before us could read differently never reaches a handler: net/sanity.c. */
#include "vectors.h"

#include <string.h>

#include "net/sanity.h"

/* The headers of a request, a line each; white space before a value is the parser's, behind it is left for us to see. */
struct headers {
	const char *lines[6];
};

static const char *fault_of(const char *target, const struct headers *headers, struct sanity *sanity)
{
	*sanity = (struct sanity){ 0 };
	sanity_see_target(sanity, slice_of(target));
	for (size_t i = 0; headers->lines[i] != NULL; i++) {
		const char *colon = strchr(headers->lines[i], ':');
		assert_non_null(colon);
		const char *value = colon + 1 + strspn(colon + 1, " \t");
		sanity_see_header(sanity,
			(struct slice){ headers->lines[i], (size_t)(colon - headers->lines[i]) },
			slice_of(value));
	}
	return sanity_fault(sanity);
}

static void assert_refused(const char *target, const struct headers *headers, const char *words)
{
	struct sanity sanity;
	const char *fault = fault_of(target, headers, &sanity);
	if (fault == NULL)
		fail_msg("let through: %s %s | %s | %s", target,
			headers->lines[0] == NULL ? "" : headers->lines[0],
			headers->lines[1] == NULL ? "" : headers->lines[1],
			headers->lines[2] == NULL ? "" : headers->lines[2]);
	else if (strstr(fault, words) == NULL)
		fail_msg("\"%s\" does not speak of %s", fault, words);
}

static void an_ordinary_request_passes(void **state)
{
	(void)state;
	static const struct {
		struct headers headers;
		uint64_t length;
	} rows[] = {
		{ { { "Host:localhost" } }, 0 },
		{ { { "hOST: [::1]:8080", "content-LENGTH: 0" } }, 0 },
		{ { { "Host: a", "Content-Length: \t42 \t", "Accept: */*", "Accept: text/html" } }, 42 },
		{ { { "Host: a", "Transfer-Encoding: chunked" } }, 0 },
		{ { { "transfer-encoding:\tCHUNKED", "Host: a" } }, 0 },
		{ { { "Host: a", "Content-Length: 0000000000000065" } }, 65 },
		{ { { "Host: a", "Content-Length: 999999999999999999" } }, 999999999999999999 },
		{ { { "Host: a", "X-Host: b", "Hosts: c", "Content-Length-X: x",
			  "X-Transfer-Encoding: gzip" } },
			0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sanity sanity;
		const char *fault = fault_of("/v1/eligibility-checks", &rows[i].headers, &sanity);
		if (fault != NULL)
			fail_msg("row %zu: %s", i, fault);
		assert_true(sanity.content_length == rows[i].length);
	}
}

static void a_body_with_two_ends_is_refused(void **state)
{
	(void)state;
	static const struct headers both[] = {
		{ { "Host: a", "Content-Length: 4", "Transfer-Encoding: chunked" } },
		{ { "Host: a", "Transfer-Encoding: chunked", "Content-Length: 4" } },
		{ { "Host: a", "transfer-ENCODING: Chunked", "CONTENT-length: 0" } },
		{ { "Host: a", "Transfer-Encoding: gzip", "Content-Length: 4" } },
		{ { "Host: a", "Transfer-Encoding:", "Content-Length: 4" } },
	};
	for (size_t i = 0; i < sizeof both / sizeof *both; i++)
		assert_refused("/", &both[i], "together");
}

static void two_lengths_are_refused_also_when_they_agree(void **state)
{
	(void)state;
	static const struct headers two[] = {
		{ { "Host: a", "Content-Length: 4", "Content-Length: 5" } },
		{ { "Host: a", "Content-Length: 4", "Content-Length: 4" } },
		{ { "Host: a", "Content-Length: 4", "Accept: */*", "content-length: 4" } },
		{ { "Host: a", "Content-Length: x", "Content-Length: 4" } },
	};
	for (size_t i = 0; i < sizeof two / sizeof *two; i++)
		assert_refused("/", &two[i], "Content-Length");
}

static void a_length_that_is_not_plain_digits_is_refused(void **state)
{
	(void)state;
	static const char *const lengths[] = { "Content-Length:", "Content-Length: ", "Content-Length: +4",
		"Content-Length: -4", "Content-Length: 4, 4", "Content-Length: 4 4", "Content-Length: 0x4",
		"Content-Length: 4.0", "Content-Length: 4;", "Content-Length: 1e3", "Content-Length: four",
		"Content-Length: ４", "Content-Length: 9999999999999999999",
		"Content-Length: 18446744073709551620", "Content-Length: 00000000000000000004" };
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct headers headers = { { "Host: a", lengths[i] } };
		struct sanity sanity;
		assert_refused("/", &headers, "Content-Length");
		(void)fault_of("/", &headers, &sanity);
		assert_true(sanity.content_length == 0); /* nobody reads on by a wrong number */
	}
}

static void a_coding_other_than_chunked_is_refused(void **state)
{
	(void)state;
	static const char *const codings[] = { "Transfer-Encoding:", "Transfer-Encoding: gzip",
		"Transfer-Encoding: identity", "Transfer-Encoding: gzip, chunked",
		"Transfer-Encoding: chunked, gzip", "Transfer-Encoding: chunked, chunked",
		"Transfer-Encoding: chunked;q=1", "Transfer-Encoding: xchunked", "Transfer-Encoding: chunke",
		"Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked ",
		"Transfer-Encoding: chunked\t", "Transfer-Encoding: ,chunked" };
	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
		struct headers headers = { { "Host: a", codings[i] } };
		assert_refused("/", &headers, "Transfer-Encoding");
	}
}

static void two_codings_are_refused_also_when_the_last_is_chunked(void **state)
{
	(void)state;
	static const struct headers two[] = {
		{ { "Host: a", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked" } },
		{ { "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: identity" } },
		{ { "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked" } },
	};
	for (size_t i = 0; i < sizeof two / sizeof *two; i++)
		assert_refused("/", &two[i], "Transfer-Encoding");
}

/* "Content-Length : 4" is a length to one of us and nothing to the other. */
static void a_name_that_is_no_token_is_refused(void **state)
{
	(void)state;
	static const char *const lines[] = { "Content-Length : 4", "Content-Length\t: 4",
		" Content-Length: 4", "Content Length: 4", "Transfer-Encoding : chunked", ": x", "Na\"me: x",
		"Na(me): x", "N\x01: x", "N\x7f: x", "名: x", "a,b: x" };
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct headers headers = { { "Host: a", lines[i] } };
		assert_refused("/", &headers, "name");
	}
	struct sanity sanity = { .hosts = 1 };
	sanity_see_header(&sanity, (struct slice){ "a\0", 2 }, SLICE_LITERAL("x"));
	assert_non_null(sanity_fault(&sanity));
}

static void a_value_with_a_control_character_is_refused(void **state)
{
	(void)state;
	static const char *const lines[] = { "X: a\r\nHost: b", "X: a\nb", "X: a\rb", "X: \x01", "X: \x7f",
		"X: a\x1b", "Content-Length: \v4", "Transfer-Encoding: \vchunked",
		"Transfer-Encoding: chunked\r", "Host: a\r" };
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct headers headers = { { "Host: a", lines[i] } };
		assert_refused("/", &headers, "control");
	}
	struct sanity sanity = { .hosts = 1 };
	sanity_see_header(&sanity, SLICE_LITERAL("X"), (struct slice){ "a\0b", 3 });
	assert_non_null(sanity_fault(&sanity));
	sanity = (struct sanity){ .hosts = 1 };
	sanity_see_header(&sanity, SLICE_LITERAL("X"), SLICE_LITERAL("a\tb 資格"));
	assert_null(sanity_fault(&sanity));
}

/* A proxy of that age sends the chunks on as a body and waits for the end of the connection. */
static void chunks_from_before_there_were_chunks_are_refused(void **state)
{
	(void)state;
	struct sanity sanity = { .old_version = true };
	sanity_see_header(&sanity, SLICE_LITERAL("Host"), SLICE_LITERAL("a"));
	assert_null(sanity_fault(&sanity));
	sanity_see_header(&sanity, SLICE_LITERAL("Transfer-Encoding"), SLICE_LITERAL("chunked"));
	assert_non_null(sanity_fault(&sanity));
}

static void a_request_to_no_host_or_to_two_is_refused(void **state)
{
	(void)state;
	static const struct headers rows[] = {
		{ { NULL } },
		{ { "Accept: */*" } },
		{ { "Host: a", "Host: b" } },
		{ { "Host: a", "host: a" } },
		{ { "Host: a", "Accept: */*", "HOST:" } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_refused("/", &rows[i], "Host");
}

static void a_path_with_a_control_character_is_refused_however_it_is_written(void **state)
{
	(void)state;
	static const struct headers headers = { { "Host: a" } };
	static const char *const targets[] = { "/a%00b", "/%00", "/a?x=%00", "/a%0d%0aHost:%20b", "/a%0D",
		"/a%1f", "/a%1F", "/a%7f", "/a%7F", "/a\tb", "/a\x01", "/a\x7f", "/a\x1f", "/%%00", "/%2%00",
		"%0a" };
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
		assert_refused(targets[i], &headers, "control");
	struct sanity sanity = { 0 };
	sanity_see_target(&sanity, (struct slice){ "/healthz\0", 9 });
	assert_non_null(sanity_fault(&sanity));
}

static void a_path_in_japanese_or_with_a_bare_percent_passes(void **state)
{
	(void)state;
	static const struct headers headers = { { "Host: a" } };
	static const char *const targets[] = { "/", "*", "", "/%E8%B3%87%e6%a0%bc", "/資格", "/100%", "/%2",
		"/%", "/%0", "/%zz", "/%2500", "/a%20b", "/a~b?c=d&e", "/%0g" };
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		struct sanity sanity;
		const char *fault = fault_of(targets[i], &headers, &sanity);
		if (fault != NULL)
			fail_msg("%s: %s", targets[i], fault);
	}
}

static void a_space_in_the_path_is_refused_and_its_escape_passes(void **state)
{
	(void)state;
	const struct headers headers = { { "Host: a" } };
	assert_refused("/a b", &headers, "space");
	assert_refused("/a HTTP/1.1", &headers, "space");
	assert_refused(" /a", &headers, "space");
	struct sanity sanity;
	assert_null(fault_of("/a%20b", &headers, &sanity));
}

static void a_method_with_the_end_of_a_body_before_it_is_refused(void **state)
{
	(void)state;
	static const char *const methods[] = { "", "{\"a\":1}GET", "GET\t", "G(ET", "\x7f" };
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		struct sanity sanity = { .hosts = 1 };
		sanity_see_method(&sanity, slice_of(methods[i]));
		assert_non_null(sanity_fault(&sanity));
	}
	struct sanity sanity = { .hosts = 1 };
	sanity_see_method(&sanity, SLICE_LITERAL("M-SEARCH"));
	assert_null(sanity_fault(&sanity));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_ordinary_request_passes),
		TEST(a_body_with_two_ends_is_refused),
		TEST(two_lengths_are_refused_also_when_they_agree),
		TEST(a_length_that_is_not_plain_digits_is_refused),
		TEST(a_coding_other_than_chunked_is_refused),
		TEST(two_codings_are_refused_also_when_the_last_is_chunked),
		TEST(a_name_that_is_no_token_is_refused),
		TEST(a_value_with_a_control_character_is_refused),
		TEST(chunks_from_before_there_were_chunks_are_refused),
		TEST(a_request_to_no_host_or_to_two_is_refused),
		TEST(a_path_with_a_control_character_is_refused_however_it_is_written),
		TEST(a_path_in_japanese_or_with_a_bare_percent_passes),
		TEST(a_space_in_the_path_is_refused_and_its_escape_passes),
		TEST(a_method_with_the_end_of_a_body_before_it_is_refused),
	};
	return cmocka_run_group_tests_name("sanity", tests, NULL, NULL);
}
