/* Numbers about ourselves, in Prometheus' text form. A series is registered once per loop and counted without a lock by
 * the loop that owns it; reading adds up what carries the same name and labels. */
#ifndef SHIKAKU_BASE_METRICS_H
#define SHIKAKU_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/text.h"

struct metric {
	_Atomic int64_t value;
};

/* Upper bounds of the buckets are fixed: microseconds for latencies, counts for sizes. */
enum histogram_kind { HISTOGRAM_LATENCY, HISTOGRAM_SIZE };

#define HISTOGRAM_BUCKETS 14

struct histogram {
	enum histogram_kind kind;
	_Atomic int64_t buckets[HISTOGRAM_BUCKETS + 1];
	_Atomic int64_t sum;
};

/* A counter or gauge; `labels` is as printed between braces ("route=\"/v1\",status=\"200\"") or "". Both texts are copied.
 * `help` is a literal. Always returns a usable metric; when memory is short one that nobody prints. Any thread. */
struct metric *metrics_counter(const char *name, const char *help, const char *labels);
struct metric *metrics_gauge(const char *name, const char *help, const char *labels);
struct histogram *metrics_histogram(
	enum histogram_kind kind, const char *name, const char *help, const char *labels);

static inline void metric_add(struct metric *metric, int64_t more)
{
	atomic_fetch_add_explicit(&metric->value, more, memory_order_relaxed);
}

static inline void metric_set(struct metric *metric, int64_t value)
{
	atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

/* `value` in microseconds for HISTOGRAM_LATENCY. */
void histogram_add(struct histogram *histogram, int64_t value);

/* Appends everything registered. Any thread. */
void metrics_print(struct text *out);

/* Forgets every series. Only when no other thread counts any more. */
void metrics_close(void);

#endif
