#include "terminal/options.h"

#include <stdlib.h>
#include <string.h>

#include "terminal/clean.h"
#include "terminal/utf8.h"
#include "terminal/written_date.h"

#define URL_DEFAULT "http://127.0.0.1:8080"
#define NAME_SHOWN_MAX 64

const struct option_rule option_rules[OPTION_COUNT] = {
#define OPTION_RULE(name, option, argument, uses, help) { option, argument, uses, help },
	OPTIONS(OPTION_RULE)
#undef OPTION_RULE
};

static const char *const consent_keys[CONSENT_COUNT] = {
#define CONSENT_KEY(name, key) key,
	CONSENTS(CONSENT_KEY)
#undef CONSENT_KEY
};

/* A card proves itself and has no typed numbers, so it is not among these: see --card and --pkcs11. */
static const char *const kinds[] = { "eligibility_certificate", "qualification_notice", "portal_record",
	"insurance_card" };
static const char *const settings[] = { "standard", "school" };
static const char *const holder_verifications[] = { "face", "pin", "visual" };

static const char not_a_date[] =
	"日付として読めません（例 1980-05-17、1980/5/17、S55.5.17、昭和55年5月17日） / is not a date";

const char *option_text(enum option option)
{
	return option_rules[option].text;
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

/* Not the whole word: people do try --token=… and --pin=…, and stderr is often kept. */
static enum outcome complain_unknown(FILE *complaints, const char *word)
{
	if (strncmp(word, "--token", 7) == 0)
		return complain(complaints, "--token",
			"unknown option; a token never stands on the command line, see --token-file");
	if (strncmp(word, "--pin", 5) == 0)
		return complain(complaints, "--pin",
			"unknown option; a PIN never stands on the command line, see --pin-file");
	char name[NAME_SHOWN_MAX];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	return complain(complaints, name, "unknown option");
}

/* The option that a word names, with its value when written --option=value; OPTION_COUNT when there is none. */
static enum option find_option(const char *word, const char **value)
{
	size_t length = strcspn(word, "=");
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (strlen(option_rules[i].text) == length &&
			strncmp(option_rules[i].text, word, length) == 0) {
			*value = word[length] == '=' ? word + length + 1 : NULL;
			return (enum option)i;
		}
	}
	return OPTION_COUNT;
}

static enum outcome read_words(int count, char *const words[], struct options *options, FILE *complaints)
{
	for (int i = 0; i < count; i++) {
		const char *value = NULL;
		enum option option = find_option(words[i], &value);
		if (option == OPTION_COUNT)
			return complain_unknown(complaints, words[i]);
		if (options->given[option] != NULL)
			return complain(complaints, option_rules[option].text, "given twice");
		if (option_rules[option].argument == NULL) {
			if (value != NULL)
				return complain(complaints, option_rules[option].text, "takes no value");
			options->given[option] = "";
			continue;
		}
		if (value == NULL) {
			if (i + 1 >= count || strncmp(words[i + 1], "--", 2) == 0)
				return complain(complaints, option_rules[option].text, "needs a value");
			value = words[++i];
		}
		if (value[0] == '\0')
			return complain(complaints, option_rules[option].text, "the value is empty");
		if (!utf8_is_valid(value, strlen(value)))
			return complain(complaints, option_rules[option].text, "the value is not UTF-8");
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

static enum outcome read_consents(const char *list, struct options *options)
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

static enum outcome read_timeout_option(struct options *options, FILE *complaints)
{
	options->timeout_ms = TIMEOUT_DEFAULT_MS;
	const char *timeout = options->given[OPTION_TIMEOUT];
	if (timeout != NULL && read_timeout(timeout, &options->timeout_ms) != OUTCOME_OK)
		return complain(
			complaints, "--timeout", "0 より大きく 600 以下の秒数 / is not seconds up to 600");
	return OUTCOME_OK;
}

/* Why an option that is for something else may not be used here, `uses`. */
static const char *not_for(unsigned option_uses, unsigned uses)
{
	if ((uses & FOR_DOCTOR) != 0)
		return "is not for the doctor";
	if (option_uses == FOR_LIMIT)
		return "限度額の照会（limit）でだけ使えます / is only for limit";
	if ((uses & FOR_CARD) != 0)
		return "カードで確認するときは使えません / is not for a check by card";
	return "is only for a check by card";
}

/* Whether the options belong to what is done, and to each other. */
static enum outcome read_uses(struct options *options, unsigned uses, FILE *complaints)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (options->given[i] != NULL && (option_rules[i].uses & uses) == 0)
			return complain(
				complaints, option_rules[i].text, not_for(option_rules[i].uses, uses));
	}
	if (options->given[OPTION_CARD] != NULL && options->given[OPTION_PKCS11] != NULL)
		return complain(complaints, "--card", "is not for a check with --pkcs11");
	static const enum option of_reader[] = { OPTION_PKCS11_LABEL, OPTION_PIN_FILE };
	for (size_t i = 0; i < sizeof of_reader / sizeof of_reader[0]; i++) {
		if (options->given[of_reader[i]] != NULL && options->given[OPTION_PKCS11] == NULL)
			return complain(complaints, option_rules[of_reader[i]].text, "needs --pkcs11");
	}
	return OUTCOME_OK;
}

static enum outcome read_typed_keys(struct options *options, FILE *complaints)
{
	static const enum option required[] = { OPTION_KIND, OPTION_INSURER, OPTION_NUMBER,
		OPTION_BIRTH_DATE };
	for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
		if (options->given[required[i]] == NULL)
			return complain(complaints, option_rules[required[i]].text,
				"必ず入力してください / is required");
	}
	if (!is_one_of(options->given[OPTION_KIND], kinds, sizeof kinds / sizeof kinds[0]))
		return complain(complaints, "--kind",
			"eligibility_certificate（資格確認書）, qualification_notice（資格情報のお知らせ）, "
			"portal_record（資格情報画面）, insurance_card（従来の健康保険証）のどれか / is not "
			"one of these");
	if (written_date_read(options->given[OPTION_BIRTH_DATE], &options->birth_date) != OUTCOME_OK)
		return complain(complaints, "--birth-date", not_a_date);
	return OUTCOME_OK;
}

static enum outcome read_question(struct options *options, FILE *complaints)
{
	const char *holder = options->given[OPTION_HOLDER_VERIFICATION];
	if (holder != NULL && !is_one_of(holder, holder_verifications,
				      sizeof holder_verifications / sizeof holder_verifications[0]))
		return complain(complaints, "--holder-verification",
			"face（顔）, pin（暗証番号）, visual（目視）のどれか / is not one of these");
	const char *setting = options->given[OPTION_SETTING];
	if (setting != NULL && !is_one_of(setting, settings, sizeof settings / sizeof settings[0]))
		return complain(complaints, "--setting", "standard か school / is neither");
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
	return OUTCOME_OK;
}

/* Digits alone, up to a maximum. */
static enum outcome read_number(const char *text, int64_t max, int64_t *number)
{
	*number = 0;
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] < '0' || text[i] > '9')
			return OUTCOME_INVALID;
		*number = *number * 10 + (text[i] - '0');
		if (*number > max)
			return OUTCOME_INVALID;
	}
	return OUTCOME_OK;
}

static enum outcome read_numbers(struct options *options, FILE *complaints)
{
	static const char yen[] =
		"0円から10,000,000,000円までを数字だけで / is not whole yen up to 10000000000";
	static const struct {
		enum option option;
		int64_t max;
		const char *words;
	} numbers[] = {
		{ OPTION_COST, YEN_MAX, yen },
		{ OPTION_PAID, YEN_MAX, yen },
		{ OPTION_PRIOR_MONTHS, PRIOR_MONTHS_MAX,
			"0 から 11 までの数字 / is not a number from 0 to 11" },
	};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		enum option option = numbers[i].option;
		if (options->given[option] != NULL && read_number(options->given[option], numbers[i].max,
							      &options->numbers[option]) != OUTCOME_OK)
			return complain(complaints, option_rules[option].text, numbers[i].words);
	}
	return OUTCOME_OK;
}

/* A month as YYYY-MM, and a day of care that lies in it. */
static enum outcome read_month(const struct options *options, FILE *complaints)
{
	const char *month = options->given[OPTION_MONTH];
	if (month == NULL)
		return complain(complaints, "--month", "必ず入力してください / is required");
	struct day first;
	char text[DAY_TEXT_SIZE];
	snprintf(text, sizeof text, "%.7s-01", month);
	if (strlen(month) != MONTH_TEXT_SIZE - 1 || day_parse(text, strlen(text), &first) != OUTCOME_OK)
		return complain(complaints, "--month",
			"年月として読めません（例 2026-11） / is not a month, YYYY-MM");
	if (options->visit_date.known && day_compare(day_first_of_month(options->visit_date.day), first) != 0)
		return complain(complaints, "--visit-date",
			"--month の月の日付ではありません / is not a day of --month");
	return OUTCOME_OK;
}

static enum outcome read_limit_question(struct options *options, FILE *complaints)
{
	static const char *const cares[] = { "inpatient", "outpatient" };
	static const char *const diseases[] = { "1", "2", "3" };

	if (read_month(options, complaints) != OUTCOME_OK || read_numbers(options, complaints) != OUTCOME_OK)
		return OUTCOME_INVALID;
	const char *care = options->given[OPTION_CARE];
	if (care != NULL && !is_one_of(care, cares, sizeof cares / sizeof cares[0]))
		return complain(complaints, "--care",
			"inpatient（入院）か outpatient（外来） / is neither inpatient nor outpatient");
	const char *disease = options->given[OPTION_DISEASE];
	if (disease != NULL && !is_one_of(disease, diseases, sizeof diseases / sizeof diseases[0]))
		return complain(complaints, "--disease",
			"1（人工透析）、2（血友病）、3（HIV）のどれか / is not 1, 2 or 3");
	bool has_cost = options->given[OPTION_COST] != NULL;
	if (has_cost && care == NULL)
		return complain(complaints, "--care",
			"総医療費（--cost）には入院・外来の別が必要です / is required with --cost");
	if (!has_cost && care != NULL)
		return complain(complaints, "--care", "needs --cost");
	if (!has_cost && options->given[OPTION_PAID] != NULL)
		return complain(complaints, "--paid", "needs --cost");
	return OUTCOME_OK;
}

static bool asks_for_help(int count, char *const words[])
{
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
			return true;
	}
	return false;
}

static enum outcome read_given(int count, char *const words[], struct options *options, FILE *complaints)
{
	*options = (struct options){ .timeout_ms = TIMEOUT_DEFAULT_MS };
	enum outcome outcome = read_words(count, words, options, complaints);
	options->by_card = options->given[OPTION_CARD] != NULL || options->given[OPTION_PKCS11] != NULL;
	return outcome == OUTCOME_OK ? read_timeout_option(options, complaints) : outcome;
}

/* A question about a person, for which options of `more` may be given too. */
static enum outcome read_command(
	int count, char *const words[], unsigned more, struct options *options, FILE *complaints)
{
	if (asks_for_help(count, words)) {
		*options = (struct options){ .given[OPTION_HELP] = "" };
		return OUTCOME_OK;
	}
	enum outcome outcome = read_given(count, words, options, complaints);
	if (outcome == OUTCOME_OK)
		outcome = read_uses(options, (options->by_card ? FOR_CARD : FOR_TYPED) | more, complaints);
	if (outcome == OUTCOME_OK && !options->by_card)
		outcome = read_typed_keys(options, complaints);
	return outcome == OUTCOME_OK ? read_question(options, complaints) : outcome;
}

enum outcome check_options_read(int count, char *const words[], struct options *options, FILE *complaints)
{
	return read_command(count, words, 0, options, complaints);
}

enum outcome limit_options_read(int count, char *const words[], struct options *options, FILE *complaints)
{
	enum outcome outcome = read_command(count, words, FOR_LIMIT, options, complaints);
	if (outcome != OUTCOME_OK || options->given[OPTION_HELP] != NULL)
		return outcome;
	return read_limit_question(options, complaints);
}

enum outcome doctor_options_read(int count, char *const words[], struct options *options, FILE *complaints)
{
	if (asks_for_help(count, words)) {
		*options = (struct options){ .given[OPTION_HELP] = "" };
		return OUTCOME_OK;
	}
	enum outcome outcome = read_given(count, words, options, complaints);
	return outcome == OUTCOME_OK ? read_uses(options, FOR_DOCTOR, complaints) : outcome;
}

const char *options_url(const struct options *options)
{
	if (options->given[OPTION_URL] != NULL)
		return options->given[OPTION_URL];
	const char *url = getenv("SHIKAKU_URL");
	return url != NULL && url[0] != '\0' ? url : URL_DEFAULT;
}
