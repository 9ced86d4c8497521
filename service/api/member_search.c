/* GET /v1/insurers/{insurer_number}/members, and POST …/members/search: what is looked for is personal data, so it travels in a
 * body. */
#include "cases/member_search.h"

#include "api/cursor.h"
#include "api/decode.h"
#include "api/insurer_path.h"
#include "api/page.h"
#include "api/query.h"
#include "api/routes.h"
#include "api/spelled_value.h"
#include "api/typed_keys.h"
#include "rules/kana.h"

/* What was looked for first (search_members). */
static const char *first_looked_for(const struct member_page_question *question)
{
	if (question->number_key.at != NULL)
		return "/number";
	return question->birth_date.known ? "/birth_date" : "/name";
}

static void search_finished(struct member_search *search, enum outcome outcome)
{
	struct request *request = search->owner;
	struct field_errors errors = { .count = 0 };
	if (outcome != OUTCOME_OK) {
		problem_answer(request, problem_of(outcome), NULL);
	} else if (search->too_many) {
		field_errors_add(&errors, first_looked_for(&search->question), FIELD_OUT_OF_RANGE,
			"more than 20,000 members have it: expected more of the name, or a number or birth "
			"date besides");
		problem_answer_fields(request, &errors);
	} else {
		page_answer(request, "members", search->question.items, search->question.last_id);
	}
	request_let_go(request);
}

/* NULL: answered already. */
static struct member_search *begin(struct exchange *exchange)
{
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number == NULL)
		return NULL;
	struct member_search *search = arena_take(&exchange->request->arena, sizeof *search);
	if (search == NULL) {
		problem_answer(exchange->request, PROBLEM_OVERLOADED, NULL);
		return NULL;
	}
	search->cases = &exchange->application->cases;
	search->now = loop_now(exchange->application->loop);
	search->question.insurer_number = slice_of(insurer_number);
	search->finished = search_finished;
	search->owner = exchange->request;
	return search;
}

static bool is_one_of(struct slice value, const char *const codes[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_is(value, codes[i]))
			return true;
	}
	return value.at == NULL;
}

static bool refuse_query(struct request *request, const char *detail)
{
	problem_answer(request, PROBLEM_INVALID_QUERY, detail);
	return false;
}

static bool read_list_query(struct request *request, struct member_page_question *question)
{
	enum { STATE, LINK_STATE, WORKPLACE_ID, LIMIT, CURSOR, PARAMETERS };
	static const char *const names[PARAMETERS] = { "state", "link_state", "workplace_id", "limit",
		"cursor" };
	struct slice values[PARAMETERS];
	if (!query_read(request, names, PARAMETERS, values) ||
		!page_read(request, values[LIMIT], values[CURSOR], &question->count, &question->after))
		return false;
	if (!is_one_of(values[STATE], member_states, MEMBER_STATES))
		return refuse_query(request, "A state is active, upcoming or ended.");
	if (!is_one_of(values[LINK_STATE], member_link_states, MEMBER_LINK_STATES))
		return refuse_query(request, "A link_state is pending, linked or mismatch.");
	question->state = values[STATE];
	question->link_state = values[LINK_STATE];
	if (values[WORKPLACE_ID].at != NULL && !spell_text_like(&request->arena, values[WORKPLACE_ID],
						       MEMBER_WORKPLACE_ID, &question->workplace_id))
		return refuse_query(request, "A workplace_id has 1 to 64 characters without spaces and /.");
	return true;
}

static void start_listing(struct exchange *exchange)
{
	struct member_search *search = begin(exchange);
	if (search == NULL || !read_list_query(exchange->request, &search->question))
		return;
	request_hold(exchange->request);
	members_list(search);
}

enum { SYMBOL, NUMBER, BRANCH_NUMBER, NAME, BIRTH_DATE, LIMIT, CURSOR, SEARCH_FIELDS };

static const struct field search_fields[SEARCH_FIELDS] = {
	[SYMBOL] = { "symbol", FIELD_TEXT, false },
	[NUMBER] = { "number", FIELD_TEXT, false },
	[BRANCH_NUMBER] = { "branch_number", FIELD_TEXT, false },
	[NAME] = { "name", FIELD_TEXT, false },
	[BIRTH_DATE] = { "birth_date", FIELD_TEXT, false },
	[LIMIT] = { "limit", FIELD_INTEGER, false },
	[CURSOR] = { "cursor", FIELD_TEXT, false },
};

/* A name may be meant in kana, whichever kana were typed. */
static void decode_name(struct arena *arena, const json_t *value, struct member_page_question *question,
	struct field_errors *errors)
{
	question->name = decode_spelled(arena, value, "/name", MEMBER_NAME,
		"expected the beginning of a name: one line of at most 200 characters", errors);
	if (question->name.at == NULL)
		return;
	if (kana_normalise(arena, question->name, &question->kana) != OUTCOME_OK)
		question->kana = (struct slice){ NULL, 0 };
}

static void decode_search(struct arena *arena, json_t *body, const char *insurer_number,
	struct member_page_question *question, struct field_errors *errors)
{
	json_t *values[SEARCH_FIELDS];
	decode_fields(arena, body, "", search_fields, SEARCH_FIELDS, values, errors);
	bool says_whom = values[NUMBER] != NULL || values[NAME] != NULL || values[BIRTH_DATE] != NULL;
	if (!says_whom && errors->count == 0)
		field_errors_add(
			errors, "/number", FIELD_REQUIRED, "a number, a name or a birth date is required");
	question->number_key = decode_key(arena, values[NUMBER], "/number", errors);
	struct slice symbol_key = decode_key(arena, values[SYMBOL], "/symbol", errors);
	struct slice branch_number = decode_branch(arena, values[BRANCH_NUMBER], "/branch_number", errors);
	/* 後期高齢者医療 has neither: given ones are ignored (R2.2). */
	if (scheme_of(insurer_number) != SCHEME_LATE_ELDERLY) {
		question->symbol_key = symbol_key;
		question->branch_number = branch_number;
	}
	decode_name(arena, values[NAME], question, errors);
	question->birth_date.known =
		decode_day(values[BIRTH_DATE], "/birth_date", errors, &question->birth_date.day);
	question->count = decode_integer(values[LIMIT], "/limit", 1, PAGE_LIMIT_MAX, PAGE_LIMIT,
		"expected a number from 1 to 200", errors);
	struct slice cursor = decode_text(values[CURSOR], "/cursor", errors);
	if (cursor.at != NULL && !cursor_read(arena, cursor, &question->after))
		field_errors_add(
			errors, "/cursor", FIELD_WRONG_FORM, "expected a cursor that was given here");
}

static void start_searching(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct field_errors errors = { .count = 0 };
	struct member_search *search = begin(exchange);
	json_t *body = search == NULL ? NULL : decode_body(request);
	if (body == NULL)
		return;
	decode_search(&request->arena, body, exchange->principal.owner, &search->question, &errors);
	if (field_errors_any(&errors)) {
		problem_answer_fields(request, &errors);
		return;
	}
	request_hold(request);
	members_search(search);
}

const struct route member_search_routes[] = {
	{ .method = "GET",
		.path = "/v1/insurers/{insurer_number}/members",
		.scope = SCOPE_INSURER,
		.start = start_listing },
	{ .method = "POST",
		.path = "/v1/insurers/{insurer_number}/members/search",
		.scope = SCOPE_INSURER,
		.body_max = 16 * KIB,
		.start = start_searching },
	ROUTES_END,
};
