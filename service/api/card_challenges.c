/* POST /v1/card-challenges: what a card has to sign next. Nothing is remembered of it (R5.1). */
#include "api/answer.h"
#include "api/decode.h"
#include "api/problems.h"
#include "api/routes.h"
#include "base/json.h"
#include "cases/card_proof.h"

#define ANSWER_BYTES_MAX 256

/* Nothing, or an object without fields. */
static bool is_empty(struct request *request)
{
	struct field_errors errors = { .count = 0 };
	if (request->body.length == 0)
		return true;
	json_t *body = decode_body(request);
	if (body == NULL)
		return false;
	decode_fields(&request->arena, body, "", NULL, 0, NULL, &errors);
	bool wrong = field_errors_any(&errors);
	if (wrong)
		problem_answer_fields(request, &errors);
	return !wrong;
}

static void start_challenge(struct exchange *exchange)
{
	struct request *request = exchange->request;
	char challenge[CHALLENGE_TEXT_SIZE];
	char expires[INSTANT_TEXT_SIZE];
	int64_t expires_at = 0;
	if (!is_empty(request))
		return;
	enum outcome outcome = card_challenge_make(&exchange->application->cases, &exchange->principal,
		loop_now(exchange->application->loop).wall, challenge, &expires_at);
	if (outcome != OUTCOME_OK) {
		problem_answer(request, problem_of(outcome), NULL);
		return;
	}
	instant_format(expires_at, expires);
	struct text out;
	text_open(&out, &request->arena, ANSWER_BYTES_MAX, ANSWER_BYTES_MAX);
	struct json_writer json = { .out = &out };
	json_open_object(&json);
	json_put_key(&json, "challenge");
	json_put_slice(&json, (struct slice){ challenge, CHALLENGE_TEXT_SIZE - 1 });
	json_put_key(&json, "expires_at");
	json_put_slice(&json, (struct slice){ expires, INSTANT_TEXT_SIZE - 1 });
	json_close_object(&json);
	if (out.failed)
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
	else
		answer_uncached(request, 201, "application/json", text_slice(&out));
}

const struct route card_challenges_routes[] = {
	{ .method = "POST",
		.path = "/v1/card-challenges",
		.scope = SCOPE_TERMINAL,
		.body_max = KIB,
		.body_optional = true,
		.start = start_challenge },
	ROUTES_END,
};
