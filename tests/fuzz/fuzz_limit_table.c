/* POST /v1/limit-tables: a table in which no fault is noted can be calculated with, whatever the cost of care, and one that has any is
 * answered with all of them (R7.2, R7.5). */
#include "target.h"

#include <string.h>

#include "api/limit_table_body.h"
#include "net/connection.h"
#include "rules/limit.h"

#define BODY_MAX ((size_t)32 * 1024)
#define NOTE_BYTES_MAX ((size_t)2000 * 4)

static void look_at_line(const struct limit_table_line *line)
{
	static const int64_t totals[] = { 0, 1, 100, 266999, 267001, 10000000, LIMIT_COST_MAX };
	const struct limit_amounts *amounts = &line->amounts;
	MUST_HOLD(line->category > LIMIT_CATEGORY_NONE && line->category < LIMIT_CATEGORIES);
	MUST_HOLD(!amounts->outpatient.known || line->category >= LIMIT_B04);
	for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
		for (int prior = 0; prior <= CEILING_MONTHS_MAX; prior++) {
			const struct limit_item item = { totals[i], 30,
				prior % 2 == 0 ? CARE_INPATIENT : CARE_OUTPATIENT };
			struct limit_month month = { .prior_ceiling_months = prior };
			struct limit_ceiling full;
			struct limit_ceiling halved;
			MUST_HOLD(limit_ceiling_of(amounts, &item, &month, &full) == OUTCOME_OK);
			month.halved = true;
			MUST_HOLD(limit_ceiling_of(amounts, &item, &month, &halved) == OUTCOME_OK);
			MUST_HOLD(full.amount >= 1 && halved.amount <= full.amount);
		}
	}
}

static void look_at(const struct limit_table_case *of)
{
	const struct limit_table *table = &of->table;
	bool met[LIMIT_CATEGORIES] = { false };
	MUST_HOLD(table->line_count == LIMIT_TABLE_LINES);
	for (size_t i = 0; i < table->line_count; i++) {
		MUST_HOLD(!met[table->lines[i].category]);
		met[table->lines[i].category] = true;
		look_at_line(&table->lines[i]);
	}
	MUST_HOLD(day_to_civil(table->first_month).day == 1);
	MUST_HOLD(!table->last_month.known ||
		  (day_to_civil(table->last_month.day).day == 1 &&
			  day_compare(table->first_month, table->last_month.day) <= 0));
	MUST_HOLD(of->question.source.length >= 1);
	MUST_HOLD(of->question.note.at == NULL ||
		  (of->question.note.length >= 1 && of->question.note.length <= NOTE_BYTES_MAX));
}

/* The answer with all faults is JSON too, whatever the names were. */
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

static void look_at_body(struct request *request, json_t *body)
{
	struct limit_table_case *of = arena_take(&request->arena, sizeof *of);
	struct field_errors errors = { .count = 0 };
	MUST_HOLD(of != NULL);
	limit_table_body_decode(&request->arena, body, of, &errors);
	if (errors.count == 0) {
		limit_table_check(&of->table, &of->faults);
		limit_table_body_note_faults(&request->arena, &of->faults, &errors);
		MUST_HOLD(errors.count == of->faults.count);
	}
	if (errors.count == 0)
		look_at(of);
	else
		look_at_answer(request, &errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connection connection = { .phase = PHASE_BODY };
	struct request request = { .connection = &connection };
	if (size > BODY_MAX)
		return -1;
	fuzz_silence();
	arena_open(&request.arena, (size_t)4 * 1024 * 1024);
	request.body = (struct slice){ size == 0 ? "" : (const char *)data, size };
	json_t *body = decode_body(&request);
	MUST_HOLD((body == NULL) == (request.response.status == 400));
	if (body != NULL)
		look_at_body(&request, body);
	arena_close(&request.arena);
	arena_free_spares();
	return 0;
}
