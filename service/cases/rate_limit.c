#include "cases/rate_limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Otherwise uthash ends the process when there is no memory for its table. What could not be added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/clock.h"

struct rate_limit {
	int64_t token_id;
	_Atomic int64_t interval; /* nanoseconds a request */
	_Atomic int64_t burst; /* requests */
	/* When the last request of those taken so far would have come, had they come evenly. In nanoseconds, because at
	 * 1,000,000 requests a second a microsecond is a whole interval. */
	_Atomic int64_t arrival;
	UT_hash_handle hh;
};

static pthread_mutex_t limits_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rate_limit *limits;

struct rate_limit *rate_limit_of(int64_t token_id, int64_t rate_per_second, int64_t burst)
{
	struct rate_limit *limit = NULL;
	pthread_mutex_lock(&limits_lock);
	HASH_FIND(hh, limits, &token_id, sizeof token_id, limit);
	if (limit == NULL) {
		limit = calloc(1, sizeof *limit);
		if (limit != NULL) {
			limit->token_id = token_id;
			HASH_ADD(hh, limits, token_id, sizeof limit->token_id, limit);
			if (limit->hh.tbl == NULL) {
				free(limit);
				limit = NULL;
			}
		}
	}
	pthread_mutex_unlock(&limits_lock);
	if (limit != NULL) {
		atomic_store_explicit(&limit->interval,
			1000 * MICROSECONDS / (rate_per_second < 1 ? 1 : rate_per_second),
			memory_order_relaxed);
		atomic_store_explicit(&limit->burst, burst < 1 ? 1 : burst, memory_order_relaxed);
	}
	return limit;
}

bool rate_limit_take(struct rate_limit *limit, int64_t now, int64_t *wait)
{
	int64_t now_nanoseconds = now * 1000;
	int64_t interval = atomic_load_explicit(&limit->interval, memory_order_relaxed);
	int64_t ahead = interval * (atomic_load_explicit(&limit->burst, memory_order_relaxed) - 1);
	int64_t arrival = atomic_load_explicit(&limit->arrival, memory_order_relaxed);
	int64_t next = 0;
	do {
		int64_t from = arrival > now_nanoseconds ? arrival : now_nanoseconds;
		if (from - now_nanoseconds > ahead) {
			*wait = (from - now_nanoseconds - ahead + 999) / 1000;
			return false;
		}
		next = from + interval;
	} while (!atomic_compare_exchange_weak_explicit(
		&limit->arrival, &arrival, next, memory_order_relaxed, memory_order_relaxed));
	*wait = 0;
	return true;
}

void rate_limits_close(void)
{
	struct rate_limit *limit = limits;
	HASH_CLEAR(hh, limits);
	while (limit != NULL) {
		struct rate_limit *next = limit->hh.next;
		free(limit);
		limit = next;
	}
}
