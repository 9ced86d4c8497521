/* What every answer about a person begins with: is the person covered, is what was shown accepted, why, and what to do. */
#ifndef SHIKAKU_TERMINAL_DECISION_H
#define SHIKAKU_TERMINAL_DECISION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/calendar.h"
#include "terminal/answer_fields.h"
#include "terminal/exit_codes.h"

enum answer_validity {
	ANSWER_VALID,
	ANSWER_INVALID,
	ANSWER_INVALID_NEWER_EXISTS,
	ANSWER_NOT_FOUND,
	ANSWER_MULTIPLE,
	ANSWER_CARD_NOT_USABLE, /* null: a genuine card that may not be used, nothing is said of its holder (R5.3) */
};

/* Texts are borrowed from the document, as sent: print them with clean_print. */
struct decision {
	const char *check_id;
	const char *checked_at;
	struct day visit_date;
	enum answer_validity validity;
	bool accepted;
	bool has_scope;
	bool qualification_only;
	json_t *reasons; /* arrays of objects whose "code" and "text" are strings; borrowed */
	json_t *next_actions;
};

void decision_read(struct fields *fields, json_t *document, struct decision *decision);

/* What cannot be true together, or does not answer what was asked, in English; NULL when all fits. Only for a decision that was
 * read without a fault. `visit_date` is the one that was asked for, if any. */
const char *decision_contradiction(
	const struct decision *decision, bool by_card, struct optional_day visit_date);

enum exit_code decision_exit_code(const struct decision *decision);

#endif
