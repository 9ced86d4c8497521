/* Memory of one request (or one batch): taken piece by piece, given back all at once, with a stated maximum.
 * Foreign objects (a parsed document, a handle) hang on it with a clean-up hook. Not shared between threads. */
#ifndef SHIKAKU_BASE_ARENA_H
#define SHIKAKU_BASE_ARENA_H

#include <stddef.h>

#include "base/outcome.h"

struct arena_block;
struct arena_hook;

struct arena {
	struct arena_block *blocks;
	struct arena_hook *hooks;
	size_t taken; /* bytes of all blocks */
	size_t max;
};

/* An empty arena that will never hold more than `max` bytes. Takes no memory yet. */
void arena_open(struct arena *arena, size_t max);

/* `size` bytes, aligned for any type, zeroed; NULL when the maximum is reached or malloc fails. */
void *arena_take(struct arena *arena, size_t size) MUST_CHECK;

/* As arena_take, not zeroed. */
void *arena_take_raw(struct arena *arena, size_t size) MUST_CHECK;

/* A NUL-terminated copy of `length` bytes; NULL as arena_take. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length) MUST_CHECK;

/* Calls hook(object) when the arena closes, the last one first. On OUTCOME_NO_MEMORY the hook was called at once. */
enum outcome arena_on_close(struct arena *arena, void (*hook)(void *object), void *object) MUST_CHECK;

/* Frees the blocks that this thread keeps for its next arenas. Before a thread that used arenas ends. */
void arena_free_spares(void);

/* Runs the hooks and gives everything back; the arena is empty and usable again. */
void arena_close(struct arena *arena);

#endif
