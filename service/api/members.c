/* /v1/insurers/{insurer_number}/members: one member's record, registered, read, corrected and ended (R3). */
#include "api/answer.h"
#include "api/idempotency.h"
#include "api/insurer_path.h"
#include "api/member_body.h"
#include "api/routes.h"
#include "api/spelled_value.h"
#include "api/version.h"
#include "base/json.h"
#include "cases/member_keeping.h"

#define RECORD_BODY_MAX (128 * KIB)
#define SMALL_BODY_MAX (4 * KIB)

/* A case, and what a change of ours needs besides. */
struct member_exchange {
	struct member_keeping keeping; /* first */
	struct request *request;
	json_t *patch;
	struct slice lost_on;
	struct slice loss_reason;
	bool is_loss;
	struct field_errors errors;
};

static struct member_exchange *exchange_of(struct member_keeping *keeping)
{
	return (struct member_exchange *)keeping;
}

static void answer_document(const struct member_keeping *keeping, int status)
{
	struct request *request = keeping->owner;
	struct slice kept = answer_keep_record(request, keeping->document);
	if (kept.at == NULL)
		return;
	if (keeping->replayed)
		idempotency_note_replay(request);
	version_add_etag(request, keeping->version);
	answer_uncached(request, status, "application/json", kept);
}

/* Of a loss, the two fields that its body has. */
static const char *pointer_of_loss(const struct member_keeping *keeping, const struct record_fault *fault)
{
	if (fault->place + 1 != keeping->record.parts[MEMBER_GROUP_PERIOD].count)
		return NULL;
	if (fault->field == MEMBER_LOST_ON)
		return "/lost_on";
	return fault->field == MEMBER_LOSS_REASON ? "/loss_reason" : NULL;
}

static void answer_faults(struct member_exchange *member)
{
	struct arena *arena = &member->request->arena;
	const struct record_faults *faults = &member->keeping.faults;
	const char *pointer = NULL;
	for (size_t i = 0; member->is_loss && i < faults->count; i++) {
		pointer = pointer_of_loss(&member->keeping, &faults->list[i]);
		if (pointer != NULL)
			member_body_note_fault(arena, pointer, &faults->list[i], &member->errors);
	}
	if (!field_errors_any(&member->errors))
		member_body_note_faults(arena, faults, &member->errors);
	problem_answer_fields(member->request, &member->errors);
}

static void answer_what_was_said(struct member_exchange *member)
{
	struct request *request = member->request;
	switch (member->keeping.said) {
	case KEEPING_CREATED:
		answer_document(&member->keeping, 201);
		return;
	case KEEPING_CHANGED:
	case KEEPING_UNCHANGED:
	case KEEPING_FOUND:
		answer_document(&member->keeping, 200);
		return;
	case KEEPING_NONE:
		problem_answer(request, PROBLEM_NO_SUCH_MEMBER, NULL);
		return;
	case KEEPING_EXISTS:
		problem_answer(request, PROBLEM_MEMBER_EXISTS, NULL);
		return;
	case KEEPING_OTHER_VERSION:
		problem_answer(request, PROBLEM_PRECONDITION_FAILED, NULL);
		return;
	case KEEPING_REFUSED:
		answer_faults(member);
		return;
	case KEEPING_IN_USE:
		problem_answer(request, PROBLEM_MEMBER_IN_USE, NULL);
		return;
	case KEEPING_IMPORT_RUNNING:
		problem_answer(request, PROBLEM_IMPORT_RUNNING, NULL);
		return;
	case KEEPING_KEY_REUSED:
		problem_answer(request, PROBLEM_IDEMPOTENCY_KEY_REUSED, NULL);
		return;
	}
}

static void member_finished(struct member_keeping *keeping, enum outcome outcome)
{
	struct member_exchange *member = exchange_of(keeping);
	if (outcome == OUTCOME_OK)
		answer_what_was_said(member);
	else if (outcome == OUTCOME_REFUSED)
		problem_answer_fields(member->request, &member->errors);
	else
		problem_answer(member->request, problem_of(outcome), NULL);
	request_let_go(member->request);
}

static void history_finished(struct member_keeping *keeping, enum outcome outcome)
{
	struct request *request = keeping->owner;
	if (outcome != OUTCOME_OK) {
		problem_answer(request, problem_of(outcome), NULL);
	} else if (keeping->said == KEEPING_NONE) {
		problem_answer(request, PROBLEM_NO_SUCH_MEMBER, NULL);
	} else {
		struct slice kept = answer_keep_record(request, keeping->document);
		if (kept.at != NULL)
			answer_uncached(request, 200, "application/json", kept);
	}
	request_let_go(request);
}

/* NULL: answered already. */
static struct member_exchange *begin(struct exchange *exchange)
{
	struct request *request = exchange->request;
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number == NULL)
		return NULL;
	struct member_exchange *member = arena_take(&request->arena, sizeof *member);
	if (member == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return NULL;
	}
	member->request = request;
	member->keeping.arena = &request->arena;
	member->keeping.cases = &exchange->application->cases;
	member->keeping.now = loop_now(exchange->application->loop);
	member->keeping.principal = exchange->principal;
	member->keeping.insurer_number = insurer_number;
	member->keeping.finished = member_finished;
	member->keeping.owner = request;
	return member;
}

/* The same with the member of the path; an id that is none names no member either. */
static struct member_exchange *begin_with_id(struct exchange *exchange)
{
	struct member_exchange *member = begin(exchange);
	if (member != NULL && !spell_text_like(&exchange->request->arena, exchange->parameters[1],
				      MEMBER_MEMBER_ID, &member->keeping.member_id)) {
		problem_answer(exchange->request, PROBLEM_NO_SUCH_MEMBER, NULL);
		return NULL;
	}
	return member;
}

static void go(struct member_exchange *member, void (*step)(struct member_keeping *keeping))
{
	if (field_errors_any(&member->errors)) {
		problem_answer_fields(member->request, &member->errors);
		return;
	}
	request_hold(member->request);
	step(&member->keeping);
}

static void start_reading(struct exchange *exchange)
{
	struct member_exchange *member = begin_with_id(exchange);
	if (member != NULL)
		go(member, keeping_read);
}

static void start_telling_history(struct exchange *exchange)
{
	struct member_exchange *member = begin_with_id(exchange);
	if (member == NULL)
		return;
	member->keeping.finished = history_finished;
	go(member, keeping_tell_history);
}

static void start_putting(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct member_exchange *member = begin(exchange);
	json_t *body = member == NULL ? NULL : decode_body(request);
	if (body == NULL || !version_read_if_match(request, &member->keeping.wanted))
		return;
	if (!spell_text_like(
		    &request->arena, exchange->parameters[1], MEMBER_MEMBER_ID, &member->keeping.member_id))
		field_errors_add(&member->errors, "/member_id", FIELD_WRONG_FORM,
			"expected 1 to 64 characters without spaces and / in the path");
	member_body_decode(
		&request->arena, body, exchange->parameters[1], &member->keeping.record, &member->errors);
	go(member, keeping_put);
}

/* Who is registered has the id that the body says. */
static void start_registering(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct member_exchange *member = begin(exchange);
	json_t *body = member == NULL ? NULL : decode_body(request);
	if (body == NULL || !idempotency_read(exchange, &member->keeping.idempotency))
		return;
	const struct slice none = { NULL, 0 };
	member_body_decode(&request->arena, body, none, &member->keeping.record, &member->errors);
	const struct slice said = member->keeping.record.person.values[MEMBER_MEMBER_ID];
	/* What is none is told with the other faults. */
	if (said.at == NULL ||
		!spell_text_like(&request->arena, said, MEMBER_MEMBER_ID, &member->keeping.member_id))
		member->keeping.member_id = said;
	else
		member->keeping.record.person.values[MEMBER_MEMBER_ID] = member->keeping.member_id;
	member->keeping.must_be_new = true;
	go(member, keeping_put);
}

/* What is on record, to be changed. */
static enum outcome read_record(struct member_exchange *member, struct slice document)
{
	json_t *object = NULL;
	enum json_fault fault = JSON_FAULT_NONE;
	const char *where = NULL;
	struct arena *arena = &member->request->arena;
	struct field_errors own = { .count = 0 };
	enum outcome outcome = json_read_object(arena, document, &object, &fault, &where);
	if (outcome != OUTCOME_OK)
		return outcome == OUTCOME_INVALID ? OUTCOME_INTERNAL : outcome;
	member_body_decode(arena, object, member->keeping.member_id, &member->keeping.record, &own);
	if (own.no_memory)
		return OUTCOME_NO_MEMORY;
	return own.count == 0 ? OUTCOME_OK : OUTCOME_INTERNAL;
}

static enum outcome patch_record(struct member_keeping *keeping, struct slice document)
{
	struct member_exchange *member = exchange_of(keeping);
	enum outcome outcome = read_record(member, document);
	if (outcome != OUTCOME_OK)
		return outcome;
	member_body_merge(&member->request->arena, member->patch, &keeping->record, &member->errors);
	return field_errors_any(&member->errors) ? OUTCOME_REFUSED : OUTCOME_OK;
}

/* A record is shown in the order of its periods. */
static struct member_row *last_period(struct member_keeping *keeping)
{
	struct record_parts *periods = &keeping->record.parts[MEMBER_GROUP_PERIOD];
	return periods->count == 0 ? NULL : &periods->rows[periods->count - 1];
}

static enum outcome end_last_period(struct member_keeping *keeping, struct slice document)
{
	struct member_exchange *member = exchange_of(keeping);
	enum outcome outcome = read_record(member, document);
	if (outcome != OUTCOME_OK)
		return outcome;
	struct member_row *period = last_period(keeping);
	if (period == NULL) {
		field_errors_add(&member->errors, "/lost_on", FIELD_NOT_TOGETHER,
			"expected a member with a membership");
		return OUTCOME_REFUSED;
	}
	period->values[MEMBER_LOST_ON] = member->lost_on;
	period->values[MEMBER_LOSS_REASON] = member->loss_reason;
	return OUTCOME_OK;
}

static enum outcome reopen_last_period(struct member_keeping *keeping, struct slice document)
{
	enum outcome outcome = read_record(exchange_of(keeping), document);
	struct member_row *period = outcome == OUTCOME_OK ? last_period(keeping) : NULL;
	if (period != NULL) {
		period->values[MEMBER_LOST_ON] = (struct slice){ NULL, 0 };
		period->values[MEMBER_LOSS_REASON] = (struct slice){ NULL, 0 };
	}
	return outcome;
}

static void start_patching(struct exchange *exchange)
{
	struct member_exchange *member = begin_with_id(exchange);
	if (member == NULL || !version_read_if_match(exchange->request, &member->keeping.wanted))
		return;
	member->patch = decode_body(exchange->request);
	if (member->patch == NULL)
		return;
	member->keeping.change = patch_record;
	go(member, keeping_change);
}

enum { LOST_ON, LOSS_REASON, LOSS_FIELDS };

static const struct field loss_fields[LOSS_FIELDS] = {
	[LOST_ON] = { "lost_on", FIELD_TEXT, true },
	[LOSS_REASON] = { "loss_reason", FIELD_TEXT, true },
};

static void decode_loss(struct member_exchange *member, json_t *body)
{
	static const char *const reasons[] = { "01", "02", "03", "99" };
	json_t *values[LOSS_FIELDS];
	struct day day;
	decode_fields(&member->request->arena, body, "", loss_fields, LOSS_FIELDS, values, &member->errors);
	member->is_loss = true;
	if (decode_day(values[LOST_ON], "/lost_on", &member->errors, &day))
		member->lost_on = slice_of(json_string_value(values[LOST_ON]));
	if (values[LOSS_REASON] != NULL)
		member->loss_reason = slice_of(reasons[decode_code(values[LOSS_REASON], "/loss_reason",
			reasons, 4, 0, "expected 01, 02, 03 or 99", &member->errors)]);
}

/* For the two that change a membership and may be sent again. NULL: answered already. */
static struct member_exchange *begin_change(struct exchange *exchange)
{
	struct member_exchange *member = begin_with_id(exchange);
	if (member == NULL || !version_read_if_match(exchange->request, &member->keeping.wanted) ||
		!idempotency_read(exchange, &member->keeping.idempotency))
		return NULL;
	return member;
}

static void start_ending(struct exchange *exchange)
{
	struct member_exchange *member = begin_change(exchange);
	json_t *body = member == NULL ? NULL : decode_body(exchange->request);
	if (body == NULL)
		return;
	decode_loss(member, body);
	member->keeping.change = end_last_period;
	go(member, keeping_change);
}

static void start_reinstating(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct member_exchange *member = begin_change(exchange);
	if (member == NULL)
		return;
	if (request->body.length > 0) {
		json_t *body = decode_body(request);
		if (body == NULL)
			return;
		decode_fields(&request->arena, body, "", NULL, 0, NULL, &member->errors);
	}
	member->keeping.change = reopen_last_period;
	go(member, keeping_change);
}

#define MEMBERS "/v1/insurers/{insurer_number}/members"
#define MEMBER MEMBERS "/{member_id}"

const struct route members_routes[] = {
	{ .method = "POST",
		.path = MEMBERS,
		.scope = SCOPE_INSURER,
		.body_max = RECORD_BODY_MAX,
		.start = start_registering },
	{ .method = "GET", .path = MEMBER, .scope = SCOPE_INSURER, .start = start_reading },
	{ .method = "PUT",
		.path = MEMBER,
		.scope = SCOPE_INSURER,
		.body_max = RECORD_BODY_MAX,
		.start = start_putting },
	{ .method = "PATCH",
		.path = MEMBER,
		.scope = SCOPE_INSURER,
		.body_max = RECORD_BODY_MAX,
		.takes = "application/merge-patch+json, application/json",
		.start = start_patching },
	{ .method = "POST",
		.path = MEMBER "/loss",
		.scope = SCOPE_INSURER,
		.body_max = SMALL_BODY_MAX,
		.start = start_ending },
	{ .method = "POST",
		.path = MEMBER "/reinstatement",
		.scope = SCOPE_INSURER,
		.body_max = SMALL_BODY_MAX,
		.body_optional = true,
		.start = start_reinstating },
	{ .method = "GET",
		.path = MEMBER "/history",
		.scope = SCOPE_INSURER,
		.start = start_telling_history },
	ROUTES_END,
};
