/* POST /v1/card-suspensions, its lifting, and what is on record of it: the hotline for lost cards. */
#include "api/card_suspensions.h"

#include "api/answer.h"
#include "api/idempotency.h"
#include "api/problems.h"
#include "api/routes.h"
#include "api/typed_keys.h"
#include "base/json.h"

#define ANSWER_BYTES_MAX ((size_t)1024)

enum { PERSON, MEDIUM, REASON, REQUEST_FIELDS };

static const struct field request_fields[REQUEST_FIELDS] = {
	[PERSON] = { "person", FIELD_OBJECT, true },
	[MEDIUM] = { "medium", FIELD_TEXT, false },
	[REASON] = { "reason", FIELD_TEXT, false },
};

void card_suspension_decode(struct arena *arena, json_t *body, struct day today, struct suspension_wish *wish,
	struct field_errors *errors)
{
	json_t *values[REQUEST_FIELDS];
	decode_fields(arena, body, "", request_fields, REQUEST_FIELDS, values, errors);
	if (values[PERSON] != NULL)
		decode_person(arena, values[PERSON], today, errors, &wish->person);
	wish->medium = (enum suspension_medium)decode_code(values[MEDIUM], "/medium", suspension_media,
		SUSPENSION_MEDIA, SUSPENSION_EVERY_MEDIUM, "expected card or phone, or null for both",
		errors);
	wish->reason = (enum suspension_reason)decode_code(values[REASON], "/reason", suspension_reasons,
		SUSPENSION_REASONS, SUSPENSION_LOST, "expected lost, stolen or other", errors);
}

static void put_slice(struct json_writer *json, const char *key, struct slice value)
{
	json_put_key(json, key);
	json_put_slice(json, value);
}

static void put_instant(struct json_writer *json, const char *key, int64_t wall)
{
	char text[INSTANT_TEXT_SIZE];
	instant_format(wall, text);
	put_slice(json, key, (struct slice){ text, INSTANT_TEXT_SIZE - 1 });
}

static void answer_suspension(struct request *request, int status, const struct suspension_row *row)
{
	struct text out;
	text_open(&out, &request->arena, ANSWER_BYTES_MAX, ANSWER_BYTES_MAX);
	struct json_writer json = { .out = &out };
	char id[UUID_TEXT_SIZE];
	uuid_format(row->suspension_id, id);
	json_open_object(&json);
	put_slice(&json, "suspension_id", (struct slice){ id, UUID_TEXT_SIZE - 1 });
	put_slice(&json, "medium", row->medium);
	put_slice(&json, "reason", row->reason);
	put_instant(&json, "suspended_at", row->suspended_at);
	if (row->lifted) {
		put_instant(&json, "lifted_at", row->lifted_at);
	} else {
		json_put_key(&json, "lifted_at");
		json_put_null(&json);
	}
	json_put_key(&json, "cards");
	json_put_number(&json, row->cards);
	json_close_object(&json);
	if (out.failed)
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
	else
		answer_uncached(request, status, "application/json", text_slice(&out));
}

static void answer_what_was_said(struct request *request, const struct suspension *suspension)
{
	switch (suspension->said) {
	case SUSPENSION_MADE:
	case SUSPENSION_IN_FORCE:
	case SUSPENSION_LIFTED:
	case SUSPENSION_WAS_LIFTED:
	case SUSPENSION_FOUND:
		if (suspension->replayed)
			idempotency_note_replay(request);
		answer_suspension(request, suspension->said == SUSPENSION_MADE ? 201 : 200, suspension->row);
		return;
	case SUSPENSION_NONE:
		problem_answer(request, PROBLEM_NO_SUCH_SUSPENSION, NULL);
		return;
	case SUSPENSION_NO_MEMBER:
		problem_answer(request, PROBLEM_NO_SUCH_MEMBER, NULL);
		return;
	case SUSPENSION_SEVERAL_MEMBERS:
		problem_answer(request, PROBLEM_SEVERAL_MEMBERS_MATCH, NULL);
		return;
	case SUSPENSION_NO_CARD:
		problem_answer(request, PROBLEM_NO_SUCH_CARD, NULL);
		return;
	case SUSPENSION_KEY_REUSED:
		problem_answer(request, PROBLEM_IDEMPOTENCY_KEY_REUSED, NULL);
		return;
	}
}

static void suspension_finished(struct suspension *suspension, enum outcome outcome)
{
	struct request *request = suspension->owner;
	if (outcome == OUTCOME_OK)
		answer_what_was_said(request, suspension);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}

/* NULL: answered already. */
static struct suspension *suspension_of(struct exchange *exchange)
{
	struct suspension *suspension = arena_take(&exchange->request->arena, sizeof *suspension);
	if (suspension == NULL) {
		problem_answer(exchange->request, PROBLEM_OVERLOADED, NULL);
		return NULL;
	}
	suspension->cases = &exchange->application->cases;
	suspension->now = loop_now(exchange->application->loop);
	suspension->principal = exchange->principal;
	suspension->finished = suspension_finished;
	suspension->owner = exchange->request;
	return suspension;
}

static void start_making(struct exchange *exchange)
{
	struct request *request = exchange->request;
	json_t *body = decode_body(request);
	struct suspension *suspension = body == NULL ? NULL : suspension_of(exchange);
	if (suspension == NULL || !idempotency_read(exchange, &suspension->wish.idempotency))
		return;
	struct field_errors errors = { .count = 0 };
	card_suspension_decode(
		&request->arena, body, day_in_japan(suspension->now.wall), &suspension->wish, &errors);
	if (field_errors_any(&errors)) {
		problem_answer_fields(request, &errors);
		return;
	}
	request_hold(request);
	suspension_make(suspension);
}

/* An id that is none names no suspension either. */
static void start_with_id(struct exchange *exchange, void (*begin)(struct suspension *suspension))
{
	struct request *request = exchange->request;
	struct slice id = exchange->parameters[0];
	struct suspension *suspension = suspension_of(exchange);
	if (suspension == NULL)
		return;
	if (!uuid_parse(id.at, id.length, suspension->suspension_id)) {
		problem_answer(request, PROBLEM_NO_SUCH_SUSPENSION, NULL);
		return;
	}
	request_hold(request);
	begin(suspension);
}

static void start_lifting(struct exchange *exchange)
{
	start_with_id(exchange, suspension_lift);
}

static void start_finding(struct exchange *exchange)
{
	start_with_id(exchange, suspension_find);
}

const struct route card_suspensions_routes[] = {
	{ .method = "POST",
		.path = "/v1/card-suspensions",
		.scope = SCOPE_OPERATOR,
		.body_max = 16 * KIB,
		.start = start_making },
	{ .method = "GET",
		.path = "/v1/card-suspensions/{suspension_id}",
		.scope = SCOPE_OPERATOR,
		.start = start_finding },
	{ .method = "POST",
		.path = "/v1/card-suspensions/{suspension_id}/lift",
		.scope = SCOPE_OPERATOR,
		.start = start_lifting },
	ROUTES_END,
};
