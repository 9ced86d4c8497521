#include "terminal/answer_print.h"

#include <string.h>

#include "terminal/clean.h"
#include "terminal/decision_print.h"
#include "terminal/yen.h"

static const char *loss_words(enum answer_loss loss)
{
	switch (loss) {
	case ANSWER_NO_LOSS:
		break;
	case ANSWER_DEATH:
		return "死亡";
	case ANSWER_PUBLIC_ASSISTANCE:
		return "生活保護の受給開始";
	case ANSWER_OTHER_INSURANCE:
		return "ほかの医療保険などの資格取得";
	case ANSWER_OTHER_LOSS:
		return "その他";
	}
	return "";
}

static void print_insurer(FILE *out, const struct answer_qualification *qualification)
{
	label_print(out, "保険者");
	clean_print(out, qualification->insurer_name);
	fputs("（", out);
	clean_print(out, qualification->insurer_number);
	fputs("）\n", out);
}

static void print_identifiers(FILE *out, const struct answer_qualification *qualification)
{
	line_print(out, "記号", qualification->symbol != NULL ? qualification->symbol : "なし");
	line_print(out, "番号", qualification->number);
	line_print(out, "枝番", qualification->branch_number != NULL ? qualification->branch_number : "なし");
}

static void print_person(FILE *out, const struct answer_qualification *qualification)
{
	static const char *const sexes[] = { "男", "女", "未設定" };
	bool insured = qualification->relationship == ANSWER_INSURED;

	label_print(out, "氏名");
	clean_print(out, qualification->name);
	if (qualification->name_kana != NULL) {
		fputs("（", out);
		clean_print(out, qualification->name_kana);
		fputs("）", out);
	}
	fputc('\n', out);
	day_line_print(out, "生年月日", qualification->birth_date, "");
	line_print(out, "性別", sexes[qualification->sex]);
	line_print(out, "本人・家族", insured ? "本人" : "家族");
	if (!insured && qualification->insured_name != NULL)
		line_print(out, "被保険者", qualification->insured_name);
}

static void print_period(FILE *out, const struct answer_qualification *qualification)
{
	day_line_print(out, "資格取得日", qualification->acquired_on, "");
	if (!qualification->lost_on.known) {
		line_print(out, "資格喪失日", "なし");
		return;
	}
	day_line_print(out, "資格喪失日", qualification->lost_on.day, " この日から使えません");
	if (qualification->loss != ANSWER_NO_LOSS)
		line_print(out, "喪失事由", loss_words(qualification->loss));
}

static void print_copayment(FILE *out, const struct answer_copayment *copayment)
{
	static const char *const bases[] = { "一般", "未就学児", "70歳から74歳", "後期高齢者医療" };

	label_print(out, "負担割合");
	if (copayment->percent == 0)
		fputs("登録なし", out);
	else
		fprintf(out, "%d割", copayment->percent / 10);
	fprintf(out, "（%s）\n", bases[copayment->basis]);
	if (copayment->valid.first.known)
		day_line_print(out, "負担割合の開始", copayment->valid.first.day, "から");
	if (copayment->valid.last.known)
		day_line_print(out, "負担割合の期限", copayment->valid.last.day, "まで");
}

/* Where none is told, the reasons of the answer say why. */
static void print_limit(FILE *out, const struct answer *answer)
{
	static const char *const papers[] = { "", "限度額適用認定証", "限度額適用・標準負担額減額認定証",
		"標準負担額減額認定証" };
	const struct answer_limit *limit = &answer->limit;

	category_line_print(out, limit->category, limit->label);
	if (limit->paper != ANSWER_NO_PAPER)
		line_print(out, "認定証の種類", papers[limit->paper]);
	if (limit->valid.first.known)
		day_line_print(out, "適用区分の開始", limit->valid.first.day, "から");
	if (limit->valid.last.known)
		day_line_print(out, "適用区分の期限", limit->valid.last.day, "まで");
	if (limit->long_stay_from.known)
		day_line_print(out, "長期入院該当", limit->long_stay_from.day, "から");
}

static const char *consent_words(const char *reason)
{
	if (strcmp(reason, "consent_refused") == 0)
		return "同意なし";
	if (strcmp(reason, "certificate_in_grace") == 0)
		return "見られません（電子証明書の更新が必要です）";
	return "見られません";
}

static void print_specific_diseases(FILE *out, const json_t *diseases)
{
	size_t index;
	json_t *disease;
	if (json_array_size(diseases) == 0)
		line_print(out, "特定疾病", "登録なし");
	json_array_foreach(diseases, index, disease)
	{
		label_print(out, "特定疾病");
		fputs("区分", out);
		clean_print(out, json_string_value(json_object_get(disease, "category")));
		fputs("　1か月の上限額 ", out);
		yen_print(out, json_integer_value(json_object_get(disease, "self_pay")));
		fputc('\n', out);
	}
}

/* What the desk may see of the patient's medical information, and until when (R12.1). */
static void print_medical(FILE *out, const struct answer *answer)
{
	static const char *const names[CONSENT_COUNT] = {
		[CONSENT_SURGERIES] = "手術",
		[CONSENT_DIAGNOSES_MEDICINES] = "診療・薬剤",
		[CONSENT_HEALTH_CHECKUPS] = "健診",
		[CONSENT_SPECIFIC_DISEASES] = "特定疾病の情報",
	};
	fputs("\n医療情報の閲覧\n", out);
	for (int i = CONSENT_LIMIT_INFORMATION + 1; i < CONSENT_COUNT; i++) {
		const struct answer_consent *consent = &answer->consents[i];
		if (!consent->granted) {
			line_print(out, names[i], consent_words(consent->reason));
			continue;
		}
		label_print(out, names[i]);
		fprintf(out, "見られます（%d年%d月%d日 %02d:%02dまで）\n", consent->until_date.year,
			consent->until_date.month, consent->until_date.day, consent->until_hour,
			consent->until_minute);
	}
	if (answer->specific_diseases != NULL)
		print_specific_diseases(out, answer->specific_diseases);
}

void answer_print(FILE *out, const struct answer *answer, bool by_card)
{
	headline_print(out, &answer->decision);
	day_line_print(out, "受診日", answer->decision.visit_date, "");
	if (answer->has_qualification) {
		print_insurer(out, &answer->qualification);
		print_identifiers(out, &answer->qualification);
		print_person(out, &answer->qualification);
		print_period(out, &answer->qualification);
	}
	if (answer->has_copayment)
		print_copayment(out, &answer->copayment);
	if (answer->decision.validity == ANSWER_VALID)
		print_limit(out, answer);
	if (by_card && answer->decision.accepted)
		print_medical(out, answer);
	decision_print_end(out, &answer->decision);
}
