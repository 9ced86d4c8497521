/* A date, or a month, in both calendars. */
#ifndef SHIKAKU_TERMINAL_DAY_PRINT_H
#define SHIKAKU_TERMINAL_DAY_PRINT_H

#include <stdio.h>

#include "base/calendar.h"

/* 1980年5月17日（昭和55年5月17日）: papers and charts use either. */
void day_print(FILE *out, struct day day);

/* 2026年8月（令和8年8月）, of the month that begins on that day. */
void month_print(FILE *out, struct day first);

#endif
