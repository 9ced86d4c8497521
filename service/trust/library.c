#include "trust/library.h"

#include <stdlib.h>

#include <openssl/crypto.h>

static _Thread_local bool ran_short;

static void *take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size == 0)
		return NULL;
	void *piece = malloc(size);
	if (piece == NULL)
		ran_short = true;
	return piece;
}

static void give_back(void *piece, const char *file, int line)
{
	(void)file;
	(void)line;
	free(piece);
}

static void *resize(void *old, size_t size, const char *file, int line)
{
	if (size == 0) {
		give_back(old, file, line);
		return NULL;
	}
	void *piece = realloc(old, size);
	if (piece == NULL)
		ran_short = true;
	return piece;
}

enum outcome library_open(void)
{
	return CRYPTO_set_mem_functions(take, resize, give_back) == 1 ? OUTCOME_OK : OUTCOME_INTERNAL;
}

void library_watch(void)
{
	ran_short = false;
}

bool library_ran_short(void)
{
	return ran_short;
}

enum outcome library_outcome(enum outcome outcome)
{
	return ran_short ? OUTCOME_NO_MEMORY : outcome;
}
