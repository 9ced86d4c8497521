#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One request with its answer fits the first block: measured at 6 to 9 KiB. */
#define BLOCK_SIZE ((size_t)12 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena_hook {
	struct arena_hook *next;
	void (*hook)(void *object);
	void *object;
};

/* Closed arenas leave their ordinary blocks to the next ones of their thread: at 40,000 requests a second malloc would spend
 * its time joining and splitting the same pieces. Not where a sanitizer wants to see real lifetimes, or a test each of them
 * fail. */
#ifdef ARENA_WITHOUT_SPARES
#define SPARES_MAX 0
#else
#define SPARES_MAX 64
#endif

static _Thread_local struct arena_block *spares;
static _Thread_local int spare_count;

static struct arena_block *new_block(size_t size)
{
	if (size == BLOCK_SIZE && spares != NULL) {
		struct arena_block *block = spares;
		spares = block->next;
		spare_count--;
		return block;
	}
	return malloc(sizeof(struct arena_block) + size);
}

static void free_block(struct arena_block *block)
{
	if (block->size != BLOCK_SIZE || spare_count >= SPARES_MAX) {
		free(block);
		return;
	}
	block->next = spares;
	spares = block;
	spare_count++;
}

void arena_free_spares(void)
{
	while (spares != NULL) {
		struct arena_block *next = spares->next;
		free(spares);
		spares = next;
	}
	spare_count = 0;
}

void arena_open(struct arena *arena, size_t max)
{
	*arena = (struct arena){ .max = max };
}

static struct arena_block *add_block(struct arena *arena, size_t at_least)
{
	size_t size = at_least > BLOCK_SIZE ? at_least : BLOCK_SIZE;
	if (size > arena->max - arena->taken)
		size = at_least;
	if (size > arena->max - arena->taken)
		return NULL;
	struct arena_block *block = new_block(size);
	if (block == NULL)
		return NULL;
	block->size = size;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->taken += size;
	return block;
}

void *arena_take_raw(struct arena *arena, size_t size)
{
	const size_t unit = alignof(max_align_t);
	if (size > SIZE_MAX - unit)
		return NULL;
	size = (size + unit - 1) / unit * unit;
	struct arena_block *block = arena->blocks;
	if (block == NULL || block->size - block->used < size) {
		block = add_block(arena, size);
		if (block == NULL)
			return NULL;
	}
	void *piece = block->bytes + block->used;
	block->used += size;
	return piece;
}

void *arena_take(struct arena *arena, size_t size)
{
	void *piece = arena_take_raw(arena, size);
	if (piece != NULL)
		memset(piece, 0, size);
	return piece;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
	if (length == SIZE_MAX)
		return NULL;
	char *copy = arena_take_raw(arena, length + 1);
	if (copy == NULL)
		return NULL;
	if (length > 0)
		memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

enum outcome arena_on_close(struct arena *arena, void (*hook)(void *object), void *object)
{
	struct arena_hook *entry = arena_take(arena, sizeof *entry);
	if (entry == NULL) {
		hook(object);
		return OUTCOME_NO_MEMORY;
	}
	entry->hook = hook;
	entry->object = object;
	entry->next = arena->hooks;
	arena->hooks = entry;
	return OUTCOME_OK;
}

void arena_close(struct arena *arena)
{
	for (struct arena_hook *entry = arena->hooks; entry != NULL; entry = entry->next)
		entry->hook(entry->object);
	while (arena->blocks != NULL) {
		struct arena_block *next = arena->blocks->next;
		free_block(arena->blocks);
		arena->blocks = next;
	}
	arena_open(arena, arena->max);
}
