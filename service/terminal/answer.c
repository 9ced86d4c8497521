#include "terminal/answer.h"

#include <string.h>

#include "base/clock.h"

static void read_qualification(struct fields *fields, const json_t *object, struct answer_qualification *read)
{
	static const char *const relationships[] = { "insured", "dependent", NULL };
	static const char *const sexes[] = { "male", "female", "unspecified", NULL };
	static const char *const losses[] = { "01", "02", "03", "99", NULL };

	read->insurer_number = field_text(fields, object, "insurer_number");
	read->insurer_name = field_text(fields, object, "insurer_name");
	read->symbol = field_text_or_null(fields, object, "symbol");
	read->number = field_text(fields, object, "number");
	read->branch_number = field_text_or_null(fields, object, "branch_number");
	read->relationship =
		(enum answer_relationship)field_choice(fields, object, "relationship", relationships);
	read->insured_name = field_text_or_null(fields, object, "insured_name");
	read->name = field_text(fields, object, "name");
	read->name_kana = field_text_or_null(fields, object, "name_kana");
	read->sex = (enum answer_sex)field_choice(fields, object, "sex", sexes);
	read->birth_date = field_day(fields, object, "birth_date");
	read->acquired_on = field_day(fields, object, "acquired_on");
	read->lost_on = field_day_or_null(fields, object, "lost_on");
	read->loss = json_is_null(json_object_get(object, "loss_reason"))
			     ? ANSWER_NO_LOSS
			     : (enum answer_loss)(
				       ANSWER_DEATH + field_choice(fields, object, "loss_reason", losses));
}

static void read_copayment(struct fields *fields, const json_t *object, struct answer_copayment *read)
{
	static const char *const bases[] = { "standard", "preschool", "elderly", "late_elderly", NULL };

	read->percent = field_ratio(fields, object, "ratio_percent");
	read->basis = (enum answer_basis)field_choice(fields, object, "basis", bases);
	read->valid.first = field_day_or_null(fields, object, "valid_from");
	read->valid.last = field_day_or_null(fields, object, "valid_until");
}

static void read_limit(struct fields *fields, const json_t *object, struct answer_limit *read)
{
	static const char *const papers[] = { "01", "02", "03", NULL };

	read->category = field_text(fields, object, "category");
	read->label = field_text(fields, object, "label");
	read->paper =
		json_is_null(json_object_get(object, "certificate"))
			? ANSWER_NO_PAPER
			: (enum answer_limit_paper)(
				  ANSWER_LIMIT_PAPER + field_choice(fields, object, "certificate", papers));
	read->valid.first = field_day_or_null(fields, object, "valid_from");
	read->valid.last = field_day_or_null(fields, object, "valid_until");
	read->long_stay_from = field_day_or_null(fields, object, "long_stay_from");
}

static void read_consent(
	struct fields *fields, json_t *consents, enum consent which, struct answer_consent *read)
{
	const char *key = consent_key(which);
	const json_t *object = json_object_get(consents, key);
	read->granted = field_flag(fields, object, "granted");
	read->reason = field_text_or_null(fields, object, "reason");
	const char *until = field_text_or_null(fields, object, "until");
	/* Either a time or a reason, and the one that belongs. */
	if ((until != NULL) != read->granted || (read->reason != NULL) == read->granted)
		field_refuse(fields, key);
	int64_t wall = 0;
	if (until == NULL)
		return;
	if (instant_parse(until, strlen(until), &wall) != OUTCOME_OK)
		field_refuse(fields, "until");
	char text[INSTANT_TEXT_SIZE];
	instant_format(wall, text); /* 2026-11-22T10:15:30.123+09:00 */
	read->until_date = day_to_civil(day_in_japan(wall));
	read->until_hour = (text[11] - '0') * 10 + (text[12] - '0');
	read->until_minute = (text[14] - '0') * 10 + (text[15] - '0');
}

static json_t *read_specific_diseases(struct fields *fields, json_t *document)
{
	json_t *list = json_object_get(document, "specific_diseases");
	if (json_is_null(list))
		return NULL;
	if (!json_is_array(list))
		field_refuse(fields, "specific_diseases");
	size_t index;
	json_t *item;
	json_array_foreach(list, index, item)
	{
		field_text(fields, item, "category");
		const json_t *self_pay = json_object_get(item, "self_pay");
		if (!json_is_integer(self_pay) || json_integer_value(self_pay) < 0)
			field_refuse(fields, "self_pay");
	}
	return list;
}

static void read_medical(struct fields *fields, struct answer *answer)
{
	json_t *consents = json_object_get(answer->document, "consents");
	for (int i = CONSENT_LIMIT_INFORMATION + 1; i < CONSENT_COUNT; i++)
		read_consent(fields, consents, (enum consent)i, &answer->consents[i]);
	answer->specific_diseases = read_specific_diseases(fields, answer->document);
}

static void read_all(struct fields *fields, struct answer *answer)
{
	json_t *document = answer->document;
	decision_read(fields, document, &answer->decision);
	const json_t *qualification = field_object_or_null(fields, document, "qualification");
	answer->has_qualification = qualification != NULL;
	if (answer->has_qualification)
		read_qualification(fields, qualification, &answer->qualification);
	const json_t *copayment = field_object_or_null(fields, document, "copayment");
	answer->has_copayment = copayment != NULL;
	if (answer->has_copayment)
		read_copayment(fields, copayment, &answer->copayment);
	const json_t *limit = field_object_or_null(fields, document, "limit");
	answer->has_limit = limit != NULL;
	if (answer->has_limit)
		read_limit(fields, limit, &answer->limit);
	read_medical(fields, answer);
}

/* R5.3: of a card that may not be used no word about its holder. */
static const char *contradiction_about_card(const struct answer *answer)
{
	if (answer->decision.validity != ANSWER_CARD_NOT_USABLE)
		return NULL;
	return answer->has_qualification ? "a qualification by a card that may not be used" : NULL;
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
		if (!answer->decision.accepted || answer->decision.qualification_only)
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
	bool valid = answer->decision.validity == ANSWER_VALID;
	if (answer->decision.accepted && !answer->has_qualification)
		return "accepted without a qualification";
	if (answer->has_copayment && !valid)
		return "a copayment without being valid";
	if (answer->has_limit && !valid)
		return "a limit without being valid";
	if (answer->has_limit && !expected->by_card && !expected->agreed[CONSENT_LIMIT_INFORMATION])
		return "a limit that nobody agreed to show"; /* R7.9 */
	if (!answer->has_qualification)
		return NULL;
	if (!expected->by_card && day_compare(qualification->birth_date, expected->birth_date) != 0)
		return "the answer is about someone born on another day";
	if (valid && (day_compare(answer->decision.visit_date, qualification->acquired_on) < 0 ||
			     (qualification->lost_on.known && day_compare(answer->decision.visit_date,
								      qualification->lost_on.day) >= 0)))
		return "valid on a day that the qualification does not cover";
	return NULL;
}

static const char *contradiction(const struct answer *answer, const struct answer_expected *expected)
{
	const char *found =
		decision_contradiction(&answer->decision, expected->by_card, expected->visit_date);
	if (found == NULL)
		found = contradiction_about_person(answer, expected);
	if (found == NULL)
		found = contradiction_about_card(answer);
	return found != NULL ? found : contradiction_about_medical(answer, expected);
}

enum outcome answer_read(const char *body, size_t length, const struct answer_expected *expected,
	struct answer *answer, const char **why)
{
	*answer = (struct answer){ 0 };
	answer->document = answer_document(body, length, why);
	if (answer->document == NULL)
		return OUTCOME_INVALID;
	struct fields fields = { 0 };
	read_all(&fields, answer);
	*why = fields.wrong != NULL ? fields.wrong : contradiction(answer, expected);
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
