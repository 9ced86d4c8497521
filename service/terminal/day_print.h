/* A date in both calendars. */
#ifndef SHIKAKU_TERMINAL_DAY_PRINT_H
#define SHIKAKU_TERMINAL_DAY_PRINT_H

#include <stdio.h>

#include "base/calendar.h"

/* 1980年5月17日（昭和55年5月17日）: papers and charts use either. */
void day_print(FILE *out, struct day day);

#endif
