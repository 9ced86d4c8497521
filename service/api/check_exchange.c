#include "api/check_exchange.h"

#include <string.h>

#include "api/answer.h"
#include "api/card_fields.h"

struct check_exchange {
	struct exchange *exchange;
	struct check check;
};

static void answer_refusal(struct request *request, const struct check *check)
{
	if (check->month_without_table)
		problem_answer_field(request, PROBLEM_CARE_MONTH_WITHOUT_TABLE, "/care_month",
			FIELD_OUT_OF_RANGE, "expected a month whose amounts are held for the category");
	else
		problem_answer(request, problem_of_card_refusal(check->proof.refusal), NULL);
}

static void check_finished(struct check *check, enum outcome outcome)
{
	struct check_exchange *own = check->owner;
	struct request *request = own->exchange->request;
	if (outcome == OUTCOME_OK)
		answer_uncached(request, 200, "application/json", check->bytes);
	else if (outcome == OUTCOME_REFUSED)
		answer_refusal(request, check);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}

void check_exchange_start(struct exchange *exchange,
	void (*decode)(json_t *body, struct check *check, struct field_errors *errors),
	enum outcome (*write)(struct check *check, struct slice *bytes))
{
	struct request *request = exchange->request;
	json_t *body = decode_body(request);
	if (body == NULL)
		return;
	struct check_exchange *own = arena_take(&request->arena, sizeof *own);
	if (own == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	own->exchange = exchange;
	struct check *check = &own->check;
	check->cases = &exchange->application->cases;
	check->arena = &request->arena;
	check->now = loop_now(exchange->application->loop);
	check->principal = exchange->principal;
	memcpy(check->check_id, request->id, UUID_BYTES);
	check->write = write;
	check->finished = check_finished;
	check->owner = own;
	struct field_errors errors = { .count = 0 };
	decode(body, check, &errors);
	if (field_errors_any(&errors)) {
		problem_answer_fields(request, &errors);
		return;
	}
	request_hold(request);
	check_begin(check);
}
