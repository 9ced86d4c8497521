/* The command line of `shikaku-terminal check`, `limit` and `doctor`: one list feeds reading, --help, and the words for a field that the
 * service refused. No abbreviations, no option twice: at a desk a guess asks for the wrong person. */
#ifndef SHIKAKU_TERMINAL_OPTIONS_H
#define SHIKAKU_TERMINAL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/outcome.h"

#define TIMEOUT_DEFAULT_MS 10000
#define TIMEOUT_MAX_SECONDS 600
/* The contract's bounds. */
#define YEN_MAX INT64_C(10000000000)
#define PRIOR_MONTHS_MAX 11
/* "YYYY-MM" and a terminating NUL. */
#define MONTH_TEXT_SIZE 8

/* What an option is for: a check by what a document shows, a check by card, the doctor; and what a limit query has beside a check's. */
#define FOR_TYPED 1u
#define FOR_CARD 2u
#define FOR_DOCTOR 4u
#define FOR_LIMIT 8u
#define FOR_CHECK (FOR_TYPED | FOR_CARD)
#define FOR_READER (FOR_CARD | FOR_DOCTOR)
#define FOR_ALL (FOR_CHECK | FOR_DOCTOR)

/* X(name, option, what follows it or NULL, what it is for, help) */
#define OPTIONS(X) \
	X(KIND, "--kind", "KIND", FOR_TYPED, \
		"what was shown: eligibility_certificate, qualification_notice, portal_record, " \
		"insurance_card") \
	X(INSURER, "--insurer", "NUMBER", FOR_TYPED, "保険者番号, 8 digits (6 for 国保)") \
	X(SYMBOL, "--symbol", "TEXT", FOR_TYPED, "記号, when the document shows one") \
	X(NUMBER, "--number", "TEXT", FOR_TYPED, "番号") \
	X(BRANCH, "--branch", "NN", FOR_TYPED, "枝番, 2 digits, when the document shows one") \
	X(BIRTH_DATE, "--birth-date", "DATE", FOR_TYPED, \
		"生年月日: 1980-05-17, 1980/5/17, S55.5.17, 昭和55年5月17日") \
	X(CARD, "--card", "FILE", FOR_READER, "a card in a file: PEM, private key and certificate") \
	X(PKCS11, "--pkcs11", "MODULE", FOR_READER, "the card in a reader, by the reader's PKCS#11 module") \
	X(PKCS11_LABEL, "--pkcs11-label", "TEXT", FOR_READER, \
		"with --pkcs11: the token of that label (default: the first with a certificate)") \
	X(PIN_FILE, "--pin-file", "FILE", FOR_READER, \
		"with --pkcs11: the PIN (default: check asks for it, doctor does without)") \
	X(HOLDER_VERIFICATION, "--holder-verification", "METHOD", FOR_CARD, \
		"how the holder was verified: face, pin (default with --pkcs11), visual") \
	X(MONTH, "--month", "YYYY-MM", FOR_LIMIT, "受診月: the month of care, e.g. 2026-11") \
	X(COST, "--cost", "YEN", FOR_LIMIT, \
		"総医療費 (10割) of the month in whole yen, without meals; needs --care") \
	X(CARE, "--care", "CARE", FOR_LIMIT, "inpatient (入院) or outpatient (外来); needs --cost") \
	X(PRIOR_MONTHS, "--prior-months", "N", FOR_LIMIT, \
		"of the 11 months before, those that reached the ceiling, 0 to 11 (default: as reported)") \
	X(PAID, "--paid", "YEN", FOR_LIMIT, "what was paid for the month so far; needs --cost") \
	X(DISEASE, "--disease", "N", FOR_LIMIT, \
		"特定疾病: 1 dialysis, 2 haemophilia, 3 HIV; by card, with its --consent") \
	X(VISIT_DATE, "--visit-date", "DATE", FOR_CHECK, \
		"受診日 (default: today in Japan; of a month that is not this one: a day of it)") \
	X(KNOWN_AT, "--known-at", "TIME", FOR_CHECK, "as registered at that moment, RFC 3339") \
	X(SETTING, "--setting", "SETTING", FOR_CHECK, "standard (default) or school") \
	X(WITH_CARD, "--with-card", NULL, FOR_CHECK, "a My Number Card was shown too") \
	X(CONSENT, "--consent", "LIST", FOR_CHECK, \
		"comma-separated: limit_information, surgeries, diagnoses_medicines, health_checkups, " \
		"specific_diseases") \
	X(REFERENCE_NUMBER, "--reference-number", "TEXT", FOR_CHECK, "the clinic's own patient number") \
	X(JSON, "--json", NULL, FOR_CHECK, "print the service's answer as it came") \
	X(SHOW_REQUEST, "--show-request", NULL, FOR_CHECK, "print the request first") \
	X(VERBOSE, "--verbose", NULL, FOR_ALL, "English details on stderr") \
	X(URL, "--url", "URL", FOR_ALL, "the service (default: SHIKAKU_URL, else http://127.0.0.1:8080)") \
	X(TOKEN_FILE, "--token-file", "FILE", FOR_ALL, \
		"the bearer token (default: SHIKAKU_TOKEN_FILE, else SHIKAKU_TOKEN)") \
	X(TIMEOUT, "--timeout", "SECONDS", FOR_ALL, \
		"give up after this time (default 10, at most 600, decimals allowed)") \
	X(HELP, "--help", NULL, FOR_ALL, "this text")

enum option {
#define OPTION_NAME(name, option, argument, uses, help) OPTION_##name,
	OPTIONS(OPTION_NAME)
#undef OPTION_NAME
		OPTION_COUNT
};

/* X(name, key in the request) */
#define CONSENTS(X) \
	X(LIMIT_INFORMATION, "limit_information") \
	X(SURGERIES, "surgeries") \
	X(DIAGNOSES_MEDICINES, "diagnoses_medicines") \
	X(HEALTH_CHECKUPS, "health_checkups") \
	X(SPECIFIC_DISEASES, "specific_diseases")

enum consent {
#define CONSENT_NAME(name, key) CONSENT_##name,
	CONSENTS(CONSENT_NAME)
#undef CONSENT_NAME
		CONSENT_COUNT
};

struct options {
	const char
		*given[OPTION_COUNT]; /* borrowed from argv; NULL when absent, "" for one without a value */
	bool by_card; /* --card or --pkcs11 */
	struct day birth_date; /* by typed keys only */
	struct optional_day visit_date;
	bool consents[CONSENT_COUNT];
	int64_t numbers[OPTION_COUNT]; /* of --cost and --paid (yen) and --prior-months, where given */
	long timeout_ms;
};

struct option_rule {
	const char *text;
	const char *argument; /* NULL for one without a value */
	unsigned uses;
	const char *help;
};
extern const struct option_rule option_rules[OPTION_COUNT];

const char *option_text(enum option option);
const char *consent_key(enum consent consent);

/* Reads what follows `check`, `limit` or `doctor`. Says on `complaints` what is wrong; then OUTCOME_INVALID. With --help nothing else is
 * looked at. */
enum outcome MUST_CHECK check_options_read(
	int count, char *const words[], struct options *options, FILE *complaints);
enum outcome MUST_CHECK limit_options_read(
	int count, char *const words[], struct options *options, FILE *complaints);
enum outcome MUST_CHECK doctor_options_read(
	int count, char *const words[], struct options *options, FILE *complaints);

/* The service that is asked: --url, else SHIKAKU_URL, else one on this machine. Borrowed. */
const char *options_url(const struct options *options);

#endif
