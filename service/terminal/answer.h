/* The service's answer to a check, understood or refused. Strict on purpose: whatever is missing, unknown, contradictory or about
 * someone else makes the whole answer one that we do not understand, because the other way to fail is to show 有効 by mistake. */
#ifndef SHIKAKU_TERMINAL_ANSWER_H
#define SHIKAKU_TERMINAL_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/calendar.h"
#include "base/outcome.h"
#include "terminal/decision.h"
#include "terminal/options.h"

enum answer_relationship { ANSWER_INSURED, ANSWER_DEPENDENT };
enum answer_sex { ANSWER_MALE, ANSWER_FEMALE, ANSWER_SEX_UNSPECIFIED };
enum answer_loss {
	ANSWER_NO_LOSS,
	ANSWER_DEATH,
	ANSWER_PUBLIC_ASSISTANCE,
	ANSWER_OTHER_INSURANCE,
	ANSWER_OTHER_LOSS
};
enum answer_basis { ANSWER_STANDARD, ANSWER_PRESCHOOL, ANSWER_ELDERLY, ANSWER_LATE_ELDERLY };
enum answer_limit_paper {
	ANSWER_NO_PAPER,
	ANSWER_LIMIT_PAPER, /* 01 */
	ANSWER_LIMIT_AND_MEALS_PAPER, /* 02 */
	ANSWER_MEALS_PAPER /* 03 */
};

/* Texts are borrowed from the document, as sent: print them with clean_print. NULL where the answer says null. */
struct answer_qualification {
	const char *insurer_number;
	const char *insurer_name;
	const char *symbol;
	const char *number;
	const char *branch_number;
	const char *insured_name;
	const char *name;
	const char *name_kana;
	enum answer_relationship relationship;
	enum answer_sex sex;
	enum answer_loss loss;
	struct day birth_date;
	struct day acquired_on;
	struct optional_day lost_on; /* the first day without cover (R3.1) */
};

struct answer_copayment {
	int percent; /* 10, 20, 30; 0 where none is registered (R7.1) */
	enum answer_basis basis;
	struct day_range valid;
};

/* 限度額適用認定証の情報, as registered or from the ratio (R7.8, R7.10). Texts as above. */
struct answer_limit {
	const char *category;
	const char *label;
	enum answer_limit_paper paper;
	struct day_range valid;
	struct optional_day long_stay_from;
};

/* Whether the desk may see one kind of medical information (R12.1). */
struct answer_consent {
	bool granted;
	struct civil_date until_date; /* the last moment, in Japan; only when granted */
	int until_hour;
	int until_minute;
	const char *reason; /* a code, why it is not granted */
};

struct answer {
	json_t *document; /* owned */
	struct decision decision;
	bool has_qualification;
	struct answer_qualification qualification;
	bool has_copayment;
	struct answer_copayment copayment;
	struct answer_consent consents[CONSENT_COUNT]; /* all but CONSENT_LIMIT_INFORMATION, which has none */
	bool has_limit;
	struct answer_limit limit;
	json_t *specific_diseases; /* NULL, or an array of objects with a "category" and a "self_pay"; borrowed */
};

/* What was asked, to notice an answer that is about another person or day, or that gives away what was not agreed to. */
struct answer_expected {
	bool by_card;
	struct day birth_date; /* by typed keys only: a card does not tell it */
	const bool *agreed; /* by enum consent */
	struct optional_day visit_date;
};

/* OUTCOME_INVALID: not understood, and `why` (English, in the program's own memory) says what. After OUTCOME_OK the caller ends
 * with answer_free. */
enum outcome MUST_CHECK answer_read(const char *body, size_t length, const struct answer_expected *expected,
	struct answer *answer, const char **why);

void answer_free(struct answer *answer);

#endif
