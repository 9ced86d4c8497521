#include "api/limit_answer.h"

#include "api/check_answer.h"

#define ANSWER_FIRST_BYTES 2048
#define ANSWER_BYTES_MAX ((size_t)32 * 1024)

static void put_yen(struct json_writer *json, const char *key, struct optional_yen yen)
{
	json_put_key(json, key);
	if (yen.known)
		json_put_number(json, yen.amount);
	else
		json_put_null(json);
}

static void put_flag(struct json_writer *json, const char *key, bool known, bool flag)
{
	json_put_key(json, key);
	if (known)
		json_put_boolean(json, flag);
	else
		json_put_null(json);
}

static void put_month(struct json_writer *json, const char *key, struct optional_day day)
{
	char text[MONTH_TEXT_SIZE];
	json_put_key(json, key);
	if (!day.known) {
		json_put_null(json);
		return;
	}
	month_format(day.day, text);
	json_put_slice(json, (struct slice){ text, MONTH_TEXT_SIZE - 1 });
}

static void put_formula(struct json_writer *json, const struct month_limit *limit)
{
	json_put_key(json, "formula");
	if (!limit->has_amounts) {
		json_put_null(json);
		return;
	}
	json_open_object(json);
	json_put_key(json, "base");
	json_put_number(json, limit->amounts.base);
	json_put_key(json, "threshold");
	json_put_number(json, limit->amounts.threshold);
	json_put_key(json, "rate_percent");
	json_put_number(json, limit->amounts.rate_percent);
	json_close_object(json);
}

static void put_table(struct json_writer *json, bool used, const struct limit_table_row *table)
{
	json_put_key(json, "table");
	if (!used) {
		json_put_null(json);
		return;
	}
	json_open_object(json);
	put_month(json, "from", (struct optional_day){ true, table->first_month });
	put_month(json, "until", table->last_month);
	json_put_key(json, "version");
	json_put_number(json, table->version);
	answer_put_text(json, "source", table->source);
	answer_put_text(json, "note", table->note);
	json_close_object(json);
}

static void put_person(struct json_writer *json, const struct check_answer *answer)
{
	int percent = answer->has_copayment ? answer->copayment.percent : 0;
	json_put_key(json, "category");
	json_put_terminated(json, limit_category_code(answer->limit.category));
	json_put_key(json, "label");
	json_put_terminated(json, limit_category_label(answer->limit.category));
	put_yen(json, "ratio_percent", (struct optional_yen){ percent != 0, percent });
}

static void put_limit(struct json_writer *json, const struct check_answer *answer)
{
	const struct month_limit *limit = &answer->month;
	const struct optional_yen none = { .known = false };
	bool has = limit->has_amounts;
	put_formula(json, limit);
	put_yen(json, "ceiling", (struct optional_yen){ limit->has_ceiling, limit->ceiling.amount });
	put_flag(json, "multiple_months", limit->has_ceiling, limit->ceiling.multiple_months);
	put_flag(json, "halved_month", answer->has_copayment, limit->halved);
	put_yen(json, "prior_ceiling_months", (struct optional_yen){ has, limit->prior_ceiling_months });
	put_yen(json, "outpatient_ceiling", has ? limit->amounts.outpatient : none);
	put_yen(json, "outpatient_annual_ceiling", has ? limit->amounts.outpatient_annual : none);
	put_yen(json, "annual_ceiling", has ? limit->amounts.annual : none);
	put_yen(json, "annual_ceiling_low_income", has ? limit->amounts.annual_low_income : none);
	put_yen(json, "specific_disease_ceiling", limit->disease);
	put_yen(json, "patient_pays", limit->patient_pays);
	put_yen(json, "pay_now", limit->pay_now);
}

enum outcome limit_answer_write(struct check *check, struct slice *bytes)
{
	const struct check_answer *answer = &check->answer;
	struct text out;
	text_open(&out, check->arena, ANSWER_FIRST_BYTES, ANSWER_BYTES_MAX);
	struct json_writer json = { .out = &out };
	check_answer_begin(&json, check);
	put_month(&json, "care_month", (struct optional_day){ true, check->question.month.month });
	answer_put_day(&json, "visit_date", (struct optional_day){ true, check->question.visit });
	check_answer_put_verdict(&json, answer);
	put_person(&json, answer);
	put_limit(&json, answer);
	put_table(&json, answer->month.has_amounts, &check->limit_facts.table);
	check_answer_put_reasons(&json, answer);
	json_close_object(&json);
	*bytes = text_slice(&out);
	return out.failed ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}
