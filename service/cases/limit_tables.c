#include "cases/limit_tables.h"

#include <stddef.h>

#include "base/json.h"
#include "base/log.h"

#define AMOUNTS_BYTES_FIRST ((size_t)4 * 1024)
#define AMOUNTS_BYTES_MAX ((size_t)16 * 1024)

/* What the statements say, as a code each. */
static const char *const said_codes[] = {
	[LIMIT_TABLE_FOUND] = "found",
	[LIMIT_TABLE_ADDED] = "made",
	[LIMIT_TABLE_REPLACED] = "replaced",
	[LIMIT_TABLE_WITHDRAWN] = "withdrawn",
	[LIMIT_TABLE_NONE] = "none",
	[LIMIT_TABLE_BEGUN] = "begun",
	[LIMIT_TABLE_OTHER_VERSION] = "other_version",
	[LIMIT_TABLE_FOLLOWED] = "followed",
	[LIMIT_TABLE_OTHER_MONTH] = "other_month",
	[LIMIT_TABLE_OTHER_END] = "other_end",
	[LIMIT_TABLE_NOT_NEXT] = "not_next",
	[LIMIT_TABLE_TOO_EARLY] = "too_early",
	[LIMIT_TABLE_KEY_REUSED] = "key_reused",
};

static bool has_what_it_says(enum limit_table_said said, const struct limit_table_question *answer)
{
	switch (said) {
	case LIMIT_TABLE_FOUND:
	case LIMIT_TABLE_ADDED:
	case LIMIT_TABLE_REPLACED:
		return answer->document.at != NULL;
	case LIMIT_TABLE_OTHER_MONTH:
	case LIMIT_TABLE_OTHER_END:
	case LIMIT_TABLE_NOT_NEXT:
	case LIMIT_TABLE_TOO_EARLY:
		return answer->expected.known;
	default:
		return true;
	}
}

static enum outcome read_said(struct limit_table_case *of)
{
	const struct limit_table_question *answer = &of->question;
	of->said = LIMIT_TABLE_NONE;
	if (answer->outcome.at == NULL)
		return OUTCOME_OK;
	for (size_t i = 0; i < sizeof said_codes / sizeof *said_codes; i++) {
		if (!slice_is(answer->outcome, said_codes[i]))
			continue;
		of->said = (enum limit_table_said)i;
		return has_what_it_says(of->said, answer) ? OUTCOME_OK : OUTCOME_INTERNAL;
	}
	return OUTCOME_INTERNAL;
}

static void log_change(const struct limit_table_case *of)
{
	const struct limit_table_question *answer = &of->question;
	bool adds = of->said == LIMIT_TABLE_ADDED;
	if (answer->replayed ||
		(!adds && of->said != LIMIT_TABLE_REPLACED && of->said != LIMIT_TABLE_WITHDRAWN))
		return;
	char month[MONTH_TEXT_SIZE];
	month_format(adds ? answer->first_month : answer->month, month);
	log_security("limit table %s month=%s token=%lld", adds ? "added" : said_codes[of->said], month,
		(long long)of->principal.token_id);
}

static void answered(struct lane_question *question, enum outcome outcome)
{
	struct limit_table_question *answer = (struct limit_table_question *)question;
	struct limit_table_case *of =
		(struct limit_table_case *)((char *)answer - offsetof(struct limit_table_case, question));
	if (outcome == OUTCOME_OK)
		outcome = read_said(of);
	if (outcome == OUTCOME_OK)
		log_change(of);
	of->finished(of, outcome);
}

static void ask(struct limit_table_case *of,
	enum outcome (*store)(struct store *store, struct limit_table_question *question))
{
	struct limit_table_question *question = &of->question;
	question->question.answered = answered;
	question->this_month = day_first_of_month(day_in_japan(of->now.wall));
	question->now = of->now.wall;
	question->token_id = of->principal.token_id;
	enum outcome outcome = store(of->cases->store, question);
	if (outcome != OUTCOME_OK)
		of->finished(of, outcome);
}

static void put_yen(struct json_writer *json, const char *key, struct optional_yen yen)
{
	json_put_key(json, key);
	if (yen.known)
		json_put_number(json, yen.amount);
	else
		json_put_null(json);
}

/* Under the names of the columns. */
static enum outcome MUST_CHECK write_amounts(
	struct arena *arena, const struct limit_table *table, struct slice *amounts)
{
	struct text out;
	text_open(&out, arena, AMOUNTS_BYTES_FIRST, AMOUNTS_BYTES_MAX);
	struct json_writer json = { .out = &out };
	json_open_array(&json);
	for (size_t i = 0; i < table->line_count; i++) {
		const struct limit_amounts *line = &table->lines[i].amounts;
		json_open_object(&json);
		json_put_key(&json, "category");
		json_put_terminated(&json, limit_category_code(table->lines[i].category));
		put_yen(&json, "base", (struct optional_yen){ true, line->base });
		put_yen(&json, "threshold", (struct optional_yen){ true, line->threshold });
		json_put_key(&json, "rate_percent");
		json_put_number(&json, line->rate_percent);
		put_yen(&json, "multiple", line->multiple);
		put_yen(&json, "outpatient", line->outpatient);
		put_yen(&json, "outpatient_annual", line->outpatient_annual);
		put_yen(&json, "annual", line->annual);
		put_yen(&json, "annual_low_income", line->annual_low_income);
		json_close_object(&json);
	}
	json_close_array(&json);
	*amounts = text_slice(&out);
	return out.failed ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

static void put(struct limit_table_case *of,
	enum outcome (*store)(struct store *store, struct limit_table_question *question))
{
	limit_table_check(&of->table, &of->faults);
	if (of->faults.count > 0) {
		of->said = LIMIT_TABLE_REFUSED;
		of->finished(of, OUTCOME_OK);
		return;
	}
	of->question.first_month = of->table.first_month;
	of->question.last_month = of->table.last_month;
	enum outcome outcome = write_amounts(of->arena, &of->table, &of->question.amounts);
	if (outcome == OUTCOME_OK)
		ask(of, store);
	else
		of->finished(of, outcome);
}

void limit_tables_list(struct limit_table_case *of)
{
	ask(of, store_list_limit_tables);
}

void limit_table_find(struct limit_table_case *of)
{
	ask(of, store_find_limit_table);
}

void limit_table_add(struct limit_table_case *of)
{
	put(of, store_add_limit_table);
}

void limit_table_replace(struct limit_table_case *of)
{
	put(of, store_replace_limit_table);
}

void limit_table_withdraw(struct limit_table_case *of)
{
	ask(of, store_withdraw_limit_table);
}
