#include "terminal/answer_print.h"

#include <string.h>

#include "terminal/clean.h"
#include "terminal/day_print.h"
#include "terminal/width.h"

#define LABEL_COLUMNS 18

static void print_label(FILE *out, const char *label)
{
	fputs("  ", out);
	fputs(label, out);
	width_pad(out, label, LABEL_COLUMNS);
}

static void print_line(FILE *out, const char *label, const char *text)
{
	print_label(out, label);
	clean_print(out, text);
	fputc('\n', out);
}

static void print_day_line(FILE *out, const char *label, struct day day, const char *note)
{
	print_label(out, label);
	day_print(out, day);
	fprintf(out, "%s\n", note);
}

static const char *headline(const struct answer *answer)
{
	switch (answer->validity) {
	case ANSWER_VALID:
		if (!answer->accepted)
			return "有効　ただし、この提示では受付できません";
		return answer->qualification_only ? "有効　受付できます（資格の確認のみ）"
						  : "有効　受付できます";
	case ANSWER_INVALID:
		return "無効　受付できません";
	case ANSWER_INVALID_NEWER_EXISTS:
		return "無効（新しい資格があります）　受付できません";
	case ANSWER_NOT_FOUND:
		return "該当する資格がありません　受付できません";
	case ANSWER_MULTIPLE:
		return "複数の方が該当します　受付できません";
	case ANSWER_CARD_NOT_USABLE:
		return "このカードは使えません";
	}
	return "確認できません";
}

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
	print_label(out, "保険者");
	clean_print(out, qualification->insurer_name);
	fputs("（", out);
	clean_print(out, qualification->insurer_number);
	fputs("）\n", out);
}

static void print_identifiers(FILE *out, const struct answer_qualification *qualification)
{
	print_line(out, "記号", qualification->symbol != NULL ? qualification->symbol : "なし");
	print_line(out, "番号", qualification->number);
	print_line(out, "枝番", qualification->branch_number != NULL ? qualification->branch_number : "なし");
}

static void print_person(FILE *out, const struct answer_qualification *qualification)
{
	static const char *const sexes[] = { "男", "女", "未設定" };
	bool insured = qualification->relationship == ANSWER_INSURED;

	print_label(out, "氏名");
	clean_print(out, qualification->name);
	if (qualification->name_kana != NULL) {
		fputs("（", out);
		clean_print(out, qualification->name_kana);
		fputs("）", out);
	}
	fputc('\n', out);
	print_day_line(out, "生年月日", qualification->birth_date, "");
	print_line(out, "性別", sexes[qualification->sex]);
	print_line(out, "本人・家族", insured ? "本人" : "家族");
	if (!insured && qualification->insured_name != NULL)
		print_line(out, "被保険者", qualification->insured_name);
}

static void print_period(FILE *out, const struct answer_qualification *qualification)
{
	print_day_line(out, "資格取得日", qualification->acquired_on, "");
	if (!qualification->lost_on.known) {
		print_line(out, "資格喪失日", "なし");
		return;
	}
	print_day_line(out, "資格喪失日", qualification->lost_on.day, " この日から使えません");
	if (qualification->loss != ANSWER_NO_LOSS)
		print_line(out, "喪失事由", loss_words(qualification->loss));
}

static void print_copayment(FILE *out, const struct answer_copayment *copayment)
{
	static const char *const bases[] = { "一般", "未就学児", "70歳から74歳", "後期高齢者医療" };

	print_label(out, "負担割合");
	if (copayment->percent == 0)
		fputs("登録なし", out);
	else
		fprintf(out, "%d割", copayment->percent / 10);
	fprintf(out, "（%s）\n", bases[copayment->basis]);
	if (copayment->valid.first.known)
		print_day_line(out, "負担割合の開始", copayment->valid.first.day, "から");
	if (copayment->valid.last.known)
		print_day_line(out, "負担割合の期限", copayment->valid.last.day, "まで");
}

static const char *told_text(const json_t *item)
{
	return json_string_value(json_object_get(item, "text"));
}

static void print_reasons(FILE *out, const json_t *reasons)
{
	size_t index;
	json_t *item;
	if (json_array_size(reasons) > 0)
		fputs("\n理由\n", out);
	json_array_foreach(reasons, index, item)
	{
		fputs("  ・", out);
		clean_print(out, told_text(item));
		fputc('\n', out);
	}
}

static void print_next_actions(FILE *out, const json_t *actions)
{
	size_t index;
	json_t *item;
	if (json_array_size(actions) > 0)
		fputs("\n次にすること\n", out);
	json_array_foreach(actions, index, item)
	{
		fprintf(out, "  %zu. ", index + 1);
		clean_print(out, told_text(item));
		fputc('\n', out);
	}
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
		print_line(out, "特定疾病", "登録なし");
	json_array_foreach(diseases, index, disease)
	{
		print_label(out, "特定疾病");
		fputs("区分", out);
		clean_print(out, json_string_value(json_object_get(disease, "category")));
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
			print_line(out, names[i], consent_words(consent->reason));
			continue;
		}
		print_label(out, names[i]);
		fprintf(out, "見られます（%d年%d月%d日 %02d:%02dまで）\n", consent->until_date.year,
			consent->until_date.month, consent->until_date.day, consent->until_hour,
			consent->until_minute);
	}
	if (answer->specific_diseases != NULL)
		print_specific_diseases(out, answer->specific_diseases);
}

void answer_print(FILE *out, const struct answer *answer, bool by_card)
{
	fprintf(out, "%s\n\n", headline(answer));
	print_day_line(out, "受診日", answer->visit_date, "");
	if (answer->has_qualification) {
		print_insurer(out, &answer->qualification);
		print_identifiers(out, &answer->qualification);
		print_person(out, &answer->qualification);
		print_period(out, &answer->qualification);
	}
	if (answer->has_copayment)
		print_copayment(out, &answer->copayment);
	if (by_card && answer->accepted)
		print_medical(out, answer);
	print_reasons(out, answer->reasons);
	print_next_actions(out, answer->next_actions);
	fputc('\n', out);
	print_line(out, "確認日時", answer->checked_at);
	print_line(out, "確認番号", answer->check_id);
}

enum exit_code answer_exit_code(const struct answer *answer)
{
	switch (answer->validity) {
	case ANSWER_VALID:
		return answer->accepted ? EXIT_CODE_ACCEPTED : EXIT_CODE_NOT_ACCEPTED;
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
