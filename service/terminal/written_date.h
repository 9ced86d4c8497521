/* Dates as people write them at a desk, in the western calendar or in eras (R1.2). */
#ifndef SHIKAKU_TERMINAL_WRITTEN_DATE_H
#define SHIKAKU_TERMINAL_WRITTEN_DATE_H

#include "base/calendar.h"
#include "base/outcome.h"

/* Reads 1980-05-17, 1980/5/17, 1980.5.17, 19800517, 1980年5月17日, S55.5.17, S550517, 昭和55年5月17日, 令和元年5月1日; M T S H R
 * also in small letters, 昭 for 昭和, ㍼; full-width characters and spaces between are taken too. A day that does not exist, or
 * that lies outside the era it names (平成31年5月1日, S64.1.8), is OUTCOME_INVALID: it is a slip of the pen, and a guess would
 * ask for someone else. */
enum outcome MUST_CHECK written_date_read(const char *text, struct day *day);

#endif
