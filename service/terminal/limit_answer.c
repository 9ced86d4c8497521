#include "terminal/limit_answer.h"

#include <stdio.h>
#include <string.h>

#include "terminal/answer_fields.h"

static int64_t read_number(struct fields *fields, const json_t *object, const char *key, int64_t max)
{
	const json_t *number = json_object_get(object, key);
	json_int_t value = json_integer_value(number);
	if (json_is_integer(number) && value >= 0 && value <= max)
		return value;
	field_refuse(fields, key);
	return 0;
}

static struct answer_number read_number_or_null(
	struct fields *fields, const json_t *object, const char *key, int64_t max)
{
	if (json_is_null(json_object_get(object, key)))
		return (struct answer_number){ .known = false };
	return (struct answer_number){ .known = true, .value = read_number(fields, object, key, max) };
}

/* The first day of a month written YYYY-MM. */
static struct day read_month(struct fields *fields, const json_t *object, const char *key)
{
	struct day first = { 0 };
	char day[DAY_TEXT_SIZE];
	const char *text = field_text(fields, object, key);
	if (text == NULL)
		return first;
	snprintf(day, sizeof day, "%.7s-01", text);
	if (strlen(text) != MONTH_TEXT_SIZE - 1 || day_parse(day, strlen(day), &first) != OUTCOME_OK)
		field_refuse(fields, key);
	return first;
}

static struct optional_day read_month_or_null(struct fields *fields, const json_t *object, const char *key)
{
	if (json_is_null(json_object_get(object, key)))
		return (struct optional_day){ .known = false };
	return (struct optional_day){ .known = true, .day = read_month(fields, object, key) };
}

static bool read_flag_or_null(struct fields *fields, const json_t *object, const char *key, bool *flag)
{
	if (json_is_null(json_object_get(object, key)))
		return false;
	*flag = field_flag(fields, object, key);
	return true;
}

/* Together or not at all: a category without its formula would be half an answer. */
static void read_category(struct fields *fields, struct limit_answer *answer)
{
	json_t *document = answer->document;
	answer->category = field_text_or_null(fields, document, "category");
	answer->label = field_text_or_null(fields, document, "label");
	if ((answer->label != NULL) != (answer->category != NULL))
		field_refuse(fields, "label");

	const json_t *formula = field_object_or_null(fields, document, "formula");
	if ((formula != NULL) != (answer->category != NULL))
		field_refuse(fields, "formula");
	const json_t *table = field_object_or_null(fields, document, "table");
	if ((table != NULL) != (answer->category != NULL))
		field_refuse(fields, "table");
	if (formula != NULL) {
		answer->formula.base = read_number(fields, formula, "base", YEN_MAX);
		answer->formula.threshold = read_number(fields, formula, "threshold", YEN_MAX);
		answer->formula.rate_percent = read_number(fields, formula, "rate_percent", 100);
	}
	if (table != NULL) {
		answer->table.from = read_month(fields, table, "from");
		answer->table.until = read_month_or_null(fields, table, "until");
		answer->table.version = read_number(fields, table, "version", INT32_MAX);
		answer->table.source = field_text(fields, table, "source");
	}
}

static void read_amounts(struct fields *fields, struct limit_answer *answer)
{
	const struct {
		const char *key;
		struct answer_number *number;
	} amounts[] = {
		{ "ceiling", &answer->ceiling },
		{ "outpatient_ceiling", &answer->outpatient_ceiling },
		{ "specific_disease_ceiling", &answer->specific_disease_ceiling },
		{ "annual_ceiling", &answer->annual_ceiling },
		{ "annual_ceiling_low_income", &answer->annual_ceiling_low_income },
		{ "outpatient_annual_ceiling", &answer->outpatient_annual_ceiling },
		{ "patient_pays", &answer->patient_pays },
		{ "pay_now", &answer->pay_now },
	};
	for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++)
		*amounts[i].number = read_number_or_null(fields, answer->document, amounts[i].key, YEN_MAX);
}

static void read_all(struct fields *fields, struct limit_answer *answer)
{
	json_t *document = answer->document;
	decision_read(fields, document, &answer->decision);
	answer->care_month = read_month(fields, document, "care_month");
	answer->ratio_percent = field_ratio(fields, document, "ratio_percent");
	read_category(fields, answer);
	read_amounts(fields, answer);
	(void)read_flag_or_null(fields, document, "halved_month", &answer->halved_month);
	answer->has_multiple_months =
		read_flag_or_null(fields, document, "multiple_months", &answer->multiple_months);
	answer->prior_ceiling_months =
		read_number_or_null(fields, document, "prior_ceiling_months", PRIOR_MONTHS_MAX);
}

static bool is_above(struct answer_number number, struct answer_number bound)
{
	return number.known && bound.known && number.value > bound.value;
}

/* Whether the amounts are those that the cost asks for, and can be true together: nobody pays more than a ceiling. */
static const char *contradiction_about_amounts(
	const struct limit_answer *answer, const struct options *options)
{
	bool has_cost = options->given[OPTION_COST] != NULL;
	if (!has_cost && (answer->ceiling.known || answer->patient_pays.known))
		return "an amount to pay, and no cost was given";
	if (has_cost && answer->category != NULL && !answer->ceiling.known)
		return "no ceiling, and the cost was given";
	if (has_cost && answer->ratio_percent != 0 && !answer->patient_pays.known)
		return "no amount to pay, and the cost was given";
	if (options->given[OPTION_PAID] != NULL && answer->patient_pays.known != answer->pay_now.known)
		return "no amount to pay now, and what was paid was given";
	if (answer->category == NULL && answer->ceiling.known)
		return "a ceiling without a category";
	if (answer->ceiling.known != answer->has_multiple_months)
		return "multiple_months without a ceiling, or the other way round";
	if (is_above(answer->patient_pays, answer->ceiling))
		return "patient_pays is above the ceiling";
	if (is_above(answer->patient_pays, answer->specific_disease_ceiling))
		return "patient_pays is above the ceiling of the specific disease";
	if (is_above(answer->pay_now, answer->patient_pays) ||
		(answer->pay_now.known && !answer->patient_pays.known))
		return "pay_now is above patient_pays";
	return NULL;
}

static const char *contradiction(const struct limit_answer *answer, const struct options *options)
{
	const struct decision *decision = &answer->decision;
	const char *found = decision_contradiction(decision, options->by_card, options->visit_date);
	if (found != NULL)
		return found;
	if (strcmp(json_string_value(json_object_get(answer->document, "care_month")),
		    options->given[OPTION_MONTH]) != 0)
		return "the answer is for another month";
	if (day_compare(day_first_of_month(decision->visit_date), answer->care_month) != 0)
		return "the visit date is not in the month";
	if (decision->validity != ANSWER_VALID &&
		(answer->category != NULL || answer->ratio_percent != 0 || answer->patient_pays.known ||
			answer->specific_disease_ceiling.known))
		return "an amount without being valid";
	if (options->given[OPTION_DISEASE] == NULL && answer->specific_disease_ceiling.known)
		return "a specific disease that was not named";
	return contradiction_about_amounts(answer, options);
}

enum outcome limit_answer_read(const char *body, size_t length, const struct options *options,
	struct limit_answer *answer, const char **why)
{
	*answer = (struct limit_answer){ 0 };
	answer->document = answer_document(body, length, why);
	if (answer->document == NULL)
		return OUTCOME_INVALID;
	struct fields fields = { 0 };
	read_all(&fields, answer);
	*why = fields.wrong != NULL ? fields.wrong : contradiction(answer, options);
	if (*why == NULL)
		return OUTCOME_OK;
	limit_answer_free(answer);
	return OUTCOME_INVALID;
}

void limit_answer_free(struct limit_answer *answer)
{
	json_decref(answer->document);
	*answer = (struct limit_answer){ 0 };
}
