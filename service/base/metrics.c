#include "base/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum series_kind { SERIES_COUNTER, SERIES_GAUGE, SERIES_HISTOGRAM };

struct series {
	struct series *next;
	enum series_kind kind;
	char *name;
	const char *help;
	char *labels;
	struct metric metric;
	struct histogram histogram;
};

static pthread_mutex_t series_lock = PTHREAD_MUTEX_INITIALIZER;
static struct series *all_series;
static struct series nobody_prints_this;

static const int64_t latency_bounds[HISTOGRAM_BUCKETS] = { 250, 500, 1000, 2000, 3000, 5000, 7500, 10000,
	25000, 50000, 100000, 250000, 1000000, 5000000 };
static const int64_t size_bounds[HISTOGRAM_BUCKETS] = { 1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256,
	1024 };

static void free_series(struct series *series)
{
	free(series->name);
	free(series->labels);
	free(series);
}

static int series_order(const struct series *a, const struct series *b)
{
	int order = strcmp(a->name, b->name);
	return order != 0 ? order : strcmp(a->labels, b->labels);
}

/* Kept in order, so that printing finds equal series side by side. */
static struct series *add_series(
	enum series_kind kind, const char *name, const char *help, const char *labels)
{
	struct series *series = calloc(1, sizeof *series);
	if (series == NULL)
		return &nobody_prints_this;
	series->kind = kind;
	series->help = help;
	series->name = strdup(name);
	series->labels = strdup(labels);
	if (series->name == NULL || series->labels == NULL) {
		free_series(series);
		return &nobody_prints_this;
	}
	pthread_mutex_lock(&series_lock);
	struct series **at = &all_series;
	while (*at != NULL && series_order(*at, series) < 0)
		at = &(*at)->next;
	series->next = *at;
	*at = series;
	pthread_mutex_unlock(&series_lock);
	return series;
}

struct metric *metrics_counter(const char *name, const char *help, const char *labels)
{
	return &add_series(SERIES_COUNTER, name, help, labels)->metric;
}

struct metric *metrics_gauge(const char *name, const char *help, const char *labels)
{
	return &add_series(SERIES_GAUGE, name, help, labels)->metric;
}

struct histogram *metrics_histogram(
	enum histogram_kind kind, const char *name, const char *help, const char *labels)
{
	struct series *series = add_series(SERIES_HISTOGRAM, name, help, labels);
	series->histogram.kind = kind;
	return &series->histogram;
}

static const int64_t *bounds_of(const struct histogram *histogram)
{
	return histogram->kind == HISTOGRAM_LATENCY ? latency_bounds : size_bounds;
}

void histogram_add(struct histogram *histogram, int64_t value)
{
	const int64_t *bounds = bounds_of(histogram);
	size_t bucket = 0;
	while (bucket < HISTOGRAM_BUCKETS && value > bounds[bucket])
		bucket++;
	atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum, value, memory_order_relaxed);
}

static int64_t read_value(const _Atomic int64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static void print_value(struct text *out, const struct histogram *histogram, int64_t value)
{
	if (histogram->kind == HISTOGRAM_LATENCY)
		text_printf(out, "%.6f", (double)value / 1e6);
	else
		text_put_integer(out, value);
}

static void print_histogram(struct text *out, const struct series *first, const struct series *end)
{
	const char *comma = first->labels[0] == '\0' ? "" : ",";
	const int64_t *bounds = bounds_of(&first->histogram);
	int64_t count = 0;
	int64_t sum = 0;
	for (size_t bucket = 0; bucket <= HISTOGRAM_BUCKETS; bucket++) {
		for (const struct series *one = first; one != end; one = one->next)
			count += read_value(&one->histogram.buckets[bucket]);
		text_printf(out, "%s_bucket{%s%sle=\"", first->name, first->labels, comma);
		if (bucket < HISTOGRAM_BUCKETS)
			print_value(out, &first->histogram, bounds[bucket]);
		else
			text_put_terminated(out, "+Inf");
		text_printf(out, "\"} %" PRId64 "\n", count);
	}
	for (const struct series *one = first; one != end; one = one->next)
		sum += read_value(&one->histogram.sum);
	text_printf(out, "%s_sum{%s} ", first->name, first->labels);
	print_value(out, &first->histogram, sum);
	text_printf(out, "\n%s_count{%s} %" PRId64 "\n", first->name, first->labels, count);
}

static void print_metric(struct text *out, const struct series *first, const struct series *end)
{
	int64_t value = 0;
	for (const struct series *one = first; one != end; one = one->next)
		value += read_value(&one->metric.value);
	text_printf(out, "%s{%s} %" PRId64 "\n", first->name, first->labels, value);
}

void metrics_print(struct text *out)
{
	static const char *const kind_names[] = {
		[SERIES_COUNTER] = "counter",
		[SERIES_GAUGE] = "gauge",
		[SERIES_HISTOGRAM] = "histogram",
	};
	const char *family = "";
	pthread_mutex_lock(&series_lock);
	for (const struct series *first = all_series; first != NULL;) {
		const struct series *end = first->next;
		while (end != NULL && series_order(first, end) == 0)
			end = end->next;
		if (strcmp(family, first->name) != 0)
			text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", first->name, first->help,
				first->name, kind_names[first->kind]);
		family = first->name;
		if (first->kind == SERIES_HISTOGRAM)
			print_histogram(out, first, end);
		else
			print_metric(out, first, end);
		first = end;
	}
	pthread_mutex_unlock(&series_lock);
}

void metrics_close(void)
{
	pthread_mutex_lock(&series_lock);
	while (all_series != NULL) {
		struct series *next = all_series->next;
		free_series(all_series);
		all_series = next;
	}
	pthread_mutex_unlock(&series_lock);
}
