#include "terminal/written_date.h"

#include <stdbool.h>
#include <string.h>

#include "terminal/utf8.h"

#define WRITTEN_MAX 64

struct era {
	char letter;
	const char *name;
	const char *short_name;
	const char *square; /* one character for the two of the name */
	struct civil_date first;
	struct civil_date last;
};

/* R1.2. 明治 begins where day_format_era does. */
static const struct era eras[] = {
	{ 'M', "明治", "明", "㍾", { 1868, 1, 25 }, { 1912, 7, 29 } },
	{ 'T', "大正", "大", "㍽", { 1912, 7, 30 }, { 1926, 12, 24 } },
	{ 'S', "昭和", "昭", "㍼", { 1926, 12, 25 }, { 1989, 1, 7 } },
	{ 'H', "平成", "平", "㍻", { 1989, 1, 8 }, { 2019, 4, 30 } },
	{ 'R', "令和", "令", "㋿", { 2019, 5, 1 }, { 9999, 12, 31 } },
};

/* Full-width letters, digits and signs become half-width, small letters capital, spaces vanish. */
static enum outcome fold(const char *text, char folded[WRITTEN_MAX])
{
	size_t left = strlen(text);
	size_t used = 0;
	while (left > 0) {
		uint32_t character;
		size_t bytes = utf8_next(text, left, &character);
		if (bytes == 0)
			return OUTCOME_INVALID;
		text += bytes;
		left -= bytes;
		if (character == ' ' || character == 0x3000)
			continue;
		if (character >= 0xff01 && character <= 0xff5e)
			character -= 0xff01 - 0x21;
		if (character >= 'a' && character <= 'z')
			character -= 'a' - 'A';
		if (used + UTF8_MAX_BYTES >= WRITTEN_MAX)
			return OUTCOME_INVALID;
		used += utf8_write(character, folded + used);
	}
	folded[used] = '\0';
	return OUTCOME_OK;
}

static bool skip(const char **at, const char *word)
{
	size_t length = strlen(word);
	if (strncmp(*at, word, length) != 0)
		return false;
	*at += length;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_at(const char *at)
{
	size_t count = 0;
	while (is_digit(at[count]))
		count++;
	return count;
}

static int take(const char **at, size_t digits)
{
	int number = 0;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (*(*at)++ - '0');
	return number;
}

/* Up to `most` digits, at least one. */
static bool take_number(const char **at, size_t most, int *number)
{
	size_t digits = digits_at(*at);
	if (digits == 0 || digits > most)
		return false;
	*number = take(at, digits);
	return true;
}

static const struct era *take_era(const char **at)
{
	for (size_t i = 0; i < sizeof eras / sizeof eras[0]; i++) {
		const char letter[] = { eras[i].letter, '\0' };
		if (skip(at, eras[i].name) || skip(at, eras[i].short_name) || skip(at, eras[i].square) ||
			skip(at, letter))
			return &eras[i];
	}
	return NULL;
}

/* Month and day after a separator that is the same twice, or 年 月 日. */
static bool take_month_and_day(const char **at, struct civil_date *date)
{
	if (skip(at, "年"))
		return take_number(at, 2, &date->month) && skip(at, "月") && take_number(at, 2, &date->day) &&
		       skip(at, "日");
	if (**at != '-' && **at != '/' && **at != '.')
		return false;
	char separator = *(*at)++;
	return take_number(at, 2, &date->month) && *(*at)++ == separator && take_number(at, 2, &date->day);
}

/* Leaves *date as written: a year of the era, where one is named. */
static bool take_date(const char *at, const struct era *era, struct civil_date *date)
{
	size_t year_digits = era != NULL ? 2 : 4;
	if (digits_at(at) == year_digits + 4) {
		date->year = take(&at, year_digits);
		date->month = take(&at, 2);
		date->day = take(&at, 2);
		return *at == '\0';
	}
	if (era != NULL && skip(&at, "元"))
		date->year = 1;
	else if ((era == NULL && digits_at(at) != 4) || !take_number(&at, year_digits, &date->year))
		return false;
	return take_month_and_day(&at, date) && *at == '\0';
}

static bool exists(struct civil_date date)
{
	if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31)
		return false;
	struct civil_date back = day_to_civil(day_from_civil(date));
	return back.year == date.year && back.month == date.month && back.day == date.day;
}

enum outcome written_date_read(const char *text, struct day *day)
{
	char folded[WRITTEN_MAX];
	if (fold(text, folded) != OUTCOME_OK)
		return OUTCOME_INVALID;
	const char *at = folded;
	const struct era *era = take_era(&at);
	struct civil_date date;
	if (!take_date(at, era, &date))
		return OUTCOME_INVALID;
	if (era != NULL) {
		if (date.year < 1)
			return OUTCOME_INVALID;
		date.year += era->first.year - 1;
	}
	if (date.year < 1868 || date.year > 9999 || !exists(date))
		return OUTCOME_INVALID;
	*day = day_from_civil(date);
	if (era != NULL && (day_compare(*day, day_from_civil(era->first)) < 0 ||
				   day_compare(*day, day_from_civil(era->last)) > 0))
		return OUTCOME_INVALID;
	return OUTCOME_OK;
}
