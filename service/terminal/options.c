#include "terminal/options.h"

#include <string.h>

#include "terminal/clean.h"
#include "terminal/exit_codes.h"
#include "terminal/utf8.h"
#include "terminal/width.h"
#include "terminal/written_date.h"

#define HELP_COLUMN 30

struct option_rule {
	const char *text;
	const char *argument;
	const char *help;
};

static const struct option_rule rules[OPTION_COUNT] = {
#define OPTION_RULE(name, option, argument, help) { option, argument, help },
	OPTIONS(OPTION_RULE)
#undef OPTION_RULE
};

static const char *const consent_keys[CONSENT_COUNT] = {
#define CONSENT_KEY(name, key) key,
	CONSENTS(CONSENT_KEY)
#undef CONSENT_KEY
};

/* A card proves itself and has no typed numbers, so it is not among these. */
static const char *const kinds[] = { "eligibility_certificate", "qualification_notice", "portal_record",
	"insurance_card" };
static const char *const settings[] = { "standard", "school" };

const char *option_text(enum option option)
{
	return rules[option].text;
}

const char *consent_key(enum consent consent)
{
	return consent_keys[consent];
}

static enum outcome complain(FILE *complaints, const char *subject, const char *words)
{
	fputs("shikaku-terminal: ", complaints);
	clean_print(complaints, subject);
	fprintf(complaints, ": %s\n", words);
	return OUTCOME_INVALID;
}

/* The option that a word names, with its value when written --option=value; OPTION_COUNT when there is none. */
static enum option find_option(const char *word, const char **value)
{
	size_t length = strcspn(word, "=");
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (strlen(rules[i].text) == length && strncmp(rules[i].text, word, length) == 0) {
			*value = word[length] == '=' ? word + length + 1 : NULL;
			return (enum option)i;
		}
	}
	return OPTION_COUNT;
}

static enum outcome read_words(
	int count, char *const words[], struct check_options *options, FILE *complaints)
{
	for (int i = 0; i < count; i++) {
		const char *value = NULL;
		enum option option = find_option(words[i], &value);
		if (option == OPTION_COUNT) {
			/* Not the whole word: people do try --token=…, and stderr is often kept. */
			if (strncmp(words[i], "--token", 7) == 0)
				return complain(complaints, "--token",
					"unknown option; a token never stands on the command line, see "
					"--token-file");
			return complain(complaints, words[i], "unknown option");
		}
		if (options->given[option] != NULL)
			return complain(complaints, rules[option].text, "given twice");
		if (rules[option].argument == NULL) {
			if (value != NULL)
				return complain(complaints, rules[option].text, "takes no value");
			options->given[option] = "";
			continue;
		}
		if (value == NULL) {
			if (i + 1 >= count || strncmp(words[i + 1], "--", 2) == 0)
				return complain(complaints, rules[option].text, "needs a value");
			value = words[++i];
		}
		if (value[0] == '\0')
			return complain(complaints, rules[option].text, "the value is empty");
		if (!utf8_is_valid(value, strlen(value)))
			return complain(complaints, rules[option].text, "the value is not UTF-8");
		options->given[option] = value;
	}
	return OUTCOME_OK;
}

static bool is_one_of(const char *value, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(value, list[i]) == 0)
			return true;
	}
	return false;
}

static enum outcome read_consents(const char *list, struct check_options *options)
{
	for (;;) {
		size_t length = strcspn(list, ",");
		int found = 0;
		while (found < CONSENT_COUNT && (strlen(consent_keys[found]) != length ||
							strncmp(consent_keys[found], list, length) != 0))
			found++;
		if (found == CONSENT_COUNT)
			return OUTCOME_INVALID;
		options->consents[found] = true;
		if (list[length] == '\0')
			return OUTCOME_OK;
		list += length + 1;
	}
}

/* Seconds with up to three decimals, above 0. */
static enum outcome read_timeout(const char *text, long *milliseconds)
{
	long whole = 0;
	size_t at = 0;
	for (; text[at] >= '0' && text[at] <= '9'; at++) {
		whole = whole * 10 + (text[at] - '0');
		if (whole > TIMEOUT_MAX_SECONDS)
			return OUTCOME_INVALID;
	}
	if (at == 0)
		return OUTCOME_INVALID;
	long thousandths = 0;
	if (text[at] == '.') {
		at++;
		size_t decimals = strlen(text + at);
		if (decimals == 0 || decimals > 3 || strspn(text + at, "0123456789") != decimals)
			return OUTCOME_INVALID;
		for (size_t i = 0; i < 3; i++)
			thousandths = thousandths * 10 + (i < decimals ? text[at + i] - '0' : 0);
	} else if (text[at] != '\0') {
		return OUTCOME_INVALID;
	}
	*milliseconds = whole * 1000 + thousandths;
	return *milliseconds > 0 && *milliseconds <= TIMEOUT_MAX_SECONDS * 1000L ? OUTCOME_OK
										 : OUTCOME_INVALID;
}

static enum outcome read_values(struct check_options *options, FILE *complaints)
{
	static const enum option required[] = { OPTION_KIND, OPTION_INSURER, OPTION_NUMBER,
		OPTION_BIRTH_DATE };
	for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
		if (options->given[required[i]] == NULL)
			return complain(
				complaints, rules[required[i]].text, "必ず入力してください / is required");
	}
	if (!is_one_of(options->given[OPTION_KIND], kinds, sizeof kinds / sizeof kinds[0]))
		return complain(complaints, "--kind",
			"eligibility_certificate（資格確認書）, qualification_notice（資格情報のお知らせ）, "
			"portal_record（資格情報画面）, insurance_card（従来の健康保険証）のどれか / is not "
			"one of these");
	const char *setting = options->given[OPTION_SETTING];
	if (setting != NULL && !is_one_of(setting, settings, sizeof settings / sizeof settings[0]))
		return complain(complaints, "--setting", "standard か school / is neither");

	static const char *const not_a_date =
		"日付として読めません（例 1980-05-17、1980/5/17、S55.5.17、昭和55年5月17日） / is not a date";
	if (written_date_read(options->given[OPTION_BIRTH_DATE], &options->birth_date) != OUTCOME_OK)
		return complain(complaints, "--birth-date", not_a_date);
	const char *visit = options->given[OPTION_VISIT_DATE];
	if (visit != NULL) {
		if (written_date_read(visit, &options->visit_date.day) != OUTCOME_OK)
			return complain(complaints, "--visit-date", not_a_date);
		options->visit_date.known = true;
	}

	const char *consents = options->given[OPTION_CONSENT];
	if (consents != NULL && read_consents(consents, options) != OUTCOME_OK)
		return complain(complaints, "--consent",
			"limit_information, surgeries, diagnoses_medicines, health_checkups, "
			"specific_diseases を"
			"「,」で区切ります / is not a list of these");
	options->timeout_ms = TIMEOUT_DEFAULT_MS;
	const char *timeout = options->given[OPTION_TIMEOUT];
	if (timeout != NULL && read_timeout(timeout, &options->timeout_ms) != OUTCOME_OK)
		return complain(
			complaints, "--timeout", "0 より大きく 600 以下の秒数 / is not seconds up to 600");
	return OUTCOME_OK;
}

enum outcome check_options_read(
	int count, char *const words[], struct check_options *options, FILE *complaints)
{
	*options = (struct check_options){ .timeout_ms = TIMEOUT_DEFAULT_MS };
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
			options->given[OPTION_HELP] = "";
			return OUTCOME_OK;
		}
	}
	enum outcome outcome = read_words(count, words, options, complaints);
	return outcome == OUTCOME_OK ? read_values(options, complaints) : outcome;
}

void check_usage_print(FILE *out)
{
	fputs("usage: shikaku-terminal check --kind KIND --insurer NUMBER [--symbol TEXT] --number TEXT\n"
	      "                              [--branch NN] --birth-date DATE [options]\n"
	      "       shikaku-terminal check --help\n",
		out);
}

void check_help_print(FILE *out)
{
	check_usage_print(out);
	fputs("\nAsks the service whether the person is covered on the day of care, by what a document "
	      "shows.\n"
	      "\nOptions:\n",
		out);
	for (int i = 0; i < OPTION_COUNT; i++) {
		/* The list above is ours and short, so the bound is never met. */
		char left[HELP_COLUMN];
		snprintf(left, sizeof left, "  %s%s%s", rules[i].text, rules[i].argument != NULL ? " " : "",
			rules[i].argument != NULL ? rules[i].argument : "");
		fputs(left, out);
		width_pad(out, left, HELP_COLUMN);
		fprintf(out, "%s\n", rules[i].help);
	}
	fputs("\nA value may also follow as --option=value, which is the way for one that begins with "
	      "\"--\".\n"
	      "A token never stands on the command line, where every process of the machine could read it.\n"
	      "\nExit codes:\n",
		out);
#define EXIT_CODE_LINE(name, number, words) fprintf(out, "  %2d  %s\n", number, words);
	EXIT_CODES(EXIT_CODE_LINE)
#undef EXIT_CODE_LINE
}
