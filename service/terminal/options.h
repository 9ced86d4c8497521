/* The command line of `shikaku-terminal check`: one list feeds reading, --help, and the words for a field that the service
 * refused. No abbreviations, no option twice: at a desk a guess asks for the wrong person. */
#ifndef SHIKAKU_TERMINAL_OPTIONS_H
#define SHIKAKU_TERMINAL_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/outcome.h"

#define TIMEOUT_DEFAULT_MS 10000
#define TIMEOUT_MAX_SECONDS 600

/* X(name, option, what follows it or NULL, help) */
#define OPTIONS(X) \
	X(KIND, "--kind", "KIND", \
		"what was shown: eligibility_certificate, qualification_notice, portal_record, " \
		"insurance_card") \
	X(INSURER, "--insurer", "NUMBER", "保険者番号, 8 digits (6 for 国保)") \
	X(SYMBOL, "--symbol", "TEXT", "記号, when the document shows one") \
	X(NUMBER, "--number", "TEXT", "番号") \
	X(BRANCH, "--branch", "NN", "枝番, 2 digits, when the document shows one") \
	X(BIRTH_DATE, "--birth-date", "DATE", "生年月日: 1980-05-17, 1980/5/17, S55.5.17, 昭和55年5月17日") \
	X(VISIT_DATE, "--visit-date", "DATE", "受診日 (default: today in Japan)") \
	X(KNOWN_AT, "--known-at", "TIME", "as registered at that moment, RFC 3339") \
	X(SETTING, "--setting", "SETTING", "standard (default) or school") \
	X(WITH_CARD, "--with-card", NULL, "a My Number Card was shown too") \
	X(CONSENT, "--consent", "LIST", \
		"comma-separated: limit_information, surgeries, diagnoses_medicines, health_checkups, " \
		"specific_diseases") \
	X(REFERENCE_NUMBER, "--reference-number", "TEXT", "the clinic's own patient number") \
	X(JSON, "--json", NULL, "print the service's answer as it came") \
	X(SHOW_REQUEST, "--show-request", NULL, "print the request first") \
	X(VERBOSE, "--verbose", NULL, "English details on stderr") \
	X(URL, "--url", "URL", "the service (default: SHIKAKU_URL, else http://127.0.0.1:8080)") \
	X(TOKEN_FILE, "--token-file", "FILE", \
		"the bearer token (default: SHIKAKU_TOKEN_FILE, else SHIKAKU_TOKEN)") \
	X(TIMEOUT, "--timeout", "SECONDS", \
		"give up after this time (default 10, at most 600, decimals allowed)") \
	X(HELP, "--help", NULL, "this text")

enum option {
#define OPTION_NAME(name, option, argument, help) OPTION_##name,
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

struct check_options {
	const char
		*given[OPTION_COUNT]; /* borrowed from argv; NULL when absent, "" for one without a value */
	struct day birth_date;
	struct optional_day visit_date;
	bool consents[CONSENT_COUNT];
	long timeout_ms;
};

const char *option_text(enum option option);
const char *consent_key(enum consent consent);

/* Reads what follows `check`. Says on `complaints` what is wrong; then OUTCOME_INVALID. With --help nothing else is looked at. */
enum outcome MUST_CHECK check_options_read(
	int count, char *const words[], struct check_options *options, FILE *complaints);

void check_usage_print(FILE *out);
void check_help_print(FILE *out);

#endif
