#include "api/insurer_answer.h"

#include "api/answer.h"
#include "api/version.h"

struct insurer_record *insurer_record_begin(struct exchange *exchange, const char *insurer_number)
{
	struct insurer_record *record = arena_take(&exchange->request->arena, sizeof *record);
	if (record == NULL) {
		problem_answer(exchange->request, PROBLEM_OVERLOADED, NULL);
		return NULL;
	}
	record->cases = &exchange->application->cases;
	record->now = loop_now(exchange->application->loop);
	record->principal = exchange->principal;
	record->question.insurer_number = slice_of(insurer_number);
	record->owner = exchange->request;
	return record;
}

static void answer_document(struct request *request, const struct insurer_record *record)
{
	const struct insurer_record_question *question = &record->question;
	struct slice kept = answer_keep_record(request, question->document);
	if (kept.at == NULL)
		return;
	version_add_etag(request, question->version);
	answer_uncached(request, record->said == INSURER_RECORD_MADE ? 201 : 200, "application/json", kept);
}

static void answer_what_was_said(
	struct request *request, const struct insurer_record *record, enum problem none)
{
	switch (record->said) {
	case INSURER_RECORD_FOUND:
	case INSURER_RECORD_MADE:
	case INSURER_RECORD_CHANGED:
		answer_document(request, record);
		return;
	case INSURER_RECORD_REMOVED:
		answer_uncached(request, 204, NULL, (struct slice){ NULL, 0 });
		return;
	case INSURER_RECORD_NONE:
		problem_answer(request, none, NULL);
		return;
	case INSURER_RECORD_OTHER_VERSION:
		problem_answer(request, PROBLEM_PRECONDITION_FAILED, NULL);
		return;
	case INSURER_RECORD_IN_USE:
		problem_answer(request, PROBLEM_WORKPLACE_IN_USE, NULL);
		return;
	}
}

void insurer_record_answer(struct insurer_record *record, enum outcome outcome, enum problem none)
{
	struct request *request = record->owner;
	if (outcome == OUTCOME_OK)
		answer_what_was_said(request, record, none);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}
