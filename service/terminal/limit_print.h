/* What a patient pays for a month, as a small table that a patient understands. */
#ifndef SHIKAKU_TERMINAL_LIMIT_PRINT_H
#define SHIKAKU_TERMINAL_LIMIT_PRINT_H

#include <stdio.h>

#include "terminal/limit_answer.h"
#include "terminal/options.h"

/* `options` say the cost, and what was paid: an answer does not repeat them. */
void limit_print(FILE *out, const struct limit_answer *answer, const struct options *options);

#endif
