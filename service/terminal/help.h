/* What the commands say of themselves: usage after a mistake, and --help. */
#ifndef SHIKAKU_TERMINAL_HELP_H
#define SHIKAKU_TERMINAL_HELP_H

#include <stdio.h>

void check_usage_print(FILE *out);
void check_help_print(FILE *out);
void limit_usage_print(FILE *out);
void limit_help_print(FILE *out);
void doctor_usage_print(FILE *out);
void doctor_help_print(FILE *out);

#endif
