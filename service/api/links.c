/* /v1/insurers/{insurer_number}/link-mismatches and what people say of them: 誤登録防止 (R8.1, R8.3). */
#include "api/answer.h"
#include "api/decode.h"
#include "api/idempotency.h"
#include "api/insurer_path.h"
#include "api/page.h"
#include "api/routes.h"
#include "api/spelled_value.h"
#include "api/version.h"
#include "cases/link_decision.h"

#define EXPECTED_NOTE "expected one line of at most 200 characters"

static void answer_document(struct request *request, const struct link_decision_question *question)
{
	struct slice kept = answer_keep_record(request, question->document);
	if (kept.at == NULL)
		return;
	if (question->replayed)
		idempotency_note_replay(request);
	version_add_etag(request, question->version);
	answer_uncached(request, 200, "application/json", kept);
}

static void answer_what_was_said(struct request *request, const struct link_decision *decision)
{
	switch (decision->said) {
	case LINK_SAID_DONE:
		answer_document(request, &decision->question);
		return;
	case LINK_SAID_NO_MEMBER:
		problem_answer(request, PROBLEM_NO_SUCH_MEMBER, NULL);
		return;
	case LINK_SAID_NOTHING_TO_DECIDE:
		problem_answer(request, PROBLEM_NOTHING_TO_DECIDE, NULL);
		return;
	case LINK_SAID_IMPORT_RUNNING:
		problem_answer(request, PROBLEM_IMPORT_RUNNING, NULL);
		return;
	case LINK_SAID_KEY_REUSED:
		problem_answer(request, PROBLEM_IDEMPOTENCY_KEY_REUSED, NULL);
		return;
	}
}

static void decision_finished(struct link_decision *decision, enum outcome outcome)
{
	struct request *request = decision->owner;
	if (outcome == OUTCOME_OK)
		answer_what_was_said(request, decision);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}

/* NULL: answered already. */
static struct link_decision *begin(struct exchange *exchange)
{
	struct request *request = exchange->request;
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number == NULL)
		return NULL;
	struct link_decision *decision = arena_take(&request->arena, sizeof *decision);
	if (decision == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return NULL;
	}
	if (!spell_text_like(&request->arena, exchange->parameters[1], MEMBER_MEMBER_ID,
		    &decision->question.member_id)) {
		/* An id that is none names no member either. */
		problem_answer(request, PROBLEM_NO_SUCH_MEMBER, NULL);
		return NULL;
	}
	decision->cases = &exchange->application->cases;
	decision->now = loop_now(exchange->application->loop);
	decision->principal = exchange->principal;
	decision->question.insurer_number = slice_of(insurer_number);
	decision->finished = decision_finished;
	decision->owner = request;
	return idempotency_read(exchange, &decision->question.idempotency) ? decision : NULL;
}

static void go_on(struct request *request, struct link_decision *decision, const struct field_errors *errors)
{
	if (field_errors_any(errors)) {
		problem_answer_fields(request, errors);
		return;
	}
	request_hold(request);
	link_decide(decision);
}

static void start_deciding(struct exchange *exchange)
{
	enum { DECISION, NOTE, FIELDS };
	static const struct field fields[FIELDS] = {
		[DECISION] = { "decision", FIELD_TEXT, true },
		[NOTE] = { "note", FIELD_TEXT, false },
	};
	json_t *values[FIELDS];
	struct request *request = exchange->request;
	struct field_errors errors = { .count = 0 };
	struct link_decision *decision = begin(exchange);
	json_t *body = decision == NULL ? NULL : decode_body(request);
	if (body == NULL)
		return;
	decode_fields(&request->arena, body, "", fields, FIELDS, values, &errors);
	decision->wish = (enum link_wish)decode_code(values[DECISION], "/decision", link_wishes,
		LINK_DECISIONS, LINK_REJECT, "expected accept or reject", &errors);
	decision->question.note = decode_spelled(
		&request->arena, values[NOTE], "/note", MEMBER_ADDRESS, EXPECTED_NOTE, &errors);
	go_on(request, decision, &errors);
}

static bool is_four_digits(struct slice text)
{
	if (text.length != 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	}
	return true;
}

static void start_disputing(struct exchange *exchange)
{
	enum { LAST4, NOTE, FIELDS };
	static const struct field fields[FIELDS] = {
		[LAST4] = { "individual_number_last4", FIELD_TEXT, true },
		[NOTE] = { "note", FIELD_TEXT, false },
	};
	json_t *values[FIELDS];
	struct request *request = exchange->request;
	struct field_errors errors = { .count = 0 };
	struct link_decision *decision = begin(exchange);
	json_t *body = decision == NULL ? NULL : decode_body(request);
	if (body == NULL)
		return;
	decode_fields(&request->arena, body, "", fields, FIELDS, values, &errors);
	decision->wish = LINK_DISPUTE;
	decision->question.last4 = decode_text(values[LAST4], "/individual_number_last4", &errors);
	if (decision->question.last4.at != NULL && !is_four_digits(decision->question.last4))
		field_errors_add(&errors, "/individual_number_last4", FIELD_WRONG_FORM, "expected 4 digits");
	decision->question.note = decode_spelled(
		&request->arena, values[NOTE], "/note", MEMBER_ADDRESS, EXPECTED_NOTE, &errors);
	go_on(request, decision, &errors);
}

static void start_listing(struct exchange *exchange)
{
	page_list(exchange, "mismatches", link_mismatches_list);
}

#define MEMBER "/v1/insurers/{insurer_number}/members/{member_id}"

const struct route links_routes[] = {
	{ .method = "GET",
		.path = "/v1/insurers/{insurer_number}/link-mismatches",
		.scope = SCOPE_INSURER,
		.start = start_listing },
	{ .method = "POST",
		.path = MEMBER "/link-decision",
		.scope = SCOPE_INSURER,
		.body_max = 16 * KIB,
		.start = start_deciding },
	{ .method = "POST",
		.path = MEMBER "/link-dispute",
		.scope = SCOPE_INSURER,
		.body_max = 16 * KIB,
		.start = start_disputing },
	ROUTES_END,
};
