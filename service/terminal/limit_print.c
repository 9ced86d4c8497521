#include "terminal/limit_print.h"

#include <inttypes.h>
#include <string.h>

#include "terminal/day_print.h"
#include "terminal/decision_print.h"
#include "terminal/yen.h"

/* `note` is ours, "" for none. */
static void print_amount(FILE *out, const char *label, struct answer_number amount, const char *note)
{
	if (!amount.known)
		return;
	label_print(out, label);
	yen_print_right(out, amount.value);
	fprintf(out, "%s\n", note);
}

static void print_ratio(FILE *out, int percent)
{
	label_print(out, "負担割合");
	if (percent == 0)
		fputs("登録なし\n", out);
	else
		fprintf(out, "%d割\n", percent / 10);
}

static void print_formula(FILE *out, const struct limit_formula *formula)
{
	label_print(out, "上限額の計算式");
	yen_print(out, formula->base);
	if (formula->rate_percent != 0) {
		fputs(" + (総医療費 − ", out);
		yen_print(out, formula->threshold);
		fprintf(out, ") × %" PRId64 "%%", formula->rate_percent);
	}
	fputc('\n', out);
}

/* From the fourth ceiling month on a fixed amount is the ceiling (R7.3); whether it is, only the cost and the care tell. */
static void print_multiple_months(FILE *out, const struct limit_answer *answer)
{
	const struct answer_number *prior = &answer->prior_ceiling_months;
	if (answer->has_multiple_months)
		line_print(out, "多数回該当", answer->multiple_months ? "該当します" : "該当しません");
	if (!prior->known)
		return;
	label_print(out, "上限額に達した月");
	fprintf(out, "直近11か月に%" PRId64 "か月\n", prior->value);
}

/* What the month's ceiling is, where it is not what the formula says. */
static const char *ceiling_note(const struct limit_answer *answer, bool outpatient)
{
	if (answer->multiple_months)
		return "（多数回該当の額）";
	return outpatient && answer->outpatient_ceiling.known ? "（外来の上限額）" : "";
}

static void print_amounts(FILE *out, const struct limit_answer *answer, const struct options *options)
{
	bool has_cost = options->given[OPTION_COST] != NULL;
	bool outpatient = has_cost && strcmp(options->given[OPTION_CARE], "outpatient") == 0;
	const struct answer_number cost = { .known = has_cost, .value = options->numbers[OPTION_COST] };
	const struct answer_number paid = { .known = options->given[OPTION_PAID] != NULL,
		.value = options->numbers[OPTION_PAID] };

	if (has_cost || answer->outpatient_ceiling.known || answer->specific_disease_ceiling.known)
		fputc('\n', out);
	print_amount(out, "総医療費", cost, outpatient ? "（外来）" : "（入院）");
	print_amount(out, "この月の上限額", answer->ceiling, ceiling_note(answer, outpatient));
	print_amount(out, "外来の上限額", answer->outpatient_ceiling, "");
	print_amount(out, "特定疾病の上限額", answer->specific_disease_ceiling, "");
	if (has_cost && !answer->patient_pays.known)
		line_print(out, "お支払い額", "計算できません");
	print_amount(out, "お支払い額", answer->patient_pays, "");
	print_amount(out, "すでにお支払い", paid, "");
	print_amount(out, "今回お支払い", answer->pay_now, "");
}

/* Paid back on application; at the desk nothing of it is taken off (R7.10). */
static void print_annual(FILE *out, const struct limit_answer *answer)
{
	if (!answer->annual_ceiling.known && !answer->annual_ceiling_low_income.known &&
		!answer->outpatient_annual_ceiling.known)
		return;
	fputs("\n年間上限（8月から翌年7月まで。お知らせのみで、窓口のお支払いには使いません）\n", out);
	print_amount(out, "年間上限", answer->annual_ceiling, "");
	print_amount(out, "低所得の年間上限", answer->annual_ceiling_low_income, "");
	print_amount(out, "外来の年間上限", answer->outpatient_annual_ceiling, "");
}

static void print_western_month(FILE *out, struct day first)
{
	struct civil_date date = day_to_civil(first);
	fprintf(out, "%d年%d月", date.year, date.month);
}

static void print_table(FILE *out, const struct limit_table *table)
{
	fputs("\n上限額の表\n", out);
	line_print(out, "出典", table->source);
	label_print(out, "版");
	fprintf(out, "第%" PRId64 "版（", table->version);
	print_western_month(out, table->from);
	fputs("から", out);
	if (table->until.known) {
		print_western_month(out, table->until.day);
		fputs("まで", out);
	}
	fputs("）\n", out);
}

void limit_print(FILE *out, const struct limit_answer *answer, const struct options *options)
{
	headline_print(out, &answer->decision);
	label_print(out, "受診月");
	month_print(out, answer->care_month);
	fputc('\n', out);
	day_line_print(out, "受診日", answer->decision.visit_date, "");
	if (answer->decision.validity == ANSWER_VALID) {
		category_line_print(out, answer->category, answer->label);
		print_ratio(out, answer->ratio_percent);
		if (answer->category != NULL)
			print_formula(out, &answer->formula);
		print_multiple_months(out, answer);
		if (answer->halved_month)
			line_print(out, "75歳到達月の半額", "ご本人の月の上限額は半額になっています");
		print_amounts(out, answer, options);
		print_annual(out, answer);
		if (answer->category != NULL)
			print_table(out, &answer->table);
	}
	decision_print_end(out, &answer->decision);
}
