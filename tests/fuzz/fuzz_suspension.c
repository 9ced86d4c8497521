/* POST /v1/card-suspensions: what has no fault noted names one person, in the one spelling of each number, and what has one can be
 * answered with all of them. */
#include "target.h"

#include <string.h>

#include "api/card_suspensions.h"
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

static void look_at(const struct suspension_wish *wish)
{
	MUST_HOLD(strlen(wish->person.insurer_number) == INSURER_NUMBER_DIGITS);
	MUST_HOLD(strspn(wish->person.insurer_number, "0123456789") == INSURER_NUMBER_DIGITS);
	look_at_key(wish->person.number_key, true);
	look_at_key(wish->person.symbol_key, false);
	MUST_HOLD(wish->person.branch_number.at == NULL ||
		  wish->person.branch_number.length == BRANCH_NUMBER_DIGITS);
	MUST_HOLD(
		wish->person.birth_date.day.number >= -37255 && wish->person.birth_date.day.number <= TODAY);
	MUST_HOLD(wish->medium <= SUSPENSION_PHONE && wish->reason <= SUSPENSION_OTHER);
	MUST_HOLD(!wish->idempotency.given);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connection connection = { .phase = PHASE_BODY };
	struct request request = { .connection = &connection };
	struct suspension_wish wish = { .medium = SUSPENSION_EVERY_MEDIUM };
	struct field_errors errors = { .count = 0 };
	if (size > BODY_MAX)
		return -1;
	fuzz_silence();
	arena_open(&request.arena, (size_t)1024 * 1024);
	request.body = (struct slice){ size == 0 ? "" : (const char *)data, size };
	json_t *body = decode_body(&request);
	MUST_HOLD((body == NULL) == (request.response.status == 400));
	if (body != NULL) {
		card_suspension_decode(&request.arena, body, (struct day){ TODAY }, &wish, &errors);
		if (errors.count == 0)
			look_at(&wish);
		else
			look_at_answer(&request, body, &errors);
	}
	arena_close(&request.arena);
	arena_free_spares();
	return 0;
}
