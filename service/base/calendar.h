/* Calendar dates in Japan (R1). A day is a count, so that comparing and counting need no calendar. */
#ifndef SHIKAKU_BASE_CALENDAR_H
#define SHIKAKU_BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"

/* Days since 1970-01-01, proleptic Gregorian. A struct, so that a count of anything else cannot pass for it. */
struct day {
	int32_t number;
};

/* A date that may be missing, as columns and optional fields are. */
struct optional_day {
	bool known;
	struct day day;
};

/* First and last day, both inclusive; either may be open. */
struct day_range {
	struct optional_day first;
	struct optional_day last;
};

struct civil_date {
	int year;
	int month; /* 1–12 */
	int day; /* 1–31 */
};

/* "YYYY-MM-DD", "YYYY-MM", and a terminating NUL. */
#define DAY_TEXT_SIZE 11
#define MONTH_TEXT_SIZE 8

struct day day_from_civil(struct civil_date date);
struct civil_date day_to_civil(struct day day);

/* Negative, zero or positive as a is before, on or after b. */
int day_compare(struct day a, struct day b);
struct day day_plus(struct day day, int days);

/* Adds months and clamps to the month's last day (2026-11-30 + 3 → 2027-02-28). */
struct day day_plus_months(struct day day, int months);
struct day day_first_of_month(struct day day);
struct day day_last_of_month(struct day day);

/* Reads exactly YYYY-MM-DD, a day that exists, years 1868 to 9999; else OUTCOME_INVALID. */
enum outcome MUST_CHECK day_parse(const char *text, size_t length, struct day *day);

/* Writes YYYY-MM-DD; years outside 0 to 9999 are clamped. */
void day_format(struct day day, char text[DAY_TEXT_SIZE]);

/* Reads exactly YYYY-MM, of the same years, as the month's first day; else OUTCOME_INVALID. */
enum outcome MUST_CHECK month_parse(const char *text, size_t length, struct day *first_day);

/* Writes YYYY-MM, the month of a day, within the same years as day_format. */
void month_format(struct day day, char text[MONTH_TEXT_SIZE]);

/* The day on which an age is reached: the day before the birthday (R1.1); born on 29 February: 28 February. */
struct day day_age_reached(struct day born, int age);

/* The birthday itself (R3.2); born on 29 February, in a common year: 1 March (R1.1). */
struct day day_birthday(struct day born, int age);

/* The Japan date (UTC+9, no summer time) of an instant, microseconds since 1970-01-01T00:00:00Z. */
struct day day_in_japan(int64_t unix_microseconds);

/* 明治, 大正, 昭和, 平成, 令和 as printed on paper, e.g. 令和元年5月1日 (R1.2). Before 1868-01-25 or no room: OUTCOME_INVALID. */
enum outcome MUST_CHECK day_format_era(struct day day, char *text, size_t size);

bool day_range_holds(struct day_range range, struct day day);

#endif
