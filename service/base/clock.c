#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"

#define DAY_MICROSECONDS (INT64_C(86400) * MICROSECONDS)
#define JAPAN_OFFSET (INT64_C(9) * 3600 * MICROSECONDS)

static bool fixed;
static int64_t fixed_wall;

static int64_t read_one(clockid_t id)
{
	struct timespec now;
	if (clock_gettime(id, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

struct clock_reading clock_read(void)
{
	return (struct clock_reading){ .wall = fixed ? fixed_wall : read_one(CLOCK_REALTIME),
		.monotonic = read_one(CLOCK_MONOTONIC) };
}

void clock_fix(int64_t wall)
{
	fixed = true;
	fixed_wall = wall;
}

static bool read_digits(const char *text, size_t count, int *value)
{
	*value = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (text[i] - '0');
	}
	return true;
}

static bool read_offset(const char *text, size_t length, int64_t *offset)
{
	int hours = 0;
	int minutes = 0;
	if (length == 1 && (text[0] == 'Z' || text[0] == 'z')) {
		*offset = 0;
		return true;
	}
	if (length != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' ||
		!read_digits(text + 1, 2, &hours) || !read_digits(text + 4, 2, &minutes) || hours > 23 ||
		minutes > 59)
		return false;
	*offset = ((int64_t)hours * 3600 + (int64_t)minutes * 60) * MICROSECONDS;
	if (text[0] == '-')
		*offset = -*offset;
	return true;
}

enum outcome instant_parse(const char *text, size_t length, int64_t *wall)
{
	struct day day;
	int hour = 0;
	int minute = 0;
	int second = 0;
	int64_t offset = 0;
	if (length < 20 || day_parse(text, 10, &day) != OUTCOME_OK || (text[10] != 'T' && text[10] != 't') ||
		text[13] != ':' || text[16] != ':' || !read_digits(text + 11, 2, &hour) ||
		!read_digits(text + 14, 2, &minute) || !read_digits(text + 17, 2, &second) || hour > 23 ||
		minute > 59 || second > 60)
		return OUTCOME_INVALID;
	size_t at = 19;
	int64_t fraction = 0;
	if (text[at] == '.') {
		int64_t unit = MICROSECONDS / 10;
		size_t digits = 0;
		for (at++; at < length && text[at] >= '0' && text[at] <= '9'; at++, digits++) {
			fraction += (text[at] - '0') * unit;
			unit /= 10;
		}
		if (digits == 0 || digits > 9)
			return OUTCOME_INVALID;
	}
	if (!read_offset(text + at, length - at, &offset))
		return OUTCOME_INVALID;
	int64_t seconds = (int64_t)day.number * 86400 + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
	*wall = seconds * MICROSECONDS + fraction - offset;
	return OUTCOME_OK;
}

static void put_digits(char *text, int value, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		text[i] = (char)('0' + value % 10);
		value /= 10;
	}
}

void instant_format(int64_t wall, char text[INSTANT_TEXT_SIZE])
{
	/* Not of the sum: the last instant of all has no room for the offset. */
	int64_t of_day = (wall % DAY_MICROSECONDS + DAY_MICROSECONDS + JAPAN_OFFSET) % DAY_MICROSECONDS;
	int milliseconds = (int)(of_day / 1000);
	char date[DAY_TEXT_SIZE];
	day_format(day_in_japan(wall), date);
	memcpy(text, date, 10);
	memcpy(text + 10, "T00:00:00.000+09:00", 20);
	put_digits(text + 11, milliseconds / 3600000, 2);
	put_digits(text + 14, milliseconds / 60000 % 60, 2);
	put_digits(text + 17, milliseconds / 1000 % 60, 2);
	put_digits(text + 20, milliseconds % 1000, 3);
}
