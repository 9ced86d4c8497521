/* /v1/jobs/{job_id}, and what is known of an import beside its job. */
#include "api/answer.h"
#include "api/insurer_path.h"
#include "api/page.h"
#include "api/problems.h"
#include "api/query.h"
#include "api/routes.h"
#include "cases/job_record.h"

static void answer_document(struct request *request, int status, struct slice document)
{
	struct slice kept = answer_keep_record(request, document);
	if (kept.at != NULL)
		answer_uncached(request, status, "application/json", kept);
}

static void answer_what_was_said(struct request *request, const struct job_record *record)
{
	switch (record->said) {
	case JOB_RECORD_FOUND:
	case JOB_RECORD_CANCELLED:
		answer_document(request, 200, record->question.document);
		return;
	case JOB_RECORD_CANCELLING:
		answer_document(request, 202, record->question.document);
		return;
	case JOB_RECORD_ENDED:
		problem_answer(request, PROBLEM_JOB_ENDED, NULL);
		return;
	case JOB_RECORD_NONE:
		problem_answer(request, PROBLEM_NO_SUCH_JOB, NULL);
		return;
	}
}

static void record_finished(struct job_record *record, enum outcome outcome)
{
	struct request *request = record->owner;
	if (outcome == OUTCOME_OK)
		answer_what_was_said(request, record);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}

/* An id that is none names no job either. */
static void start_with_id(struct exchange *exchange, const char *insurer_number, struct slice id,
	void (*begin)(struct job_record *record))
{
	struct request *request = exchange->request;
	struct job_record *record = arena_take(&request->arena, sizeof *record);
	if (record == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	if (!uuid_parse(id.at, id.length, record->question.job_id)) {
		problem_answer(request, PROBLEM_NO_SUCH_JOB, NULL);
		return;
	}
	record->question.insurer_number = slice_of(insurer_number);
	record->cases = &exchange->application->cases;
	record->now = loop_now(exchange->application->loop);
	record->principal = exchange->principal;
	record->finished = record_finished;
	record->owner = request;
	request_hold(request);
	begin(record);
}

static void start_finding_job(struct exchange *exchange)
{
	start_with_id(exchange, exchange->principal.owner, exchange->parameters[0], job_find);
}

static void start_cancelling(struct exchange *exchange)
{
	start_with_id(exchange, exchange->principal.owner, exchange->parameters[0], job_cancel);
}

static void start_finding_import(struct exchange *exchange)
{
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number != NULL)
		start_with_id(exchange, insurer_number, exchange->parameters[1], import_find);
}

static void answer_page(struct import_page *page, enum outcome outcome, const char *name)
{
	struct request *request = page->owner;
	const struct page_question *question = &page->question.page;
	if (outcome != OUTCOME_OK)
		problem_answer(request, problem_of(outcome), NULL);
	else if (question->items.at == NULL)
		problem_answer(request, PROBLEM_NO_SUCH_JOB, NULL);
	else
		page_answer(request, name, question->items, question->last_id);
	request_let_go(request);
}

static void errors_listed(struct import_page *page, enum outcome outcome)
{
	answer_page(page, outcome, "errors");
}

static void missing_listed(struct import_page *page, enum outcome outcome)
{
	answer_page(page, outcome, "member_ids");
}

static void start_page(struct exchange *exchange,
	void (*finished)(struct import_page *page, enum outcome outcome),
	void (*list)(struct import_page *page))
{
	enum { LIMIT, CURSOR, PARAMETERS };
	static const char *const names[PARAMETERS] = { [LIMIT] = "limit", [CURSOR] = "cursor" };
	struct slice values[PARAMETERS];
	struct request *request = exchange->request;
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number == NULL)
		return;
	struct import_page *page = arena_take(&request->arena, sizeof *page);
	if (page == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	struct page_question *question = &page->question.page;
	struct slice id = exchange->parameters[1];
	if (!query_read(request, names, PARAMETERS, values) ||
		!page_read(request, values[LIMIT], values[CURSOR], &question->count, &question->after))
		return;
	if (!uuid_parse(id.at, id.length, page->question.import_id)) {
		problem_answer(request, PROBLEM_NO_SUCH_JOB, NULL);
		return;
	}
	question->insurer_number = slice_of(insurer_number);
	page->cases = &exchange->application->cases;
	page->finished = finished;
	page->owner = request;
	request_hold(request);
	list(page);
}

static void start_listing_errors(struct exchange *exchange)
{
	start_page(exchange, errors_listed, import_errors_list);
}

static void start_listing_missing(struct exchange *exchange)
{
	start_page(exchange, missing_listed, import_missing_list);
}

#define IMPORT "/v1/insurers/{insurer_number}/imports/{import_id}"

const struct route jobs_routes[] = {
	{ .method = "GET", .path = "/v1/jobs/{job_id}", .scope = SCOPE_INSURER, .start = start_finding_job },
	{ .method = "DELETE",
		.path = "/v1/jobs/{job_id}",
		.scope = SCOPE_INSURER,
		.start = start_cancelling },
	{ .method = "GET", .path = IMPORT, .scope = SCOPE_INSURER, .start = start_finding_import },
	{ .method = "GET", .path = IMPORT "/errors", .scope = SCOPE_INSURER, .start = start_listing_errors },
	{ .method = "GET",
		.path = IMPORT "/missing",
		.scope = SCOPE_INSURER,
		.start = start_listing_missing },
	ROUTES_END,
};
