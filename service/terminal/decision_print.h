/* The lines that every printed answer has, and how a line looks: a label, and what stands behind it in one column. */
#ifndef SHIKAKU_TERMINAL_DECISION_PRINT_H
#define SHIKAKU_TERMINAL_DECISION_PRINT_H

#include <stdio.h>

#include "base/calendar.h"
#include "terminal/decision.h"

/* Columns that a label takes, behind the two that begin the line. */
#define LABEL_COLUMNS 18

void label_print(FILE *out, const char *label);
/* `text` may come from a service: it is cleaned. */
void line_print(FILE *out, const char *label, const char *text);
void day_line_print(FILE *out, const char *label, struct day day, const char *note);
/* 限度額適用区分, as a letter and as the desk says it; `category` NULL: none is told. */
void category_line_print(FILE *out, const char *category, const char *label);

/* One line that says the decision first. */
void headline_print(FILE *out, const struct decision *decision);

/* Why, what to do next, and by which number the answer is on record: the end of an answer. */
void decision_print_end(FILE *out, const struct decision *decision);

#endif
