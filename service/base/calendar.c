/* Calendar dates in Japan (R1). Exact arithmetic of our own: libc's time functions ask the machine's time zone, and an
 * answer about cover may not depend on where the service runs. */
#include "base/calendar.h"

#include <stdio.h>
#include <string.h>

#define DAYS_IN_ERA_OF_400_YEARS 146097
#define DAYS_FROM_0000_03_01_TO_1970 719468
#define FIRST_PARSED_YEAR 1868
#define LAST_YEAR 9999

static int64_t floor_divide(int64_t value, int64_t by)
{
	int64_t quotient = value / by;
	return value % by < 0 ? quotient - 1 : quotient;
}

/* A day beyond the range of int32_t (year ±5,800,000) becomes the last one inside, rather than overflow. */
static struct day saturated(int64_t number)
{
	if (number > INT32_MAX)
		number = INT32_MAX;
	if (number < INT32_MIN)
		number = INT32_MIN;
	return (struct day){ (int32_t)number };
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int64_t year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Years are counted from March here, so that the leap day is the last of its year and needs no special case. */
struct day day_from_civil(struct civil_date date)
{
	int64_t year = (int64_t)date.year - (date.month <= 2);
	int64_t month_from_march = (date.month + 9) % 12;
	int64_t era = floor_divide(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return saturated(era * DAYS_IN_ERA_OF_400_YEARS + day_of_era - DAYS_FROM_0000_03_01_TO_1970);
}

struct civil_date day_to_civil(struct day day)
{
	int64_t number = (int64_t)day.number + DAYS_FROM_0000_03_01_TO_1970;
	int64_t era = floor_divide(number, DAYS_IN_ERA_OF_400_YEARS);
	int64_t day_of_era = number - era * DAYS_IN_ERA_OF_400_YEARS;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int month = (int)((month_from_march + 2) % 12) + 1;
	return (struct civil_date){
		.year = (int)(year_of_era + era * 400) + (month <= 2),
		.month = month,
		.day = (int)(day_of_year - (153 * month_from_march + 2) / 5) + 1,
	};
}

int day_compare(struct day a, struct day b)
{
	return (a.number > b.number) - (a.number < b.number);
}

struct day day_plus(struct day day, int days)
{
	return saturated((int64_t)day.number + days);
}

struct day day_plus_months(struct day day, int months)
{
	struct civil_date date = day_to_civil(day);
	int64_t months_from_zero = (int64_t)date.year * 12 + date.month - 1 + months;
	int64_t year = floor_divide(months_from_zero, 12);
	date.year = (int)year;
	date.month = (int)(months_from_zero - year * 12) + 1;
	int longest = days_in_month(year, date.month);
	if (date.day > longest)
		date.day = longest;
	return day_from_civil(date);
}

struct day day_first_of_month(struct day day)
{
	return day_plus(day, 1 - day_to_civil(day).day);
}

struct day day_last_of_month(struct day day)
{
	struct civil_date date = day_to_civil(day);
	return day_plus(day, days_in_month(date.year, date.month) - date.day);
}

/* The value of `count` digits, or -1. */
static int parse_digits(const char *text, size_t count)
{
	int value = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

enum outcome day_parse(const char *text, size_t length, struct day *day)
{
	if (length != DAY_TEXT_SIZE - 1 || text[4] != '-' || text[7] != '-')
		return OUTCOME_INVALID;
	struct civil_date date = {
		.year = parse_digits(text, 4),
		.month = parse_digits(text + 5, 2),
		.day = parse_digits(text + 8, 2),
	};
	if (date.year < FIRST_PARSED_YEAR || date.month < 1 || date.month > 12)
		return OUTCOME_INVALID;
	if (date.day < 1 || date.day > days_in_month(date.year, date.month))
		return OUTCOME_INVALID;
	*day = day_from_civil(date);
	return OUTCOME_OK;
}

static void put_digits(char *text, int count, int value)
{
	for (int i = count - 1; i >= 0; i--) {
		text[i] = (char)('0' + value % 10);
		value /= 10;
	}
}

void day_format(struct day day, char text[DAY_TEXT_SIZE])
{
	struct civil_date date = day_to_civil(day);
	if (date.year < 0)
		date = (struct civil_date){ 0, 1, 1 };
	if (date.year > LAST_YEAR)
		date = (struct civil_date){ LAST_YEAR, 12, 31 };
	put_digits(text, 4, date.year);
	text[4] = '-';
	put_digits(text + 5, 2, date.month);
	text[7] = '-';
	put_digits(text + 8, 2, date.day);
	text[DAY_TEXT_SIZE - 1] = '\0';
}

enum outcome month_parse(const char *text, size_t length, struct day *first_day)
{
	char day[DAY_TEXT_SIZE] = "YYYY-MM-01";
	if (length != MONTH_TEXT_SIZE - 1)
		return OUTCOME_INVALID;
	memcpy(day, text, length);
	return day_parse(day, DAY_TEXT_SIZE - 1, first_day);
}

void month_format(struct day day, char text[MONTH_TEXT_SIZE])
{
	char whole[DAY_TEXT_SIZE];
	day_format(day, whole);
	memcpy(text, whole, MONTH_TEXT_SIZE - 1);
	text[MONTH_TEXT_SIZE - 1] = '\0';
}

struct day day_birthday(struct day born, int age)
{
	struct civil_date date = day_to_civil(born);
	date.year = (int)((int64_t)date.year + age);
	if (date.month == 2 && date.day == 29 && !is_leap(date.year)) {
		date.month = 3;
		date.day = 1;
	}
	return day_from_civil(date);
}

/* With the birthday of 29 February on 1 March, the day before it is 28 February in every year, as R1.1 wants. */
struct day day_age_reached(struct day born, int age)
{
	return day_plus(day_birthday(born, age), -1);
}

struct day day_in_japan(int64_t unix_microseconds)
{
	const int64_t hour = INT64_C(3600) * 1000 * 1000;
	int64_t number = floor_divide(unix_microseconds, 24 * hour);
	int64_t since_midnight = (unix_microseconds % (24 * hour) + 24 * hour) % (24 * hour); /* in UTC */
	return saturated(number + (since_midnight >= (24 - 9) * hour));
}

enum outcome day_format_era(struct day day, char *text, size_t size)
{
	static const struct {
		const char *name;
		struct civil_date first;
	} eras[] = {
		{ "令和", { 2019, 5, 1 } },
		{ "平成", { 1989, 1, 8 } },
		{ "昭和", { 1926, 12, 25 } },
		{ "大正", { 1912, 7, 30 } },
		{ "明治", { 1868, 1, 25 } },
	};
	struct civil_date date = day_to_civil(day);
	for (size_t i = 0; i < sizeof eras / sizeof *eras; i++) {
		if (day_compare(day, day_from_civil(eras[i].first)) < 0)
			continue;
		int year = date.year - eras[i].first.year + 1;
		int written =
			year == 1 ? snprintf(text, size, "%s元年%d月%d日", eras[i].name, date.month, date.day)
				  : snprintf(text, size, "%s%d年%d月%d日", eras[i].name, year, date.month,
					    date.day);
		return written >= 0 && (size_t)written < size ? OUTCOME_OK : OUTCOME_INVALID;
	}
	return OUTCOME_INVALID;
}

bool day_range_holds(struct day_range range, struct day day)
{
	if (range.first.known && day_compare(day, range.first.day) < 0)
		return false;
	return !range.last.known || day_compare(day, range.last.day) <= 0;
}
