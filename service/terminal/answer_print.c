#include "terminal/answer_print.h"

#include "terminal/clean.h"
#include "terminal/width.h"

#define LABEL_COLUMNS 18
#define ERA_SIZE 64

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

/* 1980年5月17日（昭和55年5月17日）: papers and charts use either. */
static void print_day(FILE *out, struct day day)
{
	struct civil_date date = day_to_civil(day);
	fprintf(out, "%d年%d月%d日", date.year, date.month, date.day);
	char era[ERA_SIZE];
	if (day_format_era(day, era, sizeof era) == OUTCOME_OK)
		fprintf(out, "（%s）", era);
}

static void print_day_line(FILE *out, const char *label, struct day day, const char *note)
{
	print_label(out, label);
	print_day(out, day);
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

void answer_print(FILE *out, const struct answer *answer)
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
	}
	return EXIT_CODE_NOT_UNDERSTOOD;
}
