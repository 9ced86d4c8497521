/* What a service sends is not trusted on a terminal: an escape sequence in a name could repaint 無効 as 有効. Every text that did
 * not come from this program's own source is printed by these. */
#ifndef SHIKAKU_TERMINAL_CLEAN_H
#define SHIKAKU_TERMINAL_CLEAN_H

#include <stddef.h>
#include <stdio.h>

/* Writes text on one line: line breaks and tabs as a space; other control characters, and those that change direction or are
 * invisible, not at all; bytes that are not UTF-8 as U+FFFD. */
void clean_print(FILE *out, const char *text);

/* The same for text of several lines: line breaks and tabs stay. */
void clean_print_lines(FILE *out, const char *text, size_t length);

#endif
