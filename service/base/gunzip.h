/* gzip (RFC 1952), piece by piece, also of several members behind each other. What grows beyond measure is refused. */
#ifndef SHIKAKU_BASE_GUNZIP_H
#define SHIKAKU_BASE_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outcome.h"
#include "base/text.h"

/* Tables of people shrink to a fifth or a tenth, the most uniform ones to a fiftieth; deflate can do 1/1032. */
#define GUNZIP_GROWTH_MAX 100
/* ... of which the beginning is no measure. */
#define GUNZIP_FREE ((size_t)1024 * 1024)

struct gunzip;

enum outcome MUST_CHECK gunzip_create(struct gunzip **created);
void gunzip_destroy(struct gunzip *gunzip);

/* Unpacks from `packed`, of which it takes off what it has read, into `room`; `made` is how much. It has read all when `made` is less
 * than `size`. OUTCOME_INVALID: that is no gzip. OUTCOME_REFUSED: it grows more than GUNZIP_GROWTH_MAX times. */
enum outcome MUST_CHECK gunzip_take(
	struct gunzip *gunzip, struct slice *packed, char *room, size_t size, size_t *made);

/* Whether what was read so far could end here. */
bool gunzip_is_whole(const struct gunzip *gunzip);

/* Whether bytes begin as gzip does. */
bool gunzip_knows(struct slice bytes);

#endif
