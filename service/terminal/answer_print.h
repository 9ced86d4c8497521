/* The answer as a receptionist reads it: the decision in the first line, then who, then why, then what to do. */
#ifndef SHIKAKU_TERMINAL_ANSWER_PRINT_H
#define SHIKAKU_TERMINAL_ANSWER_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "terminal/answer.h"

/* By card it says too which medical information may be seen; by typed keys none ever may. */
void answer_print(FILE *out, const struct answer *answer, bool by_card);

#endif
