/* GET /v1/insurers/{insurer_number}/statistics: as JSON, or as CSV for whoever counts on with a spreadsheet. */
#include "cases/statistics.h"

#include <inttypes.h>

#include "api/answer.h"
#include "api/insurer_path.h"
#include "api/media_type.h"
#include "api/problems.h"
#include "api/query.h"
#include "api/routes.h"
#include "base/json.h"

#define FORMS "application/json,text/csv"
enum { FORM_JSON, FORM_CSV };

/* 310 lines of checks, of some 90 bytes each. */
#define ANSWER_BYTES_MAX ((size_t)64 * 1024)
#define DAYS 7

struct asked {
	struct statistics statistics;
	size_t form;
};

/* The numbers that a name stands for, in groups; both forms are written from this list. */
struct number {
	const char *group;
	const char *name;
	int64_t value;
};
enum { NUMBERS = 13 };

static void list_numbers(const struct member_counts_question *counts, struct number numbers[NUMBERS])
{
	const int64_t *certificates = counts->certificates;
	const struct number list[NUMBERS] = {
		{ "members", "total", counts->members }, { "members", "insured", counts->insured },
		{ "members", "dependants", counts->members - counts->insured },
		{ "registered_cards", "count", counts->registered }, { "links", "linked", counts->linked },
		{ "links", "pending", counts->members - counts->linked - counts->mismatch },
		{ "links", "mismatch", counts->mismatch },
		{ "certificates", "issued", certificates[COUNTED_ISSUED] },
		{ "certificates", "returned", certificates[COUNTED_RETURNED] },
		{ "certificates", "revoked", certificates[COUNTED_REVOKED] },
		{ "certificates", "expired", certificates[COUNTED_EXPIRED] },
		{ "certificates", "replaced", certificates[COUNTED_REPLACED] },
		{ "notices", "issued", 0 }, /* none are issued here yet (R9) */
	};
	memcpy(numbers, list, sizeof list);
}

static void put_permille(struct text *out, const struct statistics *statistics, const char *nothing)
{
	if (statistics->has_registered_permille)
		text_printf(out, "%" PRId64 ".%" PRId64, statistics->registered_permille / 10,
			statistics->registered_permille % 10);
	else
		text_put_terminated(out, nothing);
}

static void put_day(struct text *out, struct day day)
{
	char text[DAY_TEXT_SIZE];
	day_format(day, text);
	text_put_terminated(out, text);
}

static void put_json_checks(struct json_writer *json, const struct member_counts_question *counts)
{
	char day[DAY_TEXT_SIZE];
	json_put_key(json, "checks");
	json_open_array(json);
	for (size_t i = 0; i < counts->check_count; i++) {
		const struct counted_checks *checks = &counts->checks[i];
		day_format(checks->day, day);
		json_open_object(json);
		json_put_key(json, "day");
		json_put_terminated(json, day);
		json_put_key(json, "validity");
		json_put_terminated(json, statistics_outcome(checks->validity));
		json_put_key(json, "accepted");
		json_put_boolean(json, checks->accepted);
		json_put_key(json, "count");
		json_put_number(json, checks->count);
		json_close_object(json);
	}
	json_close_array(json);
}

static void put_json(
	struct text *out, const struct statistics *statistics, const struct number numbers[NUMBERS])
{
	const struct member_counts_question *counts = &statistics->question;
	struct json_writer json = { .out = out };
	char day[DAY_TEXT_SIZE];
	char instant[INSTANT_TEXT_SIZE];
	day_format(counts->as_of, day);
	instant_format(statistics->known_at, instant);
	json_open_object(&json);
	json_put_key(&json, "insurer_number");
	json_put_slice(&json, counts->insurer_number);
	json_put_key(&json, "as_of");
	json_put_terminated(&json, day);
	json_put_key(&json, "known_at");
	json_put_terminated(&json, instant);
	for (size_t i = 0; i < NUMBERS; i++) {
		if (i == 0 || numbers[i].group != numbers[i - 1].group) {
			json_put_key(&json, numbers[i].group);
			json_open_object(&json);
		}
		json_put_key(&json, numbers[i].name);
		json_put_number(&json, numbers[i].value);
		if (strcmp(numbers[i].group, "registered_cards") == 0) {
			json_put_key(&json, "percent");
			put_permille(out, statistics, "null");
			json.comma = true;
		}
		if (i + 1 == NUMBERS || numbers[i].group != numbers[i + 1].group)
			json_close_object(&json);
	}
	put_json_checks(&json, counts);
	json_close_object(&json);
}

static void begin_line(
	struct text *out, const struct statistics *statistics, const char *group, const char *name)
{
	text_put(out, statistics->question.insurer_number.at, statistics->question.insurer_number.length);
	text_put_char(out, ',');
	put_day(out, statistics->question.as_of);
	text_printf(out, ",%s,%s,", group, name);
}

/* A line a number (RFC 4180): no value here holds what would need quotes. */
static void put_csv(
	struct text *out, const struct statistics *statistics, const struct number numbers[NUMBERS])
{
	const struct member_counts_question *counts = &statistics->question;
	text_put_terminated(out, "insurer_number,as_of,group,name,day,accepted,value\r\n");
	for (size_t i = 0; i < NUMBERS; i++) {
		begin_line(out, statistics, numbers[i].group, numbers[i].name);
		text_printf(out, ",,%" PRId64 "\r\n", numbers[i].value);
		if (strcmp(numbers[i].group, "registered_cards") != 0)
			continue;
		begin_line(out, statistics, numbers[i].group, "percent");
		text_put_terminated(out, ",,");
		put_permille(out, statistics, "");
		text_put_terminated(out, "\r\n");
	}
	for (size_t i = 0; i < counts->check_count; i++) {
		const struct counted_checks *checks = &counts->checks[i];
		begin_line(out, statistics, "checks", statistics_outcome(checks->validity));
		put_day(out, checks->day);
		text_printf(out, ",%s,%" PRId64 "\r\n", checks->accepted ? "true" : "false", checks->count);
	}
}

static void answer_counts(struct request *request, const struct asked *asked)
{
	struct text out;
	struct number numbers[NUMBERS];
	list_numbers(&asked->statistics.question, numbers);
	text_open(&out, &request->arena, ANSWER_BYTES_MAX / 16, ANSWER_BYTES_MAX);
	if (asked->form == FORM_CSV)
		put_csv(&out, &asked->statistics, numbers);
	else
		put_json(&out, &asked->statistics, numbers);
	if (out.failed)
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
	else
		answer_uncached(request, 200,
			asked->form == FORM_CSV ? "text/csv; charset=utf-8; header=present"
						: "application/json",
			text_slice(&out));
}

static void counted(struct statistics *statistics, enum outcome outcome)
{
	struct request *request = statistics->owner;
	if (outcome == OUTCOME_OK)
		answer_counts(request, (const struct asked *)statistics);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}

static bool refuse_query(struct request *request, const char *detail)
{
	problem_answer(request, PROBLEM_INVALID_QUERY, detail);
	return false;
}

static bool read_days(struct slice text, int64_t *days)
{
	*days = 0;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9' || i == 2)
			return false;
		*days = *days * 10 + (text.at[i] - '0');
	}
	return *days >= 1 && *days <= COUNTED_DAYS_MAX;
}

static bool read_asked(struct request *request, struct day today, struct member_counts_question *question)
{
	enum { AS_OF, CHECK_DAYS, PARAMETERS };
	static const char *const names[PARAMETERS] = { [AS_OF] = "as_of", [CHECK_DAYS] = "check_days" };
	struct slice values[PARAMETERS];
	if (!query_read(request, names, PARAMETERS, values))
		return false;
	question->as_of = today;
	question->days = DAYS;
	if (values[AS_OF].at != NULL &&
		(day_parse(values[AS_OF].at, values[AS_OF].length, &question->as_of) != OUTCOME_OK ||
			day_compare(question->as_of, today) > 0))
		return refuse_query(
			request, "as_of is a day that exists, as YYYY-MM-DD, and not after today.");
	if (values[CHECK_DAYS].at != NULL && !read_days(values[CHECK_DAYS], &question->days))
		return refuse_query(request, "check_days is a number from 1 to 31.");
	return true;
}

static void start_counting(struct exchange *exchange)
{
	struct request *request = exchange->request;
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number == NULL)
		return;
	struct asked *asked = arena_take(&request->arena, sizeof *asked);
	if (asked == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	struct statistics *statistics = &asked->statistics;
	asked->form = media_type_choose(request->accept, FORMS);
	statistics->cases = &exchange->application->cases;
	statistics->now = loop_now(exchange->application->loop);
	statistics->finished = counted;
	statistics->owner = request;
	if (!read_asked(request, day_in_japan(statistics->now.wall), &statistics->question))
		return;
	statistics->question.insurer_number = slice_of(insurer_number);
	request_hold(request);
	statistics_count(statistics);
}

const struct route statistics_routes[] = {
	{ .method = "GET",
		.path = "/v1/insurers/{insurer_number}/statistics",
		.scope = SCOPE_INSURER,
		.gives = FORMS,
		.start = start_counting },
	ROUTES_END,
};
