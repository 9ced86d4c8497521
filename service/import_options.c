#include "import_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct texts {
	const char *insurer;
	const char *mode;
	const char *percent;
	const char *lost_on;
	const char *format;
	const char *encoding;
};

static bool wrong(const char *words)
{
	fprintf(stderr, "shikakud import: %s\n", words);
	return false;
}

static bool read_words(struct import_options *options, struct texts *texts, int count, char *const words[])
{
	const struct {
		const char *name;
		const char **value;
	} valued[] = { { "--insurer", &texts->insurer }, { "--mode", &texts->mode },
		{ "--missing-max-percent", &texts->percent }, { "--missing-lost-on", &texts->lost_on },
		{ "--format", &texts->format }, { "--encoding", &texts->encoding } };
	const struct {
		const char *name;
		bool *flag;
	} flags[] = { { "--partial", &options->wish.keep_good_rows },
		{ "--end-missing", &options->wish.end_missing } };
	for (int i = 0; i < count; i++) {
		bool known = false;
		for (size_t k = 0; k < sizeof valued / sizeof *valued && !known; k++) {
			known = strcmp(words[i], valued[k].name) == 0;
			if (known && i + 1 == count)
				return wrong("an option has no value; see shikakud help");
			if (known)
				*valued[k].value = words[++i];
		}
		for (size_t k = 0; k < sizeof flags / sizeof *flags && !known; k++) {
			known = strcmp(words[i], flags[k].name) == 0;
			if (known)
				*flags[k].flag = true;
		}
		if (known)
			continue;
		if (options->file != NULL || (words[i][0] == '-' && words[i][1] != '\0'))
			return wrong("unknown option; see shikakud help");
		options->file = words[i];
	}
	return true;
}

static bool ends_in(const char *name, const char *end)
{
	size_t length = strlen(name);
	return length >= strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

static bool is_ndjson_by_name(const char *file)
{
	static const char *const ends[] = { ".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz" };
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (ends_in(file, ends[i]))
			return true;
	}
	return false;
}

static bool read_form(struct import_options *options, const struct texts *texts)
{
	struct import_form *form = &options->wish.form;
	bool ndjson = texts->format == NULL ? is_ndjson_by_name(options->file)
					    : strcmp(texts->format, "ndjson") == 0;
	bool cp932 = texts->encoding != NULL &&
		     (strcmp(texts->encoding, "cp932") == 0 || strcmp(texts->encoding, "shift_jis") == 0);
	if (texts->format != NULL && !ndjson && strcmp(texts->format, "csv") != 0)
		return wrong("--format must be csv or ndjson");
	if (texts->encoding != NULL && !cp932 && strcmp(texts->encoding, "utf-8") != 0)
		return wrong("--encoding must be utf-8 or cp932");
	if (ndjson && cp932)
		return wrong("NDJSON is UTF-8");
	form->format = ndjson ? IMPORT_NDJSON : IMPORT_CSV;
	form->encoding = cp932 ? IMPORT_CP932 : IMPORT_UTF8;
	form->packing = IMPORT_AS_IT_SEEMS;
	return true;
}

static bool read_missing(struct import_wish *wish, const struct texts *texts)
{
	struct day day;
	if (wish->end_missing != (texts->percent != NULL) || wish->end_missing != (texts->lost_on != NULL))
		return wrong("--end-missing goes together with --missing-max-percent and --missing-lost-on");
	if (!wish->end_missing)
		return true;
	if (!wish->full)
		return wrong("--end-missing goes together with --mode full");
	char *end = NULL;
	double percent = strtod(texts->percent, &end);
	if (end == texts->percent || *end != '\0' || !(percent >= 0 && percent <= 100))
		return wrong("--missing-max-percent must be a number from 0 to 100");
	if (day_parse(texts->lost_on, strlen(texts->lost_on), &day) != OUTCOME_OK)
		return wrong("--missing-lost-on must be a date, YYYY-MM-DD");
	(void)snprintf(wish->missing_max_percent, sizeof wish->missing_max_percent, "%.2f", percent);
	day_format(day, wish->missing_lost_on);
	return true;
}

bool import_options_read(struct import_options *options, int count, char *const words[])
{
	struct texts texts = { .insurer = NULL };
	*options = (struct import_options){ .file = NULL };
	if (!read_words(options, &texts, count, words))
		return false;
	if (options->file == NULL)
		return wrong("which file? - is standard input; see shikakud help");
	if (texts.insurer == NULL || insurer_number_normalise(texts.insurer, strlen(texts.insurer),
					     options->wish.insurer_number) != OUTCOME_OK)
		return wrong("--insurer must be the insurer's number (保険者番号)");
	options->wish.full = texts.mode != NULL && strcmp(texts.mode, "full") == 0;
	if (texts.mode != NULL && !options->wish.full && strcmp(texts.mode, "changes") != 0)
		return wrong("--mode must be changes or full");
	return read_form(options, &texts) && read_missing(&options->wish, &texts);
}
