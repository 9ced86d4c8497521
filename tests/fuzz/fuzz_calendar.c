/* Dates decide who is covered (R1, R3). Whatever is sent as a date or a time is read as it was meant or refused, and what is
 * counted with days is what a second, plainer formula counts: years and a table of months, no eras of 400 years. */
#include "target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"

#define DAY_SECONDS 86400

/* Exact for every year of an int32_t's days and of those that plus months may reach. */
static int64_t days_before_year(int64_t year)
{
	int64_t before = year - 1;
	int64_t fours = before >= 0 ? before / 4 : -((3 - before) / 4);
	int64_t hundreds = before >= 0 ? before / 100 : -((99 - before) / 100);
	int64_t four_hundreds = before >= 0 ? before / 400 : -((399 - before) / 400);
	return 365 * before + fours - hundreds + four_hundreds;
}

static int month_length(int64_t year, int month)
{
	bool leap = days_before_year(year + 1) - days_before_year(year) == 366;
	return month == 2 ? 28 + leap : 30 + ((month <= 7) == (month % 2 == 1));
}

static int64_t count_of(int64_t year, int month, int day)
{
	int64_t count = days_before_year(year) - days_before_year(1970);
	for (int before = 1; before < month; before++)
		count += month_length(year, before);
	return count + day - 1;
}

static int32_t clamped(int64_t count)
{
	return count > INT32_MAX ? INT32_MAX : count < INT32_MIN ? INT32_MIN : (int32_t)count;
}

/* Reads a number written with so many digits; -1: it is not. */
static int digits_at(const char *text, int count)
{
	int number = 0;
	for (int i = 0; i < count; i++) {
		if (strchr("0123456789", text[i]) == NULL || text[i] == '\0')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

static bool is_written_day(const char *text, size_t length, int64_t *count)
{
	if (length != 10 || text[4] != '-' || text[7] != '-')
		return false;
	int year = digits_at(text, 4);
	int month = digits_at(text + 5, 2);
	int day = digits_at(text + 8, 2);
	if (year < 1868 || month < 1 || month > 12 || day < 1 || day > month_length(year, month))
		return false;
	*count = count_of(year, month, day);
	return true;
}

static void look_at_written_day(const char *text, size_t length)
{
	struct day day = { INT32_MIN };
	int64_t expected = 0;
	char again[DAY_TEXT_SIZE];
	bool written = is_written_day(text, length, &expected);
	MUST_HOLD((day_parse(text, length, &day) == OUTCOME_OK) == written);
	if (!written)
		return;
	MUST_HOLD(day.number == expected);
	day_format(day, again);
	MUST_HOLD(strlen(again) == length && memcmp(again, text, length) == 0);
}

/* Seconds and microseconds of the time behind a date, with its offset. False: that is no time. */
static bool is_written_time(const char *text, size_t length, int64_t *microseconds)
{
	if (length < 10 || (text[0] != 'T' && text[0] != 't') || text[3] != ':' || text[6] != ':')
		return false;
	int hour = digits_at(text + 1, 2);
	int minute = digits_at(text + 4, 2);
	int second = digits_at(text + 7, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	*microseconds = ((hour * INT64_C(60) + minute) * 60 + second) * 1000000;
	size_t at = 9;
	if (text[at] == '.') {
		size_t from = ++at;
		for (int64_t unit = 100000; at < length && digits_at(text + at, 1) >= 0; at++, unit /= 10)
			*microseconds += unit * digits_at(text + at, 1);
		if (at == from || at > from + 9)
			return false;
	}
	if (length - at == 1)
		return text[at] == 'Z' || text[at] == 'z';
	if (length - at != 6 || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':')
		return false;
	int hours = digits_at(text + at + 1, 2);
	int minutes = digits_at(text + at + 4, 2);
	int sign = text[at] == '-' ? 1 : -1;
	*microseconds += sign * (hours * INT64_C(60) + minutes) * 60 * 1000000;
	return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59;
}

static void look_at_written_instant(const char *text, size_t length)
{
	int64_t wall = INT64_MIN;
	int64_t day = 0;
	int64_t time = 0;
	bool written = length >= 10 && is_written_day(text, 10, &day) &&
		       is_written_time(text + 10, length - 10, &time);
	MUST_HOLD((instant_parse(text, length, &wall) == OUTCOME_OK) == written);
	MUST_HOLD(!written || wall == day * DAY_SECONDS * 1000000 + time);
}

static void look_at_instant(int64_t wall)
{
	char text[INSTANT_TEXT_SIZE];
	int64_t again = 0;
	int64_t day = wall / 86400000000 - (wall % 86400000000 < 0);
	int64_t rest = wall % 86400000000 + (wall % 86400000000 < 0) * 86400000000;
	if (rest >= 15 * INT64_C(3600000000))
		day++;
	MUST_HOLD(day_in_japan(wall).number == clamped(day));
	instant_format(wall, text);
	MUST_HOLD(strlen(text) == INSTANT_TEXT_SIZE - 1);
	if (day < count_of(1868, 1, 2) || day > count_of(9999, 12, 31))
		return;
	MUST_HOLD(instant_parse(text, INSTANT_TEXT_SIZE - 1, &again) == OUTCOME_OK);
	int64_t lost = wall - again;
	MUST_HOLD(lost >= 0 && lost < 1000);
}

static void look_at_eras(struct day day, struct civil_date date, size_t size)
{
	static const char *const names[] = { NULL, "明治", "大正", "昭和", "平成", "令和" };
	static const int firsts[] = { 0, 18680125, 19120730, 19261225, 19890108, 20190501 };
	char room[64];
	char expected[64];
	int era = 5;
	int64_t written = (int64_t)date.year * 10000 + date.month * INT64_C(100) + date.day;
	size %= sizeof room;
	memset(room, '?', sizeof room);
	enum outcome outcome = day_format_era(day, room, size);
	for (size_t i = size; i < sizeof room; i++)
		MUST_HOLD(room[i] == '?');
	while (era > 0 && written < firsts[era])
		era--;
	if (era == 0) {
		MUST_HOLD(outcome == OUTCOME_INVALID);
		return;
	}
	int year = date.year - firsts[era] / 10000 + 1;
	int length = year == 1 ? snprintf(expected, sizeof expected, "%s元年%d月%d日", names[era], date.month,
					 date.day)
			       : snprintf(expected, sizeof expected, "%s%d年%d月%d日", names[era], year,
					 date.month, date.day);
	MUST_HOLD((outcome == OUTCOME_OK) == ((size_t)length < size));
	MUST_HOLD(outcome != OUTCOME_OK || strcmp(room, expected) == 0);
}

static void look_at_ages(struct day born, struct civil_date date, int age)
{
	bool moved = date.month == 2 && date.day == 29 && month_length((int64_t)date.year + age, 2) == 28;
	int64_t birthday = moved ? count_of((int64_t)date.year + age, 3, 1)
				 : count_of((int64_t)date.year + age, date.month, date.day);
	MUST_HOLD(day_birthday(born, age).number == clamped(birthday));
	MUST_HOLD(day_age_reached(born, age).number == clamped((int64_t)clamped(birthday) - 1));
}

static void look_at_months(struct day day, struct civil_date date, int months)
{
	int64_t year = date.year;
	int64_t month = date.month + (int64_t)(months % 12);
	year += months / 12;
	if (month < 1 || month > 12) {
		year += month < 1 ? -1 : 1;
		month += month < 1 ? 12 : -12;
	}
	int longest = month_length(year, (int)month);
	int64_t expected = count_of(year, (int)month, date.day < longest ? date.day : longest);
	MUST_HOLD(day_plus_months(day, months).number == clamped(expected));
}

static void look_at_day(struct day day, int other, int small, size_t size)
{
	struct civil_date date = day_to_civil(day);
	char text[DAY_TEXT_SIZE];
	MUST_HOLD(date.month >= 1 && date.month <= 12);
	MUST_HOLD(date.day >= 1 && date.day <= month_length(date.year, date.month));
	MUST_HOLD(count_of(date.year, date.month, date.day) == day.number);
	MUST_HOLD(day_from_civil(date).number == day.number);
	day_format(day, text);
	MUST_HOLD(strlen(text) == DAY_TEXT_SIZE - 1);
	MUST_HOLD(digits_at(text, 4) == (date.year < 0 ? 0 : date.year > 9999 ? 9999 : date.year));
	MUST_HOLD(day_first_of_month(day).number == clamped(count_of(date.year, date.month, 1)));
	MUST_HOLD(day_last_of_month(day).number ==
		  clamped(count_of(date.year, date.month, month_length(date.year, date.month))));
	MUST_HOLD(day_plus(day, other).number == clamped((int64_t)day.number + other));
	look_at_months(day, date, other);
	look_at_months(day, date, small);
	look_at_ages(day, date, small);
	look_at_eras(day, date, size);
}

static void look_at_range(int first, int last, int day, unsigned known)
{
	struct day_range range = { .first = { (known & 1) != 0, { first } },
		.last = { (known & 2) != 0, { last } } };
	bool holds = ((known & 1) == 0 || first <= day) && ((known & 2) == 0 || day <= last);
	MUST_HOLD(day_range_holds(range, (struct day){ day }) == holds);
	MUST_HOLD((day_compare((struct day){ first }, (struct day){ last }) < 0) == (first < last));
	MUST_HOLD((day_compare((struct day){ first }, (struct day){ last }) > 0) == (first > last));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		int64_t wall;
		int32_t day;
		int32_t other;
		int16_t small;
		uint8_t size;
		uint8_t known;
	} numbers = { .wall = 0 };
	const char *text = size == 0 ? "" : (const char *)data;
	look_at_written_day(text, size);
	look_at_written_instant(text, size);
	memcpy(&numbers, text, size < sizeof numbers ? size : sizeof numbers);
	look_at_instant(numbers.wall);
	look_at_day((struct day){ numbers.day }, numbers.other, numbers.small, numbers.size);
	/* Those that people live in. */
	look_at_day((struct day){ numbers.day % 100000 }, numbers.other % 100000, numbers.small % 150,
		numbers.size);
	look_at_range(numbers.day, numbers.other, numbers.small, numbers.known);
	look_at_range(numbers.day % 4, numbers.other % 4, numbers.small % 4, numbers.known);
	return 0;
}
