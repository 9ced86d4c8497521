/* A refusal, or no answer at all, in words for the reception; and in English for who looks after the terminal. */
#ifndef SHIKAKU_TERMINAL_PROBLEM_PRINT_H
#define SHIKAKU_TERMINAL_PROBLEM_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "terminal/problem.h"

/* Desk words, and a line for each field that is wrong, by the option that gave it. `retry_after` in seconds, 0 when not said.
 * `colour`: wrong fields in red, as the desk words of 422 say. */
void problem_print(FILE *out, const struct problem *problem, long retry_after, bool colour);

void problem_print_details(FILE *out, const struct problem *problem);

#endif
