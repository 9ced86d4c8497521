/* How often a token may ask: so many requests a second, with a burst. One limit a token for the whole process, shared by its
 * loops without a lock (generic cell rate algorithm on one atomic number). Replicas each count for themselves. */
#ifndef SHIKAKU_CASES_RATE_LIMIT_H
#define SHIKAKU_CASES_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit;

/* The limit of this token, made when new; its rate and burst are set each time. NULL when memory is short. Any thread. The
 * limits live as long as the process: there are as many as tokens that really exist. */
struct rate_limit *rate_limit_of(int64_t token_id, int64_t rate_per_second, int64_t burst);

/* Takes one request. False when there were too many; `wait` is then the time in microseconds until the next may come. `now`
 * is monotonic. Any thread. */
bool rate_limit_take(struct rate_limit *limit, int64_t now, int64_t *wait);

void rate_limits_close(void);

#endif
