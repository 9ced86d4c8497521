#include "api/answer.h"

#include "api/problems.h"
#include "base/json.h"

void answer_uncached(struct request *request, int status, const char *content_type, struct slice body)
{
	request_add_header(request, "X-Request-Id", request->id_text);
	request_add_header(request, "Cache-Control", "no-store");
	request_answer(request, status, content_type, body);
}

struct slice answer_keep_record(struct request *request, struct slice document)
{
	struct text out;
	text_open(&out, &request->arena, document.length, document.length);
	struct json_writer json = { .out = &out };
	json_put_packed(&json, document);
	if (!out.failed && document.length > 0)
		return text_slice(&out);
	problem_answer(request, out.failed ? PROBLEM_OVERLOADED : PROBLEM_INTERNAL, NULL);
	return (struct slice){ NULL, 0 };
}
