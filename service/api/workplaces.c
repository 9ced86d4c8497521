/* /v1/insurers/{insurer_number}/workplaces: 事業所, by the insurer's own ids. */
#include "api/decode.h"
#include "api/insurer_answer.h"
#include "api/insurer_path.h"
#include "api/page.h"
#include "api/routes.h"
#include "api/spelled_value.h"
#include "api/version.h"

#define EXPECTED_KEY "expected 1 to 64 characters without spaces and /"
#define EXPECTED_LINE "expected one line of at most 200 characters"

enum { NAME, SYMBOL, POSTAL_CODE, ADDRESS, CONTACT, WORKPLACE_ID, CHANGED_AT, WORKPLACE_FIELDS };

static const struct field workplace_fields[WORKPLACE_FIELDS] = {
	[NAME] = { "name", FIELD_TEXT, true },
	[SYMBOL] = { "symbol", FIELD_TEXT, false },
	[POSTAL_CODE] = { "postal_code", FIELD_TEXT, false },
	[ADDRESS] = { "address", FIELD_TEXT, false },
	[CONTACT] = { "contact", FIELD_TEXT, false },
	/* As GET gives them. */
	[WORKPLACE_ID] = { "workplace_id", FIELD_TEXT, false },
	[CHANGED_AT] = { "changed_at", FIELD_TEXT, false },
};

static bool is_same(struct slice one, struct slice other)
{
	return one.length == other.length && memcmp(one.at, other.at, one.length) == 0;
}

static void decode_workplace(struct arena *arena, json_t *body, struct slice workplace_id,
	struct workplace_values *workplace, struct field_errors *errors)
{
	json_t *values[WORKPLACE_FIELDS];
	decode_fields(arena, body, "", workplace_fields, WORKPLACE_FIELDS, values, errors);
	struct slice said_id = decode_text(values[WORKPLACE_ID], "/workplace_id", errors);
	if (said_id.at != NULL && !is_same(said_id, workplace_id))
		field_errors_add(errors, "/workplace_id", FIELD_NOT_ONE_OF, "expected the id of the path");
	workplace->name = decode_spelled(arena, values[NAME], "/name", MEMBER_ADDRESS, EXPECTED_LINE, errors);
	workplace->symbol = decode_spelled(arena, values[SYMBOL], "/symbol", MEMBER_SYMBOL,
		"expected what is printed as 記号: at most 120 bytes on one line", errors);
	workplace->postal_code = decode_spelled(arena, values[POSTAL_CODE], "/postal_code",
		MEMBER_POSTAL_CODE, "expected 7 digits, with or without - after the third", errors);
	workplace->address =
		decode_spelled(arena, values[ADDRESS], "/address", MEMBER_ADDRESS, EXPECTED_LINE, errors);
	workplace->contact =
		decode_spelled(arena, values[CONTACT], "/contact", MEMBER_ADDRESS, EXPECTED_LINE, errors);
}

static void workplace_finished(struct insurer_record *record, enum outcome outcome)
{
	insurer_record_answer(record, outcome, PROBLEM_NO_SUCH_WORKPLACE);
}

/* `*shaped`: the path's id can be one. NULL: answered already. */
static struct insurer_record *begin(struct exchange *exchange, bool *shaped)
{
	const char *insurer_number = insurer_of_path(exchange);
	struct insurer_record *record =
		insurer_number == NULL ? NULL : insurer_record_begin(exchange, insurer_number);
	if (record == NULL)
		return NULL;
	record->finished = workplace_finished;
	*shaped = spell_text_like(&exchange->request->arena, exchange->parameters[1], MEMBER_WORKPLACE_ID,
		&record->question.workplace_id);
	return record;
}

/* An id that is none names no workplace either. */
static void start_with_id(struct exchange *exchange, void (*go)(struct insurer_record *record))
{
	struct request *request = exchange->request;
	bool shaped = false;
	struct insurer_record *record = begin(exchange, &shaped);
	if (record == NULL)
		return;
	if (!shaped) {
		problem_answer(request, PROBLEM_NO_SUCH_WORKPLACE, NULL);
		return;
	}
	if (!version_read_if_match(request, &record->question.wanted))
		return;
	request_hold(request);
	go(record);
}

static void start_finding(struct exchange *exchange)
{
	start_with_id(exchange, workplace_find);
}

static void start_removing(struct exchange *exchange)
{
	start_with_id(exchange, workplace_remove);
}

static void start_putting(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct field_errors errors = { .count = 0 };
	bool shaped = false;
	struct insurer_record *record = begin(exchange, &shaped);
	json_t *body = record == NULL ? NULL : decode_body(request);
	if (body == NULL || !version_read_if_match(request, &record->question.wanted))
		return;
	if (!shaped)
		field_errors_add(&errors, "/workplace_id", FIELD_WRONG_FORM, EXPECTED_KEY " in the path");
	decode_workplace(
		&request->arena, body, exchange->parameters[1], &record->question.workplace, &errors);
	if (field_errors_any(&errors)) {
		problem_answer_fields(request, &errors);
		return;
	}
	request_hold(request);
	workplace_put(record);
}

static void start_listing(struct exchange *exchange)
{
	page_list(exchange, "workplaces", workplaces_list);
}

#define WORKPLACES "/v1/insurers/{insurer_number}/workplaces"

const struct route workplaces_routes[] = {
	{ .method = "GET", .path = WORKPLACES, .scope = SCOPE_INSURER, .start = start_listing },
	{ .method = "GET",
		.path = WORKPLACES "/{workplace_id}",
		.scope = SCOPE_INSURER,
		.start = start_finding },
	{ .method = "PUT",
		.path = WORKPLACES "/{workplace_id}",
		.scope = SCOPE_INSURER,
		.body_max = 16 * KIB,
		.start = start_putting },
	{ .method = "DELETE",
		.path = WORKPLACES "/{workplace_id}",
		.scope = SCOPE_INSURER,
		.start = start_removing },
	ROUTES_END,
};
