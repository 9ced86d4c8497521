#include "terminal/decision_print.h"

#include "terminal/clean.h"
#include "terminal/day_print.h"
#include "terminal/width.h"

void label_print(FILE *out, const char *label)
{
	fputs("  ", out);
	fputs(label, out);
	width_pad(out, label, LABEL_COLUMNS);
}

void line_print(FILE *out, const char *label, const char *text)
{
	label_print(out, label);
	clean_print(out, text);
	fputc('\n', out);
}

void day_line_print(FILE *out, const char *label, struct day day, const char *note)
{
	label_print(out, label);
	day_print(out, day);
	fprintf(out, "%s\n", note);
}

void category_line_print(FILE *out, const char *category, const char *label)
{
	if (category == NULL) {
		line_print(out, "適用区分", "限度額の情報は示されていません");
		return;
	}
	label_print(out, "適用区分");
	clean_print(out, label);
	fputs("（", out);
	clean_print(out, category);
	fputs("）\n", out);
}

static const char *headline(const struct decision *decision)
{
	switch (decision->validity) {
	case ANSWER_VALID:
		if (!decision->accepted)
			return "有効　ただし、この提示では受付できません";
		return decision->qualification_only ? "有効　受付できます（資格の確認のみ）"
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

void headline_print(FILE *out, const struct decision *decision)
{
	fprintf(out, "%s\n\n", headline(decision));
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

void decision_print_end(FILE *out, const struct decision *decision)
{
	print_reasons(out, decision->reasons);
	print_next_actions(out, decision->next_actions);
	fputc('\n', out);
	line_print(out, "確認日時", decision->checked_at);
	line_print(out, "確認番号", decision->check_id);
}
