/* Amounts of money as people read them: 1,234,567円. */
#ifndef SHIKAKU_TERMINAL_YEN_H
#define SHIKAKU_TERMINAL_YEN_H

#include <stdint.h>
#include <stdio.h>

/* Columns that the greatest amount of the contract takes, 10,000,000,000円. */
#define YEN_COLUMNS 16

/* Whole yen, not negative. */
void yen_print(FILE *out, int64_t yen);

/* The same at the right of YEN_COLUMNS columns. */
void yen_print_right(FILE *out, int64_t yen);

#endif
