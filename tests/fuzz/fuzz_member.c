/* PUT /v1/insurers/{insurer_number}/members/{member_id}: a record without a fault is in its one spelling, and as JSON for the database
 * whatever stands in it; of one with faults each can be told. The first byte says of which insurer it is. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "api/member_body.h"
#include "net/connection.h"

#define BODY_MAX ((size_t)16 * 1024)
/* 2026-11-22 */
#define TODAY 20779

static const struct slice member_id = { "E-1", 3 };

static struct member_row *copy_rows(struct arena *arena, const struct record_parts *parts)
{
	size_t size = (parts->count + 1) * sizeof *parts->rows;
	struct member_row *rows = arena_take(arena, size);
	MUST_HOLD(rows != NULL);
	if (parts->count > 0)
		memcpy(rows, parts->rows, parts->count * sizeof *parts->rows);
	return rows;
}

static void look_at_same(const struct member_row *one, const struct member_row *other)
{
	for (size_t i = 0; i < MEMBER_FIELDS; i++) {
		struct slice a = one->values[i];
		struct slice b = other->values[i];
		MUST_HOLD((a.at == NULL) == (b.at == NULL) && a.length == b.length);
		MUST_HOLD(a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
	}
	MUST_HOLD(one->number_key.length == other->number_key.length);
	MUST_HOLD(one->symbol_key.length == other->symbol_key.length);
}

/* What is right stays as it is when it is sent again. */
static void look_at_again(struct arena *arena, const char *insurer, const struct whole_record *record)
{
	struct whole_record again = *record;
	struct record_faults faults;
	for (size_t group = 0; group < MEMBER_GROUPS; group++)
		again.parts[group].rows = copy_rows(arena, &record->parts[group]);
	MUST_HOLD(whole_record_check(arena, insurer, (struct day){ TODAY }, &again, &faults) == OUTCOME_OK);
	MUST_HOLD(faults.count == 0);
	look_at_same(&record->person, &again.person);
	for (size_t group = 0; group < MEMBER_GROUPS; group++) {
		for (size_t i = 0; i < record->parts[group].count; i++)
			look_at_same(&record->parts[group].rows[i], &again.parts[group].rows[i]);
	}
}

static void look_at_document(struct arena *arena, const struct whole_record *record)
{
	struct slice document;
	json_t *object = NULL;
	enum json_fault fault;
	MUST_HOLD(whole_record_write(arena, record, &document) == OUTCOME_OK);
	MUST_HOLD(json_read_object(arena, document, &object, &fault, NULL) == OUTCOME_OK);
	MUST_HOLD(json_object_get(object, "individual_number") == NULL);
	for (size_t group = MEMBER_GROUP_PERIOD; group < MEMBER_GROUPS; group++)
		MUST_HOLD(json_array_size(json_object_get(object, record_part_names[group])) ==
			  record->parts[group].count);
}

static void look_at_answer(struct request *request, const struct field_errors *errors)
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
	}
}

static void look_at_body(struct request *request, const char *insurer, json_t *body)
{
	struct whole_record *record = arena_take(&request->arena, sizeof *record);
	struct record_faults faults;
	struct field_errors errors = { .count = 0 };
	MUST_HOLD(record != NULL);
	member_body_decode(&request->arena, body, member_id, record, &errors);
	if (errors.count == 0) {
		MUST_HOLD(whole_record_check(&request->arena, insurer, (struct day){ TODAY }, record,
				  &faults) == OUTCOME_OK);
		member_body_note_faults(&request->arena, &faults, &errors);
	}
	if (errors.count > 0) {
		look_at_answer(request, &errors);
		return;
	}
	look_at_again(&request->arena, insurer, record);
	look_at_document(&request->arena, record);
	/* As a patch of itself it changes nothing. */
	struct whole_record patched = *record;
	member_body_merge(&request->arena, body, &patched, &errors);
	MUST_HOLD(errors.count == 0);
	MUST_HOLD(patched.parts[MEMBER_GROUP_PERIOD].count == record->parts[MEMBER_GROUP_PERIOD].count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const insurers[] = { "01130012", "39131156", "00138057" };
	struct connection connection = { .phase = PHASE_BODY };
	struct request request = { .connection = &connection };
	if (size == 0 || size > BODY_MAX)
		return -1;
	fuzz_silence();
	arena_open(&request.arena, (size_t)16 * 1024 * 1024);
	request.body = (struct slice){ (const char *)data + 1, size - 1 };
	json_t *body = decode_body(&request);
	MUST_HOLD((body == NULL) == (request.response.status == 400));
	if (body != NULL)
		look_at_body(&request, insurers[data[0] % 3], body);
	arena_close(&request.arena);
	arena_free_spares();
	return 0;
}
