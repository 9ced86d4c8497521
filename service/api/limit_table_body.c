#include "api/limit_table_body.h"

#include "api/spelled_value.h"

#define NOTE_CHARACTERS_MAX 2000
#define SENTENCE_BYTES_MAX 160

enum { FROM, UNTIL, SOURCE, NOTE, AMOUNTS, VERSION, IN_FORCE, REGISTERED_AT, TABLE_FIELDS };

static const struct field table_fields[TABLE_FIELDS] = {
	[FROM] = { "from", FIELD_TEXT, true },
	[UNTIL] = { "until", FIELD_TEXT, false },
	[SOURCE] = { "source", FIELD_TEXT, true },
	[NOTE] = { "note", FIELD_TEXT, false },
	[AMOUNTS] = { "amounts", FIELD_LIST, true },
	/* As GET gives them. */
	[VERSION] = { "version", FIELD_INTEGER, false },
	[IN_FORCE] = { "in_force", FIELD_BOOLEAN, false },
	[REGISTERED_AT] = { "registered_at", FIELD_TEXT, false },
};

#define LINE_FIELDS (LIMIT_TABLE_FIELDS - LIMIT_TABLE_CATEGORY)
#define AT(field) [(field)-LIMIT_TABLE_CATEGORY]

static const struct field line_fields[LINE_FIELDS] = {
	AT(LIMIT_TABLE_CATEGORY) = { "category", FIELD_TEXT, true },
	AT(LIMIT_TABLE_BASE) = { "base", FIELD_INTEGER, true },
	AT(LIMIT_TABLE_THRESHOLD) = { "threshold", FIELD_INTEGER, true },
	AT(LIMIT_TABLE_RATE_PERCENT) = { "rate_percent", FIELD_INTEGER, true },
	AT(LIMIT_TABLE_MULTIPLE) = { "multiple", FIELD_INTEGER, false },
	AT(LIMIT_TABLE_OUTPATIENT) = { "outpatient_ceiling", FIELD_INTEGER, false },
	AT(LIMIT_TABLE_OUTPATIENT_ANNUAL) = { "outpatient_annual_ceiling", FIELD_INTEGER, false },
	AT(LIMIT_TABLE_ANNUAL) = { "annual_ceiling", FIELD_INTEGER, false },
	AT(LIMIT_TABLE_ANNUAL_LOW_INCOME) = { "annual_ceiling_low_income", FIELD_INTEGER, false },
};

static const char *pointer_to_line(struct arena *arena, size_t line, struct field_errors *errors)
{
	struct text pointer;
	text_open(&pointer, arena, SENTENCE_BYTES_MAX, SENTENCE_BYTES_MAX);
	text_printf(&pointer, "/amounts/%zu", line);
	text_put_char(&pointer, '\0');
	errors->no_memory |= pointer.failed;
	return pointer.failed ? "/amounts" : pointer.at;
}

static struct optional_yen yen_of(const json_t *value)
{
	return (struct optional_yen){ .known = value != NULL, .amount = json_integer_value(value) };
}

/* What is none is refused by the rules, whichever number it was. */
static int rate_of(const json_t *value)
{
	json_int_t rate = json_integer_value(value);
	return rate >= 0 && rate <= LIMIT_RATE_PERCENT_MAX ? (int)rate : -1;
}

static void decode_category(struct arena *arena, const json_t *value, const char *prefix,
	enum limit_category *category, struct field_errors *errors)
{
	if (value == NULL)
		return;
	*category = limit_category_of((struct slice){ json_string_value(value), json_string_length(value) });
	if (*category == LIMIT_CATEGORY_NONE)
		field_errors_add(errors, decode_pointer(arena, prefix, "category", errors), FIELD_NOT_ONE_OF,
			"expected A01 to A06 or B01 to B10");
}

static void decode_line(struct arena *arena, json_t *object, const char *prefix,
	struct limit_table_line *line, struct field_errors *errors)
{
	json_t *values[LINE_FIELDS];
	if (!json_is_object(object)) {
		field_errors_add(errors, prefix, FIELD_WRONG_TYPE, "expected an object");
		return;
	}
	decode_fields(arena, object, prefix, line_fields, LINE_FIELDS, values, errors);
#define VALUE(field) values[(field)-LIMIT_TABLE_CATEGORY]
	decode_category(arena, VALUE(LIMIT_TABLE_CATEGORY), prefix, &line->category, errors);
	line->amounts = (struct limit_amounts){
		.base = json_integer_value(VALUE(LIMIT_TABLE_BASE)),
		.threshold = json_integer_value(VALUE(LIMIT_TABLE_THRESHOLD)),
		.rate_percent = rate_of(VALUE(LIMIT_TABLE_RATE_PERCENT)),
		.multiple = yen_of(VALUE(LIMIT_TABLE_MULTIPLE)),
		.outpatient = yen_of(VALUE(LIMIT_TABLE_OUTPATIENT)),
		.outpatient_annual = yen_of(VALUE(LIMIT_TABLE_OUTPATIENT_ANNUAL)),
		.annual = yen_of(VALUE(LIMIT_TABLE_ANNUAL)),
		.annual_low_income = yen_of(VALUE(LIMIT_TABLE_ANNUAL_LOW_INCOME)),
	};
#undef VALUE
}

static void decode_lines(
	struct arena *arena, const json_t *list, struct limit_table *table, struct field_errors *errors)
{
	size_t count = json_array_size(list);
	if (count > LIMIT_TABLE_LINES) {
		field_errors_add(errors, "/amounts", FIELD_TOO_LONG, "expected 16: one of each category");
		return;
	}
	struct limit_table_line *lines = arena_take(arena, LIMIT_TABLE_LINES * sizeof *lines);
	errors->no_memory |= lines == NULL;
	for (size_t i = 0; lines != NULL && i < count; i++)
		decode_line(
			arena, json_array_get(list, i), pointer_to_line(arena, i, errors), &lines[i], errors);
	table->lines = lines;
	table->line_count = lines == NULL ? 0 : count;
}

static struct slice decode_note(const json_t *value, struct field_errors *errors)
{
	struct slice note = decode_text(value, "/note", errors);
	if (slice_characters(note) > NOTE_CHARACTERS_MAX)
		field_errors_add(errors, "/note", FIELD_TOO_LONG, "expected at most 2000 characters");
	else if (note.at != NULL && note.length == 0)
		field_errors_add(errors, "/note", FIELD_WRONG_FORM, "expected a note, or null for none");
	return note;
}

void limit_table_body_decode(
	struct arena *arena, json_t *body, struct limit_table_case *of, struct field_errors *errors)
{
	json_t *values[TABLE_FIELDS];
	struct limit_table *table = &of->table;
	decode_fields(arena, body, "", table_fields, TABLE_FIELDS, values, errors);
	(void)decode_month(values[FROM], "/from", errors, &table->first_month);
	table->last_month.known = decode_month(values[UNTIL], "/until", errors, &table->last_month.day);
	of->question.source = decode_spelled(arena, values[SOURCE], "/source", MEMBER_ADDRESS,
		"expected one line of at most 200 characters", errors);
	of->question.note = decode_note(values[NOTE], errors);
	if (values[AMOUNTS] != NULL)
		decode_lines(arena, values[AMOUNTS], table, errors);
}

void limit_table_body_note(struct arena *arena, const char *pointer, enum field_error_code code,
	const char *first, const char *second, struct field_errors *errors)
{
	struct text expected;
	text_open(&expected, arena, SENTENCE_BYTES_MAX, SENTENCE_BYTES_MAX);
	text_put_terminated(&expected, "expected ");
	text_put_terminated(&expected, first);
	text_put_terminated(&expected, second);
	text_put_char(&expected, '\0');
	errors->no_memory |= expected.failed;
	if (!expected.failed)
		field_errors_add(errors, pointer, code, expected.at);
}

static const char *pointer_of(
	struct arena *arena, const struct limit_table_fault *fault, struct field_errors *errors)
{
	static const char *const of_table[LIMIT_TABLE_CATEGORY] = {
		[LIMIT_TABLE_FROM] = "/from",
		[LIMIT_TABLE_UNTIL] = "/until",
		[LIMIT_TABLE_AMOUNTS] = "/amounts",
	};
	if (fault->field < LIMIT_TABLE_CATEGORY)
		return of_table[fault->field];
	return decode_pointer(arena, pointer_to_line(arena, fault->line, errors),
		line_fields[fault->field - LIMIT_TABLE_CATEGORY].name, errors);
}

void limit_table_body_note_faults(
	struct arena *arena, const struct limit_table_faults *faults, struct field_errors *errors)
{
	static const enum field_error_code codes[] = {
		[LIMIT_TABLE_MISSING] = FIELD_REQUIRED,
		[LIMIT_TABLE_OUT_OF_RANGE] = FIELD_OUT_OF_RANGE,
		[LIMIT_TABLE_NOT_TOGETHER] = FIELD_NOT_TOGETHER,
	};
	for (size_t i = 0; i < faults->count; i++) {
		const struct limit_table_fault *fault = &faults->list[i];
		limit_table_body_note(arena, pointer_of(arena, fault, errors), codes[fault->kind],
			fault->kind == LIMIT_TABLE_MISSING ? "a line of " : "", fault->expected, errors);
	}
}
