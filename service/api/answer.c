#include "api/answer.h"

void answer_uncached(struct request *request, int status, const char *content_type, struct slice body)
{
	request_add_header(request, "X-Request-Id", request->id_text);
	request_add_header(request, "Cache-Control", "no-store");
	request_answer(request, status, content_type, body);
}
