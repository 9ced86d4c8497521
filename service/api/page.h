/* Lists page by page: `limit` and `cursor` of a request, `next_cursor` of its answer. */
#ifndef SHIKAKU_API_PAGE_H
#define SHIKAKU_API_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/application.h"
#include "cases/record_page.h"

#define PAGE_LIMIT 100
#define PAGE_LIMIT_MAX 200

/* Reads both out of a query, no value where they are absent: PAGE_LIMIT, and the beginning. False when one cannot be: then the request
 * has been answered with the problem. */
bool page_read(struct request *request, struct slice limit, struct slice cursor, int64_t *count,
	struct slice *after);

/* Answers {"<name>": items, "next_cursor": …}; `items` is a JSON array, `last_id` has no value on the last page. */
void page_answer(struct request *request, const char *name, struct slice items, struct slice last_id);

/* The whole of a list of the path's insurer: reads the query, has `begin` ask, and answers the page under this name (a literal). */
void page_list(struct exchange *exchange, const char *name, void (*begin)(struct record_page *page));

#endif
