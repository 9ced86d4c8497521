#include "terminal/answer.h"

#include <string.h>

#include "base/clock.h"

/* Remembers the first thing that was wrong. The readers go on with harmless values, so that they need no check each. */
struct reader {
	const char *wrong;
};

static void refuse(struct reader *reader, const char *key)
{
	if (reader->wrong == NULL)
		reader->wrong = key;
}

static const char *read_text(struct reader *reader, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	if (text == NULL)
		refuse(reader, key);
	return text;
}

static const char *read_text_or_null(struct reader *reader, const json_t *object, const char *key)
{
	if (json_is_null(json_object_get(object, key)))
		return NULL;
	return read_text(reader, object, key);
}

static struct day read_day(struct reader *reader, const json_t *object, const char *key)
{
	struct day day = { 0 };
	const char *text = read_text(reader, object, key);
	if (text != NULL && day_parse(text, strlen(text), &day) != OUTCOME_OK)
		refuse(reader, key);
	return day;
}

static struct optional_day read_day_or_null(struct reader *reader, const json_t *object, const char *key)
{
	if (json_is_null(json_object_get(object, key)))
		return (struct optional_day){ .known = false };
	return (struct optional_day){ .known = true, .day = read_day(reader, object, key) };
}

/* The position of the text in a list that ends with NULL. */
static int read_choice(
	struct reader *reader, const json_t *object, const char *key, const char *const *choices)
{
	const char *text = read_text(reader, object, key);
	for (int i = 0; text != NULL && choices[i] != NULL; i++) {
		if (strcmp(text, choices[i]) == 0)
			return i;
	}
	refuse(reader, key);
	return 0;
}

static json_t *read_object_or_null(struct reader *reader, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	if (json_is_null(value))
		return NULL;
	if (!json_is_object(value))
		refuse(reader, key);
	return value;
}

static json_t *read_told(struct reader *reader, json_t *object, const char *key)
{
	json_t *list = json_object_get(object, key);
	if (!json_is_array(list))
		refuse(reader, key);
	size_t index;
	json_t *item;
	json_array_foreach(list, index, item)
	{
		read_text(reader, item, "code");
		read_text(reader, item, "text");
	}
	return list;
}

static void read_qualification(struct reader *reader, const json_t *object, struct answer_qualification *read)
{
	static const char *const relationships[] = { "insured", "dependent", NULL };
	static const char *const sexes[] = { "male", "female", "unspecified", NULL };
	static const char *const losses[] = { "01", "02", "03", "99", NULL };

	read->insurer_number = read_text(reader, object, "insurer_number");
	read->insurer_name = read_text(reader, object, "insurer_name");
	read->symbol = read_text_or_null(reader, object, "symbol");
	read->number = read_text(reader, object, "number");
	read->branch_number = read_text_or_null(reader, object, "branch_number");
	read->relationship =
		(enum answer_relationship)read_choice(reader, object, "relationship", relationships);
	read->insured_name = read_text_or_null(reader, object, "insured_name");
	read->name = read_text(reader, object, "name");
	read->name_kana = read_text_or_null(reader, object, "name_kana");
	read->sex = (enum answer_sex)read_choice(reader, object, "sex", sexes);
	read->birth_date = read_day(reader, object, "birth_date");
	read->acquired_on = read_day(reader, object, "acquired_on");
	read->lost_on = read_day_or_null(reader, object, "lost_on");
	read->loss = json_is_null(json_object_get(object, "loss_reason"))
			     ? ANSWER_NO_LOSS
			     : (enum answer_loss)(
				       ANSWER_DEATH + read_choice(reader, object, "loss_reason", losses));
}

static void read_copayment(struct reader *reader, const json_t *object, struct answer_copayment *read)
{
	static const char *const bases[] = { "standard", "preschool", "elderly", "late_elderly", NULL };

	const json_t *percent = json_object_get(object, "ratio_percent");
	json_int_t value = json_integer_value(percent);
	if (!json_is_null(percent) && value != 10 && value != 20 && value != 30)
		refuse(reader, "ratio_percent");
	read->percent = (int)value;
	read->basis = (enum answer_basis)read_choice(reader, object, "basis", bases);
	read->valid.first = read_day_or_null(reader, object, "valid_from");
	read->valid.last = read_day_or_null(reader, object, "valid_until");
}

static void read_consent(
	struct reader *reader, json_t *consents, enum consent which, struct answer_consent *read)
{
	const char *key = consent_key(which);
	const json_t *object = json_object_get(consents, key);
	const json_t *granted = json_object_get(object, "granted");
	if (!json_is_boolean(granted))
		refuse(reader, key);
	read->granted = json_is_true(granted);
	read->reason = read_text_or_null(reader, object, "reason");
	const char *until = read_text_or_null(reader, object, "until");
	/* Either a time or a reason, and the one that belongs. */
	if ((until != NULL) != read->granted || (read->reason != NULL) == read->granted)
		refuse(reader, key);
	int64_t wall = 0;
	if (until == NULL)
		return;
	if (instant_parse(until, strlen(until), &wall) != OUTCOME_OK)
		refuse(reader, "until");
	char text[INSTANT_TEXT_SIZE];
	instant_format(wall, text); /* 2026-11-22T10:15:30.123+09:00 */
	read->until_date = day_to_civil(day_in_japan(wall));
	read->until_hour = (text[11] - '0') * 10 + (text[12] - '0');
	read->until_minute = (text[14] - '0') * 10 + (text[15] - '0');
}

static json_t *read_specific_diseases(struct reader *reader, json_t *document)
{
	json_t *list = json_object_get(document, "specific_diseases");
	if (json_is_null(list))
		return NULL;
	if (!json_is_array(list))
		refuse(reader, "specific_diseases");
	size_t index;
	json_t *item;
	json_array_foreach(list, index, item)
	{
		read_text(reader, item, "category");
	}
	return list;
}

static void read_medical(struct reader *reader, struct answer *answer)
{
	json_t *consents = json_object_get(answer->document, "consents");
	for (int i = CONSENT_LIMIT_INFORMATION + 1; i < CONSENT_COUNT; i++)
		read_consent(reader, consents, (enum consent)i, &answer->consents[i]);
	answer->specific_diseases = read_specific_diseases(reader, answer->document);
}

static void read_all(struct reader *reader, struct answer *answer)
{
	static const char *const validities[] = { "valid", "invalid", "invalid_newer_exists", "not_found",
		"multiple", NULL };
	static const char *const scopes[] = { "full", "qualification_only", NULL };

	json_t *document = answer->document;
	answer->check_id = read_text(reader, document, "check_id");
	answer->checked_at = read_text(reader, document, "checked_at");
	answer->visit_date = read_day(reader, document, "visit_date");
	answer->validity =
		json_is_null(json_object_get(document, "validity"))
			? ANSWER_CARD_NOT_USABLE
			: (enum answer_validity)read_choice(reader, document, "validity", validities);
	const json_t *accepted = json_object_get(document, "accepted");
	if (!json_is_boolean(accepted))
		refuse(reader, "accepted");
	answer->accepted = json_is_true(accepted);
	if (!json_is_null(json_object_get(document, "scope")))
		answer->qualification_only = read_choice(reader, document, "scope", scopes) == 1;
	else if (answer->accepted)
		refuse(reader, "scope");
	answer->reasons = read_told(reader, document, "reasons");
	answer->next_actions = read_told(reader, document, "next_actions");

	const json_t *qualification = read_object_or_null(reader, document, "qualification");
	answer->has_qualification = qualification != NULL;
	if (answer->has_qualification)
		read_qualification(reader, qualification, &answer->qualification);
	const json_t *copayment = read_object_or_null(reader, document, "copayment");
	answer->has_copayment = copayment != NULL;
	if (answer->has_copayment)
		read_copayment(reader, copayment, &answer->copayment);
	read_medical(reader, answer);
}

/* How many of the reasons are those of a card that may not be used. */
static size_t reasons_against_card(const struct answer *answer)
{
	static const char *const against[] = { "card_revoked", "card_suspended", "certificate_expired",
		"card_not_registered" };
	size_t found = 0;
	size_t index;
	json_t *reason;
	json_array_foreach(answer->reasons, index, reason)
	{
		const char *code = json_string_value(json_object_get(reason, "code"));
		for (size_t i = 0; i < sizeof against / sizeof against[0]; i++)
			found += strcmp(code, against[i]) == 0;
	}
	return found;
}

/* R5.3: no validity goes with exactly one reason against the card, and with no word about its holder. */
static const char *contradiction_about_card(
	const struct answer *answer, const struct answer_expected *expected)
{
	bool not_usable = answer->validity == ANSWER_CARD_NOT_USABLE;
	if (not_usable && !expected->by_card)
		return "no validity, and no card was shown";
	if (not_usable && answer->has_qualification)
		return "a qualification by a card that may not be used";
	if (not_usable && !json_is_null(json_object_get(answer->document, "limit")))
		return "a limit by a card that may not be used";
	if (not_usable && !json_is_null(json_object_get(answer->document, "scope")))
		return "a scope of a card that may not be used";
	if (expected->by_card && reasons_against_card(answer) != (not_usable ? 1u : 0u))
		return "the reasons do not say why the card may not be used, or may";
	return NULL;
}

/* R12: by card, to whom agreed, of an accepted card outside the grace time; the list of diseases goes with its consent. */
static const char *contradiction_about_medical(
	const struct answer *answer, const struct answer_expected *expected)
{
	for (int i = CONSENT_LIMIT_INFORMATION + 1; i < CONSENT_COUNT; i++) {
		if (!answer->consents[i].granted)
			continue;
		if (!expected->by_card || !expected->agreed[i])
			return "a consent is granted that nobody gave";
		if (!answer->accepted || answer->qualification_only)
			return "a consent is granted with a card that does not give it";
	}
	if ((answer->specific_diseases != NULL) != answer->consents[CONSENT_SPECIFIC_DISEASES].granted)
		return "specific diseases without the consent to them, or the other way round";
	return NULL;
}

/* Each part was well-formed; now, whether they can be true together, and whether they answer our question. */
static const char *contradiction_about_person(
	const struct answer *answer, const struct answer_expected *expected)
{
	const struct answer_qualification *qualification = &answer->qualification;
	bool valid = answer->validity == ANSWER_VALID;
	if (answer->accepted && !valid)
		return "accepted without being valid";
	if (answer->accepted && !answer->has_qualification)
		return "accepted without a qualification";
	if (answer->has_copayment && !valid)
		return "a copayment without being valid";
	if (expected->visit_date.known && day_compare(answer->visit_date, expected->visit_date.day) != 0)
		return "the answer is for another visit date";
	if (!answer->has_qualification)
		return NULL;
	if (!expected->by_card && day_compare(qualification->birth_date, expected->birth_date) != 0)
		return "the answer is about someone born on another day";
	if (valid && (day_compare(answer->visit_date, qualification->acquired_on) < 0 ||
			     (qualification->lost_on.known &&
				     day_compare(answer->visit_date, qualification->lost_on.day) >= 0)))
		return "valid on a day that the qualification does not cover";
	return NULL;
}

static const char *contradiction(const struct answer *answer, const struct answer_expected *expected)
{
	const char *found = contradiction_about_person(answer, expected);
	if (found == NULL)
		found = contradiction_about_card(answer, expected);
	return found != NULL ? found : contradiction_about_medical(answer, expected);
}

enum outcome answer_read(const char *body, size_t length, const struct answer_expected *expected,
	struct answer *answer, const char **why)
{
	*answer = (struct answer){ 0 };
	if (length == 0) {
		*why = "the body is empty";
		return OUTCOME_INVALID;
	}
	answer->document = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer->document)) {
		*why = "the body is not a JSON object";
		answer_free(answer);
		return OUTCOME_INVALID;
	}
	struct reader reader = { 0 };
	read_all(&reader, answer);
	*why = reader.wrong != NULL ? reader.wrong : contradiction(answer, expected);
	if (*why == NULL)
		return OUTCOME_OK;
	answer_free(answer);
	return OUTCOME_INVALID;
}

void answer_free(struct answer *answer)
{
	json_decref(answer->document);
	*answer = (struct answer){ 0 };
}
