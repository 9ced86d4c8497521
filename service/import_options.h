/* The words of shikakud import. */
#ifndef SHIKAKU_IMPORT_OPTIONS_H
#define SHIKAKU_IMPORT_OPTIONS_H

#include <stdbool.h>

#include "cases/import_load.h"

struct import_options {
	const char *file; /* "-": standard input */
	struct import_wish wish;
};

/* False: a line on standard error has said what is wrong. */
bool import_options_read(struct import_options *options, int count, char *const words[]);

#endif
