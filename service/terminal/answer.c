#include "terminal/answer.h"

#include <string.h>

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

static void read_all(struct reader *reader, struct answer *answer)
{
	static const char *const validities[] = { "valid", "invalid", "invalid_newer_exists", "not_found",
		"multiple", NULL };
	static const char *const scopes[] = { "full", "qualification_only", NULL };

	json_t *document = answer->document;
	answer->check_id = read_text(reader, document, "check_id");
	answer->checked_at = read_text(reader, document, "checked_at");
	answer->visit_date = read_day(reader, document, "visit_date");
	answer->validity = (enum answer_validity)read_choice(reader, document, "validity", validities);
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
}

/* Each part was well-formed; now, whether they can be true together, and whether they answer our question. */
static const char *contradiction(const struct answer *answer, const struct answer_expected *expected)
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
	if (day_compare(qualification->birth_date, expected->birth_date) != 0)
		return "the answer is about someone born on another day";
	if (valid && (day_compare(answer->visit_date, qualification->acquired_on) < 0 ||
			     (qualification->lost_on.known &&
				     day_compare(answer->visit_date, qualification->lost_on.day) >= 0)))
		return "valid on a day that the qualification does not cover";
	return NULL;
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
