/* Columns on a terminal: a full-width character takes two. Own tables, because wcwidth answers for the locale that happens to be
 * set, and a bare system has none for Japanese. */
#ifndef SHIKAKU_TERMINAL_WIDTH_H
#define SHIKAKU_TERMINAL_WIDTH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* 0 (combining marks, variation selectors, controls), 1 or 2 columns. */
int width_of(uint32_t character);

/* Columns of a whole text; bytes that are not UTF-8 count one each. */
size_t width_of_text(const char *text);

/* Writes spaces until a text that was written takes `columns`; at least one. */
void width_pad(FILE *out, const char *written, size_t columns);

#endif
