/* /v1/limit-tables: amounts of 高額療養費 by category and month, kept by an operator (R7.2). */
#include "api/answer.h"
#include "api/idempotency.h"
#include "api/limit_table_body.h"
#include "api/problems.h"
#include "api/routes.h"
#include "api/version.h"

#define TABLES "/v1/limit-tables"
#define TABLE TABLES "/{month}"

/* The one month that would have been right, as the tables stand. */
static void answer_other_month(
	struct request *request, struct day expected, const char *pointer, const char *why)
{
	char month[MONTH_TEXT_SIZE];
	struct field_errors errors = { .count = 0 };
	month_format(expected, month);
	limit_table_body_note(&request->arena, pointer, FIELD_NOT_TOGETHER, month, why, &errors);
	problem_answer_fields(request, &errors);
}

static void add_location(struct request *request, struct day first_month)
{
	char month[MONTH_TEXT_SIZE];
	struct text location;
	month_format(first_month, month);
	text_open(&location, &request->arena, 32, 64);
	text_put_terminated(&location, TABLES "/");
	text_put(&location, month, MONTH_TEXT_SIZE);
	if (!location.failed)
		request_add_header(request, "Location", location.at);
}

static void answer_table(struct request *request, const struct limit_table_case *of)
{
	const struct limit_table_question *question = &of->question;
	struct slice kept = answer_keep_record(request, question->document);
	if (kept.at == NULL)
		return;
	version_add_etag(request, question->version);
	if (of->said == LIMIT_TABLE_ADDED)
		add_location(request, of->table.first_month);
	if (question->replayed)
		idempotency_note_replay(request);
	answer_uncached(request, of->said == LIMIT_TABLE_ADDED ? 201 : 200, "application/json", kept);
}

static void answer_what_was_said(struct request *request, const struct limit_table_case *of)
{
	const struct day expected = of->question.expected.day;
	struct field_errors errors = { .count = 0 };
	switch (of->said) {
	case LIMIT_TABLE_FOUND:
	case LIMIT_TABLE_ADDED:
	case LIMIT_TABLE_REPLACED:
		answer_table(request, of);
		return;
	case LIMIT_TABLE_WITHDRAWN:
		answer_uncached(request, 204, NULL, (struct slice){ NULL, 0 });
		return;
	case LIMIT_TABLE_NONE:
		problem_answer(request, PROBLEM_NO_SUCH_LIMIT_TABLE, NULL);
		return;
	case LIMIT_TABLE_BEGUN:
		problem_answer(request, PROBLEM_LIMIT_TABLE_BEGUN, NULL);
		return;
	case LIMIT_TABLE_OTHER_VERSION:
		problem_answer(request, PROBLEM_PRECONDITION_FAILED, NULL);
		return;
	case LIMIT_TABLE_FOLLOWED:
		problem_answer(request, PROBLEM_LIMIT_TABLE_FOLLOWED, NULL);
		return;
	case LIMIT_TABLE_OTHER_MONTH:
		answer_other_month(request, expected, "/from", ", with which the replaced table begins");
		return;
	case LIMIT_TABLE_OTHER_END:
		answer_other_month(
			request, expected, "/until", ": in the month after it another table begins");
		return;
	case LIMIT_TABLE_NOT_NEXT:
		answer_other_month(request, expected, "/from", ", the month after the last table's last");
		return;
	case LIMIT_TABLE_TOO_EARLY:
		answer_other_month(request, expected, "/from", " or later: what has begun stays");
		return;
	case LIMIT_TABLE_KEY_REUSED:
		problem_answer(request, PROBLEM_IDEMPOTENCY_KEY_REUSED, NULL);
		return;
	case LIMIT_TABLE_REFUSED:
		limit_table_body_note_faults(&request->arena, &of->faults, &errors);
		problem_answer_fields(request, &errors);
		return;
	}
}

static void table_finished(struct limit_table_case *of, enum outcome outcome)
{
	struct request *request = of->owner;
	if (outcome == OUTCOME_OK)
		answer_what_was_said(request, of);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}

static void list_finished(struct limit_table_case *of, enum outcome outcome)
{
	struct request *request = of->owner;
	struct slice kept = { NULL, 0 };
	if (outcome == OUTCOME_OK && of->said != LIMIT_TABLE_FOUND)
		outcome = OUTCOME_INTERNAL;
	if (outcome == OUTCOME_OK)
		kept = answer_keep_record(request, of->question.document);
	else
		problem_answer(request, problem_of(outcome), NULL);
	if (kept.at != NULL)
		answer_uncached(request, 200, "application/json", kept);
	request_let_go(request);
}

/* NULL: answered already. */
static struct limit_table_case *begin(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct limit_table_case *of = arena_take(&request->arena, sizeof *of);
	if (of == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return NULL;
	}
	of->arena = &request->arena;
	of->cases = &exchange->application->cases;
	of->now = loop_now(exchange->application->loop);
	of->principal = exchange->principal;
	of->finished = table_finished;
	of->owner = request;
	return of;
}

/* The same with the table of the path; what is no month has none. */
static struct limit_table_case *begin_with_month(struct exchange *exchange)
{
	struct limit_table_case *of = begin(exchange);
	struct slice month = exchange->parameters[0];
	if (of != NULL && month_parse(month.at, month.length, &of->question.month) != OUTCOME_OK) {
		problem_answer(exchange->request, PROBLEM_NO_SUCH_LIMIT_TABLE, NULL);
		return NULL;
	}
	return of;
}

/* The same for a change: who has not seen the table does not change it. */
static struct limit_table_case *begin_change(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct limit_table_case *of = begin_with_month(exchange);
	if (of == NULL || !version_read_if_match(request, &of->question.wanted))
		return NULL;
	if (!of->question.wanted.must_exist) {
		problem_answer(request, PROBLEM_PRECONDITION_REQUIRED, NULL);
		return NULL;
	}
	return of;
}

static void go(struct limit_table_case *of, void (*step)(struct limit_table_case *of))
{
	request_hold(of->owner);
	step(of);
}

static void decode_and_go(
	struct exchange *exchange, struct limit_table_case *of, void (*step)(struct limit_table_case *of))
{
	struct request *request = exchange->request;
	struct field_errors errors = { .count = 0 };
	json_t *body = decode_body(request);
	if (body == NULL)
		return;
	limit_table_body_decode(&request->arena, body, of, &errors);
	if (field_errors_any(&errors))
		problem_answer_fields(request, &errors);
	else
		go(of, step);
}

static void start_listing(struct exchange *exchange)
{
	struct limit_table_case *of = begin(exchange);
	if (of == NULL)
		return;
	of->finished = list_finished;
	go(of, limit_tables_list);
}

static void start_finding(struct exchange *exchange)
{
	struct limit_table_case *of = begin_with_month(exchange);
	if (of != NULL)
		go(of, limit_table_find);
}

static void start_adding(struct exchange *exchange)
{
	struct limit_table_case *of = begin(exchange);
	if (of != NULL && idempotency_read(exchange, &of->question.idempotency))
		decode_and_go(exchange, of, limit_table_add);
}

static void start_replacing(struct exchange *exchange)
{
	struct limit_table_case *of = begin_change(exchange);
	if (of != NULL)
		decode_and_go(exchange, of, limit_table_replace);
}

static void start_withdrawing(struct exchange *exchange)
{
	struct limit_table_case *of = begin_change(exchange);
	if (of != NULL)
		go(of, limit_table_withdraw);
}

const struct route limit_tables_routes[] = {
	{ .method = "GET", .path = TABLES, .scope = SCOPE_OPERATOR, .start = start_listing },
	{ .method = "POST",
		.path = TABLES,
		.scope = SCOPE_OPERATOR,
		.body_max = 32 * KIB,
		.start = start_adding },
	{ .method = "GET", .path = TABLE, .scope = SCOPE_OPERATOR, .start = start_finding },
	{ .method = "PUT",
		.path = TABLE,
		.scope = SCOPE_OPERATOR,
		.body_max = 32 * KIB,
		.start = start_replacing },
	{ .method = "DELETE", .path = TABLE, .scope = SCOPE_OPERATOR, .start = start_withdrawing },
	ROUTES_END,
};
