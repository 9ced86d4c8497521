#include "api/metrics_page.h"

#include "base/metrics.h"

#define PAGE_BYTES_MAX ((size_t)512 * 1024)

static size_t accept_request(void *owner, struct request *request)
{
	(void)owner;
	(void)request;
	return 0;
}

static void start_request(void *owner, struct request *request)
{
	(void)owner;
	struct text out;
	if (!slice_is(request->path, "/metrics")) {
		request_answer(request, 404, "text/plain", SLICE_LITERAL("only /metrics is here\n"));
		return;
	}
	text_open(&out, &request->arena, (size_t)64 * 1024, PAGE_BYTES_MAX);
	metrics_print(&out);
	if (out.failed)
		request_answer(request, 503, "text/plain", SLICE_LITERAL("no memory for the page\n"));
	else
		request_answer(request, 200, "text/plain; version=0.0.4", text_slice(&out));
}

static void refuse_request(
	void *owner, struct request *request, enum http_refusal refusal, const char *detail)
{
	(void)owner;
	(void)detail;
	request_answer(request, refusal == HTTP_REFUSAL_MALFORMED ? 400 : 503, "text/plain",
		SLICE_LITERAL("refused\n"));
}

static void request_ended(void *owner, struct request *request)
{
	(void)owner;
	(void)request;
}

struct http_application metrics_page_face(void)
{
	return (struct http_application){
		.accept = accept_request,
		.start = start_request,
		.refuse = refuse_request,
		.ended = request_ended,
	};
}
