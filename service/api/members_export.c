/* GET /v1/insurers/{insurer_number}/members.ndjson: everybody, at the pace of the reader. */
#include <string.h>

#include "api/answer.h"
#include "api/insurer_path.h"
#include "api/problems.h"
#include "api/routes.h"
#include "cases/member_export.h"

_Static_assert(MEMBER_EXPORT_END == BODY_SOURCE_END && MEMBER_EXPORT_BROKEN == BODY_SOURCE_BROKEN,
	"what is read is given on as it is");

static ptrdiff_t give(void *owner, char *room, size_t size)
{
	struct exchange *exchange = owner;
	return member_export_read(exchange->streaming, room, size);
}

static void stop(void *owner)
{
	struct exchange *exchange = owner;
	member_export_stop(exchange->streaming);
}

static void export_opened(void *owner, enum outcome outcome)
{
	struct exchange *exchange = owner;
	struct request *request = exchange->request;
	const struct body_source source = { .give = give, .end = stop, .owner = exchange };
	if (outcome != OUTCOME_OK) {
		problem_answer(request, problem_of(outcome), NULL);
		member_export_stop(exchange->streaming);
		return;
	}
	request_add_header(request, "X-Request-Id", request->id_text);
	request_add_header(request, "Cache-Control", "no-store");
	request_answer_from(request, 200, "application/x-ndjson", &source);
}

static void export_ready(void *owner)
{
	struct exchange *exchange = owner;
	request_give_more(exchange->request);
}

static void export_ended(void *owner)
{
	struct exchange *exchange = owner;
	request_let_go(exchange->request);
}

static void start_export(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct member_export *export = NULL;
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number == NULL)
		return;
	const struct member_export_calls calls = {
		.opened = export_opened, .ready = export_ready, .ended = export_ended, .owner = exchange
	};
	enum outcome outcome =
		member_export_start(&exchange->application->exports, insurer_number, &calls, &export);
	if (outcome != OUTCOME_OK) {
		problem_answer(request, problem_of(outcome), NULL);
		return;
	}
	exchange->streaming = export;
	request_hold(request);
}

const struct route members_export_routes[] = {
	{ .method = "GET",
		.path = "/v1/insurers/{insurer_number}/members.ndjson",
		.scope = SCOPE_INSURER,
		.gives = "application/x-ndjson",
		.start = start_export },
	ROUTES_END,
};
