#include "terminal/request.h"

#include <jansson.h>

/* NULL stands for a value that was not given: the key is left out. */
static bool put(json_t *object, const char *key, const char *value)
{
	return value == NULL || json_object_set_new(object, key, json_string(value)) == 0;
}

static bool put_card(json_t *presented, const struct card_proof *proof, const char *holder_verification)
{
	return put(presented, "kind", "card") && put(presented, "certificate", proof->certificate) &&
	       put(presented, "challenge", proof->challenge) &&
	       put(presented, "signature", proof->signature) &&
	       put(presented, "algorithm", proof->algorithm) &&
	       put(presented, "holder_verification", holder_verification);
}

static bool put_typed_keys(json_t *presented, const struct options *options)
{
	char birth_date[DAY_TEXT_SIZE];
	day_format(options->birth_date, birth_date);
	return put(presented, "kind", options->given[OPTION_KIND]) &&
	       put(presented, "insurer_number", options->given[OPTION_INSURER]) &&
	       put(presented, "symbol", options->given[OPTION_SYMBOL]) &&
	       put(presented, "number", options->given[OPTION_NUMBER]) &&
	       put(presented, "branch_number", options->given[OPTION_BRANCH]) &&
	       put(presented, "birth_date", birth_date);
}

static bool put_consents(json_t *consents, const struct options *options)
{
	for (int i = 0; i < CONSENT_COUNT; i++) {
		if (json_object_set_new(
			    consents, consent_key((enum consent)i), json_boolean(options->consents[i])) != 0)
			return false;
	}
	return true;
}

static bool put_presented(json_t *request, const struct options *options, const struct card_proof *proof,
	const char *holder_verification)
{
	json_t *presented = json_object();
	return json_object_set_new(request, "presented", presented) == 0 &&
	       (proof != NULL ? put_card(presented, proof, holder_verification)
			      : put_typed_keys(presented, options));
}

/* Of the month that a limit query asks about; a check has none of these. */
static bool put_month(json_t *request, const struct options *options)
{
	static const struct {
		const char *key;
		enum option option;
	} numbers[] = {
		{ "total_medical_cost", OPTION_COST },
		{ "prior_ceiling_months", OPTION_PRIOR_MONTHS },
		{ "paid_so_far", OPTION_PAID },
	};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (options->given[numbers[i].option] != NULL &&
			json_object_set_new(request, numbers[i].key,
				json_integer(options->numbers[numbers[i].option])) != 0)
			return false;
	}
	return put(request, "care_month", options->given[OPTION_MONTH]) &&
	       put(request, "care", options->given[OPTION_CARE]) &&
	       put(request, "specific_disease", options->given[OPTION_DISEASE]);
}

static bool put_all(json_t *request, const struct options *options, const struct card_proof *proof,
	const char *holder_verification)
{
	if (!put_month(request, options))
		return false;
	if (options->visit_date.known) {
		char visit_date[DAY_TEXT_SIZE];
		day_format(options->visit_date.day, visit_date);
		if (!put(request, "visit_date", visit_date))
			return false;
	}
	if (!put(request, "known_at", options->given[OPTION_KNOWN_AT]) ||
		!put(request, "setting", options->given[OPTION_SETTING]))
		return false;
	if (options->given[OPTION_WITH_CARD] != NULL &&
		json_object_set_new(request, "with_card", json_true()) != 0)
		return false;

	if (!put_presented(request, options, proof, holder_verification))
		return false;
	if (options->given[OPTION_CONSENT] != NULL) {
		json_t *consents = json_object();
		if (json_object_set_new(request, "consents", consents) != 0 ||
			!put_consents(consents, options))
			return false;
	}
	return put(request, "reference_number", options->given[OPTION_REFERENCE_NUMBER]);
}

char *request_text(const struct options *options, const struct card_proof *proof,
	const char *holder_verification, size_t indent)
{
	json_t *request = json_object();
	char *text = NULL;
	if (request != NULL && put_all(request, options, proof, holder_verification))
		text = json_dumps(request, indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT);
	json_decref(request);
	return text;
}
