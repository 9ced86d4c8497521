#include "terminal/decision.h"

#include <stddef.h>
#include <string.h>

static json_t *read_told(struct fields *fields, json_t *object, const char *key)
{
	json_t *list = json_object_get(object, key);
	if (!json_is_array(list))
		field_refuse(fields, key);
	size_t index;
	json_t *item;
	json_array_foreach(list, index, item)
	{
		field_text(fields, item, "code");
		field_text(fields, item, "text");
	}
	return list;
}

void decision_read(struct fields *fields, json_t *document, struct decision *decision)
{
	static const char *const validities[] = { "valid", "invalid", "invalid_newer_exists", "not_found",
		"multiple", NULL };
	static const char *const scopes[] = { "full", "qualification_only", NULL };

	decision->check_id = field_text(fields, document, "check_id");
	decision->checked_at = field_text(fields, document, "checked_at");
	decision->visit_date = field_day(fields, document, "visit_date");
	decision->validity =
		json_is_null(json_object_get(document, "validity"))
			? ANSWER_CARD_NOT_USABLE
			: (enum answer_validity)field_choice(fields, document, "validity", validities);
	decision->accepted = field_flag(fields, document, "accepted");
	decision->has_scope = !json_is_null(json_object_get(document, "scope"));
	if (decision->has_scope)
		decision->qualification_only = field_choice(fields, document, "scope", scopes) == 1;
	else if (decision->accepted)
		field_refuse(fields, "scope");
	decision->reasons = read_told(fields, document, "reasons");
	decision->next_actions = read_told(fields, document, "next_actions");
}

/* How many of the reasons are those of a card that may not be used. */
static size_t reasons_against_card(const struct decision *decision)
{
	static const char *const against[] = { "card_revoked", "card_suspended", "certificate_expired",
		"card_not_registered" };
	size_t found = 0;
	size_t index;
	json_t *reason;
	json_array_foreach(decision->reasons, index, reason)
	{
		const char *code = json_string_value(json_object_get(reason, "code"));
		for (size_t i = 0; i < sizeof against / sizeof against[0]; i++)
			found += strcmp(code, against[i]) == 0;
	}
	return found;
}

const char *decision_contradiction(
	const struct decision *decision, bool by_card, struct optional_day visit_date)
{
	bool not_usable = decision->validity == ANSWER_CARD_NOT_USABLE;
	if (decision->accepted && decision->validity != ANSWER_VALID)
		return "accepted without being valid";
	if (visit_date.known && day_compare(decision->visit_date, visit_date.day) != 0)
		return "the answer is for another visit date";
	/* R5.3: no validity goes with exactly one reason against the card. */
	if (not_usable && !by_card)
		return "no validity, and no card was shown";
	if (not_usable && decision->has_scope)
		return "a scope of a card that may not be used";
	if (by_card && reasons_against_card(decision) != (not_usable ? 1u : 0u))
		return "the reasons do not say why the card may not be used, or may";
	return NULL;
}

enum exit_code decision_exit_code(const struct decision *decision)
{
	switch (decision->validity) {
	case ANSWER_VALID:
		return decision->accepted ? EXIT_CODE_ACCEPTED : EXIT_CODE_NOT_ACCEPTED;
	case ANSWER_INVALID:
		return EXIT_CODE_INVALID;
	case ANSWER_INVALID_NEWER_EXISTS:
		return EXIT_CODE_INVALID_NEWER_EXISTS;
	case ANSWER_NOT_FOUND:
		return EXIT_CODE_NOT_FOUND;
	case ANSWER_MULTIPLE:
		return EXIT_CODE_MULTIPLE;
	case ANSWER_CARD_NOT_USABLE:
		return EXIT_CODE_NOT_ACCEPTED;
	}
	return EXIT_CODE_NOT_UNDERSTOOD;
}
