/* What an operator's graphs and alarms stand on: base/metrics.c. */
#include "vectors.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_open(&arena, (size_t)256 * 1024);
	return 0;
}

static int end(void **state)
{
	(void)state;
	metrics_close();
	arena_close(&arena);
	return 0;
}

/* The page, terminated. */
static const char *page(void)
{
	struct text out;
	text_open(&out, &arena, 64, (size_t)64 * 1024);
	metrics_print(&out);
	text_put_char(&out, '\0');
	assert_false(out.failed);
	return out.at;
}

static void assert_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);
	if (at == NULL || (at != text && at[-1] != '\n') || at[strlen(line)] != '\n')
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static size_t occurrences(const char *text, const char *word)
{
	size_t count = 0;
	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		count++;
	return count;
}

static void the_loops_are_shown_as_one_sum(void **state)
{
	(void)state;
	struct metric *first =
		metrics_counter("shikaku_requests_total", "Requests.", "route=\"/v1\",status=\"200\"");
	struct metric *other =
		metrics_counter("shikaku_requests_total", "Requests.", "route=\"/v1\",status=\"503\"");
	struct metric *second =
		metrics_counter("shikaku_requests_total", "Requests.", "route=\"/v1\",status=\"200\"");
	metric_add(first, 3);
	metric_add(second, 4);
	metric_add(other, 1);
	assert_line(page(), "shikaku_requests_total{route=\"/v1\",status=\"200\"} 7");
	assert_line(page(), "shikaku_requests_total{route=\"/v1\",status=\"503\"} 1");
	assert_int_equal(occurrences(page(), "status=\"200\""), 1);
}

static void a_gauge_shows_what_is_and_not_what_was(void **state)
{
	(void)state;
	struct metric *first = metrics_gauge("shikaku_in_flight", "Requests under way.", "");
	struct metric *second = metrics_gauge("shikaku_in_flight", "Requests under way.", "");
	metric_set(first, 10);
	metric_set(second, 5);
	metric_set(first, 2);
	assert_line(page(), "shikaku_in_flight{} 7");
	assert_line(page(), "# TYPE shikaku_in_flight gauge");
	metric_add(second, -6);
	assert_line(page(), "shikaku_in_flight{} 1");
}

static void a_family_is_announced_once_and_its_series_stand_together(void **state)
{
	(void)state;
	metrics_counter("b_total", "B.", "x=\"2\"");
	metrics_counter("a_total", "A.", "");
	metrics_counter("b_total", "B.", "x=\"1\"");
	metrics_counter("b_total_more", "C.", "");
	metrics_counter("b_total", "B.", "");
	const char *text = page();
	assert_string_equal(text, "# HELP a_total A.\n# TYPE a_total counter\na_total{} 0\n"
				  "# HELP b_total B.\n# TYPE b_total counter\nb_total{} 0\nb_total{x=\"1\"} "
				  "0\nb_total{x=\"2\"} 0\n"
				  "# HELP b_total_more C.\n# TYPE b_total_more counter\nb_total_more{} 0\n");
}

static void names_may_come_from_memory_that_goes(void **state)
{
	(void)state;
	char name[] = "shikaku_checks_total";
	char labels[] = "validity=\"valid\"";
	metric_add(metrics_counter(name, "Checks.", labels), 1);
	memset(name, 'x', sizeof name - 1);
	memset(labels, 'x', sizeof labels - 1);
	assert_line(page(), "shikaku_checks_total{validity=\"valid\"} 1");
}

static void the_buckets_of_a_latency_add_up_from_the_fastest(void **state)
{
	(void)state;
	const char *labels = "route=\"/v1\"";
	struct histogram *one =
		metrics_histogram(HISTOGRAM_LATENCY, "shikaku_seconds", "Time to answer.", labels);
	struct histogram *two =
		metrics_histogram(HISTOGRAM_LATENCY, "shikaku_seconds", "Time to answer.", labels);
	histogram_add(one, 0);
	histogram_add(one, 250); /* on a bound: within */
	histogram_add(two, 251);
	histogram_add(two, 4999);
	histogram_add(one, 5000000);
	histogram_add(two, 5000001); /* beyond the last bound */
	const char *text = page();
	assert_line(text, "# TYPE shikaku_seconds histogram");
	assert_line(text, "shikaku_seconds_bucket{route=\"/v1\",le=\"0.000250\"} 2");
	assert_line(text, "shikaku_seconds_bucket{route=\"/v1\",le=\"0.000500\"} 3");
	assert_line(text, "shikaku_seconds_bucket{route=\"/v1\",le=\"0.003000\"} 3");
	assert_line(text, "shikaku_seconds_bucket{route=\"/v1\",le=\"0.005000\"} 4");
	assert_line(text, "shikaku_seconds_bucket{route=\"/v1\",le=\"1.000000\"} 4");
	assert_line(text, "shikaku_seconds_bucket{route=\"/v1\",le=\"5.000000\"} 5");
	assert_line(text, "shikaku_seconds_bucket{route=\"/v1\",le=\"+Inf\"} 6");
	assert_line(text, "shikaku_seconds_count{route=\"/v1\"} 6");
	assert_line(text, "shikaku_seconds_sum{route=\"/v1\"} 10.005501");
	assert_int_equal(occurrences(text, "le=\"+Inf\""), 1);
	assert_int_equal(occurrences(text, "_bucket{"), HISTOGRAM_BUCKETS + 1);
}

static void the_bounds_of_every_histogram_rise(void **state)
{
	(void)state;
	static const enum histogram_kind kinds[] = { HISTOGRAM_LATENCY, HISTOGRAM_SIZE };
	for (size_t kind = 0; kind < 2; kind++) {
		metrics_close();
		metrics_histogram(kinds[kind], "h", "H.", "");
		double last = 0;
		size_t seen = 0;
		const char *text = page();
		for (const char *at = strstr(text, "le=\""); at != NULL; at = strstr(at + 1, "le=\"")) {
			double bound = strtod(at + 4, NULL); /* +Inf too */
			assert_true(bound > last);
			last = bound;
			seen++;
		}
		assert_int_equal(seen, HISTOGRAM_BUCKETS + 1);
	}
}

static void sizes_are_counted_in_whole_numbers(void **state)
{
	(void)state;
	struct histogram *sets = metrics_histogram(HISTOGRAM_SIZE, "shikaku_set_size", "Checks a set.", "");
	for (int size = 1; size <= 128; size++)
		histogram_add(sets, size);
	const char *text = page();
	assert_line(text, "shikaku_set_size_bucket{le=\"1\"} 1");
	assert_line(text, "shikaku_set_size_bucket{le=\"64\"} 64");
	assert_line(text, "shikaku_set_size_bucket{le=\"128\"} 128");
	assert_line(text, "shikaku_set_size_bucket{le=\"+Inf\"} 128");
	assert_line(text, "shikaku_set_size_sum{} 8256");
	assert_line(text, "shikaku_set_size_count{} 128");
}

static void *count_a_thousand(void *owner)
{
	(void)owner;
	struct metric *counter = metrics_counter("shikaku_turns_total", "Turns.", "");
	for (int i = 0; i < 1000; i++)
		metric_add(counter, 1);
	return NULL;
}

static void loops_that_start_at_once_lose_no_series(void **state)
{
	(void)state;
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_a_thousand, NULL), 0);
	(void)page(); /* while they count */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_line(page(), "shikaku_turns_total{} 4000");
}

static void nothing_is_left_after_closing(void **state)
{
	(void)state;
	metric_add(metrics_counter("shikaku_turns_total", "Turns.", ""), 1);
	metrics_close();
	assert_string_equal(page(), "");
	assert_line(
		(metrics_counter("shikaku_turns_total", "Turns.", ""), page()), "shikaku_turns_total{} 0");
}

int main(void)
{
#define METRICS_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		METRICS_TEST(the_loops_are_shown_as_one_sum),
		METRICS_TEST(a_gauge_shows_what_is_and_not_what_was),
		METRICS_TEST(a_family_is_announced_once_and_its_series_stand_together),
		METRICS_TEST(names_may_come_from_memory_that_goes),
		METRICS_TEST(the_buckets_of_a_latency_add_up_from_the_fastest),
		METRICS_TEST(the_bounds_of_every_histogram_rise),
		METRICS_TEST(sizes_are_counted_in_whole_numbers),
		METRICS_TEST(loops_that_start_at_once_lose_no_series),
		METRICS_TEST(nothing_is_left_after_closing),
	};
	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
