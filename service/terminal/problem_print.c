#include "terminal/problem_print.h"

#include <string.h>

#include "terminal/clean.h"
#include "terminal/options.h"

#define RED "\033[31m"
#define PLAIN "\033[0m"

struct field_words {
	const char *pointer;
	enum option option;
	const char *name;
	const char *expected;
};

static const struct field_words fields[] = {
	{ "/presented/kind", OPTION_KIND, "提示された書類", "eligibility_certificate などから選びます" },
	{ "/presented/insurer_number", OPTION_INSURER, "保険者番号", "8桁の数字（国保は6桁でも可）です" },
	{ "/presented/symbol", OPTION_SYMBOL, "記号", "書類のとおりに入力します" },
	{ "/presented/number", OPTION_NUMBER, "番号", "書類のとおりに入力します" },
	{ "/presented/branch_number", OPTION_BRANCH, "枝番", "2桁の数字（例 00）です" },
	{ "/presented/birth_date", OPTION_BIRTH_DATE, "生年月日", "実在する、受診日より後でない日付です" },
	{ "/presented/holder_verification", OPTION_HOLDER_VERIFICATION, "本人確認の方法",
		"face（顔）、pin（暗証番号）、visual（目視）のどれかです" },
	{ "/visit_date", OPTION_VISIT_DATE, "受診日", "生年月日から31日先までの日付です" },
	{ "/care_month", OPTION_MONTH, "受診月", "限度額の表がある年月（例 2026-11）です" },
	{ "/total_medical_cost", OPTION_COST, "総医療費", "0から10,000,000,000までの円の額です" },
	{ "/care", OPTION_CARE, "入院・外来の別", "inpatient（入院）か outpatient（外来）です" },
	{ "/prior_ceiling_months", OPTION_PRIOR_MONTHS, "上限額に達した月の数", "0から11までの数です" },
	{ "/paid_so_far", OPTION_PAID, "すでにお支払いの額", "0から10,000,000,000までの円の額です" },
	{ "/specific_disease", OPTION_DISEASE, "特定疾病",
		"1（人工透析）、2（血友病）、3（HIV）のどれかです" },
	{ "/known_at", OPTION_KNOWN_AT, "いつの時点の登録か",
		"現在より前の日時（例 2026-11-22T10:00:00+09:00）です" },
	{ "/setting", OPTION_SETTING, "場面", "standard か school です" },
	{ "/with_card", OPTION_WITH_CARD, "マイナンバーカードの提示", "あり・なしで答えます" },
	{ "/consents", OPTION_CONSENT, "同意", "項目名を「,」で区切ります" },
	{ "/reference_number", OPTION_REFERENCE_NUMBER, "患者番号", "1から64文字です" },
};

static const char *const wrong_words[][2] = {
	{ "required", "入力が必要です" },
	{ "unknown_field", "サービスが知らない項目です" },
	{ "wrong_type", "値の種類が違います" },
	{ "wrong_form", "形式が正しくありません" },
	{ "not_one_of", "選べる値ではありません" },
	{ "too_long", "長すぎます" },
	{ "out_of_range", "範囲の外です" },
};

/* A pointer below a field (/consents/surgeries) is about that field. */
static const struct field_words *find_field(const char *pointer)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		size_t length = strlen(fields[i].pointer);
		if (strncmp(pointer, fields[i].pointer, length) == 0 &&
			(pointer[length] == '\0' || pointer[length] == '/'))
			return &fields[i];
	}
	return NULL;
}

static const char *words_for(const char *code)
{
	for (size_t i = 0; code != NULL && i < sizeof wrong_words / sizeof wrong_words[0]; i++) {
		if (strcmp(code, wrong_words[i][0]) == 0)
			return wrong_words[i][1];
	}
	return "正しくありません";
}

static void print_error(FILE *out, const json_t *error, bool colour)
{
	const char *pointer = json_string_value(json_object_get(error, "pointer"));
	const char *code = json_string_value(json_object_get(error, "code"));
	const struct field_words *field = pointer != NULL ? find_field(pointer) : NULL;

	fprintf(out, "  ・%s", colour ? RED : "");
	if (field != NULL)
		fprintf(out, "%s（%s）", field->name, option_text(field->option));
	else
		clean_print(out, pointer != NULL ? pointer : "?");
	fprintf(out, "%s　%s。", colour ? PLAIN : "", words_for(code));
	if (field != NULL)
		fprintf(out, "%s。", field->expected);
	fputc('\n', out);
}

void problem_print(FILE *out, const struct problem *problem, long retry_after, bool colour)
{
	fputs("確認できませんでした\n\n", out);
	clean_print(out, problem->desk != NULL ? problem->desk : "サービスが照会を受け付けませんでした。");
	fputc('\n', out);
	size_t index;
	json_t *error;
	json_array_foreach(problem->errors, index, error)
	{
		print_error(out, error, colour);
	}
	if (retry_after > 0)
		fprintf(out, "%ld秒たってからお試しください。\n", retry_after);
	if (problem->instance != NULL) {
		fputs("\n  問い合わせ番号 ", out);
		clean_print(out, problem->instance);
		fputc('\n', out);
	}
}

static void print_pair(FILE *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	fprintf(out, "%s: ", name);
	clean_print(out, text);
	fputc('\n', out);
}

void problem_print_details(FILE *out, const struct problem *problem)
{
	print_pair(out, "code", problem->code);
	print_pair(out, "title", problem->title);
	print_pair(out, "detail", problem->detail);
	size_t index;
	json_t *error;
	json_array_foreach(problem->errors, index, error)
	{
		print_pair(out, "pointer", json_string_value(json_object_get(error, "pointer")));
		print_pair(out, "  code", json_string_value(json_object_get(error, "code")));
		print_pair(out, "  detail", json_string_value(json_object_get(error, "detail")));
	}
}
