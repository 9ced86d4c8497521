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

/* Whether the options belong to what is done, and to each other. */
static enum outcome read_uses(struct options *options, unsigned use, FILE *complaints)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (options->given[i] == NULL || (option_rules[i].uses & use) != 0)
			continue;
		if (use == FOR_CARD)
			return complain(complaints, option_rules[i].text,
				"カードで確認するときは使えません / is not for a check by card");
		return complain(complaints, option_rules[i].text,
			use == FOR_DOCTOR ? "is not for the doctor" : "is only for a check by card");
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

enum outcome check_options_read(int count, char *const words[], struct options *options, FILE *complaints)
{
	if (asks_for_help(count, words)) {
		*options = (struct options){ .given[OPTION_HELP] = "" };
		return OUTCOME_OK;
	}
	enum outcome outcome = read_given(count, words, options, complaints);
	if (outcome == OUTCOME_OK)
		outcome = read_uses(options, options->by_card ? FOR_CARD : FOR_TYPED, complaints);
	if (outcome == OUTCOME_OK && !options->by_card)
		outcome = read_typed_keys(options, complaints);
	return outcome == OUTCOME_OK ? read_question(options, complaints) : outcome;
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
