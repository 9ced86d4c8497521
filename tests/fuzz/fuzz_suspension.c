/* POST /v1/card-suspensions, and POST /v1/ceiling-months by a terminal and by an insurer: what has no fault noted names one person, in the
 * one spelling of each number, and what has one can be answered with all of them. */
#include "target.h"

#include <string.h>

#include "api/card_suspensions.h"
#include "api/ceiling_months.h"
#include "net/connection.h"

/* Shorter ones stand as they are. */
#define POINTER_CUT 150
#define BODY_MAX ((size_t)16 * 1024)
/* 2026-11-22 */
#define TODAY 20779

static void look_at_key(struct slice key, bool required)
{
	char again[IDENTIFIER_KEY_MAX + 1];
	size_t length = 0;
	if (!required && key.at == NULL)
		return;
	MUST_HOLD(key.at != NULL && key.length >= 1 && key.length <= IDENTIFIER_KEY_MAX);
	MUST_HOLD(strlen(key.at) == key.length);
	if (key.length <= IDENTIFIER_INPUT_MAX)
		MUST_HOLD(identifier_key(key.at, key.length, again, &length) == OUTCOME_OK &&
			  length == key.length && memcmp(again, key.at, length) == 0);
}

static void look_at_person(const struct typed_keys *person)
{
	MUST_HOLD(strlen(person->insurer_number) == INSURER_NUMBER_DIGITS);
	MUST_HOLD(strspn(person->insurer_number, "0123456789") == INSURER_NUMBER_DIGITS);
	look_at_key(person->number_key, true);
	look_at_key(person->symbol_key, false);
	MUST_HOLD(person->branch_number.at == NULL || person->branch_number.length == BRANCH_NUMBER_DIGITS);
	MUST_HOLD(person->birth_date.day.number >= -37255 && person->birth_date.day.number <= TODAY);
}

static void look_at_suspension(const struct suspension_wish *wish)
{
	look_at_person(&wish->person);
	MUST_HOLD(wish->medium <= SUSPENSION_PHONE && wish->reason <= SUSPENSION_OTHER);
	MUST_HOLD(!wish->idempotency.given);
}

static void look_at_month(const struct ceiling_month_wish *wish, const struct principal *principal)
{
	struct civil_date date = day_to_civil(wish->month);
	look_at_person(&wish->person);
	MUST_HOLD(date.day == 1 && date.year >= 2015 && wish->month.number <= TODAY);
	MUST_HOLD(wish->care <= CARE_OUTPATIENT);
	if (principal->scope == SCOPE_TERMINAL)
		MUST_HOLD(wish->institution_code.at == principal->owner);
	else if (wish->institution_code.at != NULL)
		MUST_HOLD(strlen(wish->institution_code.at) == INSTITUTION_CODE_DIGITS &&
			  strspn(wish->institution_code.at, "0123456789") == INSTITUTION_CODE_DIGITS);
}

/* What a JSON pointer (RFC 6901) of one or two steps points at in the body; NULL: nothing is there. */
static json_t *pointed_at(json_t *body, const char *pointer)
{
	char name[256];
	while (*pointer == '/') {
		size_t length = 0;
		for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
			MUST_HOLD(length + 1 < sizeof name);
			MUST_HOLD(*pointer != '~' || pointer[1] == '0' || pointer[1] == '1');
			if (*pointer == '~')
				name[length++] = *++pointer == '0' ? '~' : '/';
			else
				name[length++] = *pointer;
		}
		name[length] = '\0';
		body = json_object_get(body, name);
	}
	return body;
}

/* The answer with all faults is JSON too, whatever the names were. */
static void look_at_answer(struct request *request, json_t *body, const struct field_errors *errors)
{
	json_t *answer = NULL;
	enum json_fault fault;
	problem_answer_fields(request, errors);
	MUST_HOLD(request->response.status == 422);
	MUST_HOLD(json_read_object(&request->arena, request->response.body, &answer, &fault, NULL) ==
		  OUTCOME_OK);
	json_t *list = json_object_get(answer, "errors");
	MUST_HOLD(json_array_size(list) == errors->count);
	for (size_t i = 0; i < errors->count; i++) {
		const char *pointer = json_string_value(json_object_get(json_array_get(list, i), "pointer"));
		MUST_HOLD(pointer != NULL && pointer[0] == '/');
		/* A long name is cut. */
		if (strlen(pointer) < POINTER_CUT)
			MUST_HOLD((pointed_at(body, pointer) != NULL) ==
					  (errors->list[i].code != FIELD_REQUIRED) ||
				  json_is_null(pointed_at(body, pointer)));
	}
}

static void try_suspension(struct request *request, json_t *body)
{
	struct suspension_wish wish = { .medium = SUSPENSION_EVERY_MEDIUM };
	struct field_errors errors = { .count = 0 };
	card_suspension_decode(&request->arena, body, (struct day){ TODAY }, &wish, &errors);
	if (errors.count == 0)
		look_at_suspension(&wish);
	else
		look_at_answer(request, body, &errors);
}

static void try_month(struct request *request, json_t *body, enum scope scope)
{
	struct principal principal = { .scope = scope, .owner = "1319900013" };
	struct ceiling_month_wish wish = { .care = CARE_OUTPATIENT };
	struct field_errors errors = { .count = 0 };
	request->response.status = 0;
	ceiling_month_decode(&request->arena, body, (struct day){ TODAY }, &principal, &wish, &errors);
	if (errors.count == 0)
		look_at_month(&wish, &principal);
	else
		look_at_answer(request, body, &errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connection connection = { .phase = PHASE_BODY };
	struct request request = { .connection = &connection };
	if (size > BODY_MAX)
		return -1;
	fuzz_silence();
	arena_open(&request.arena, (size_t)1024 * 1024);
	request.body = (struct slice){ size == 0 ? "" : (const char *)data, size };
	json_t *body = decode_body(&request);
	MUST_HOLD((body == NULL) == (request.response.status == 400));
	if (body != NULL) {
		try_suspension(&request, body);
		try_month(&request, body, SCOPE_TERMINAL);
		try_month(&request, body, SCOPE_INSURER);
	}
	arena_close(&request.arena);
	arena_free_spares();
	return 0;
}
