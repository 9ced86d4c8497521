#include "api/spelled_value.h"

#include "rules/member_spelling.h"

#define WIDE_BLANK "\xe3\x80\x80"

/* Blanks of both widths. */
static struct slice trim(struct slice text)
{
	const size_t wide = sizeof WIDE_BLANK - 1;
	for (size_t before = 0; before != text.length;) {
		before = text.length;
		text = slice_trim(text);
		if (text.length >= wide && memcmp(text.at, WIDE_BLANK, wide) == 0) {
			text.at += wide;
			text.length -= wide;
		}
		if (text.length >= wide && memcmp(text.at + text.length - wide, WIDE_BLANK, wide) == 0)
			text.length -= wide;
	}
	return text;
}

static enum field_error_code code_of(enum member_fault fault)
{
	switch (fault) {
	case MEMBER_FAULT_TOO_LONG:
		return FIELD_TOO_LONG;
	case MEMBER_FAULT_NOT_ONE_OF:
		return FIELD_NOT_ONE_OF;
	case MEMBER_FAULT_OUT_OF_RANGE:
		return FIELD_OUT_OF_RANGE;
	default:
		return FIELD_WRONG_FORM;
	}
}

struct slice decode_spelled(struct arena *arena, const json_t *value, const char *pointer,
	enum member_field like, const char *expected, struct field_errors *errors)
{
	const struct slice none = { NULL, 0 };
	struct slice text = decode_text(value, pointer, errors);
	if (text.at == NULL)
		return none;
	text = trim(text);
	struct spelled spelled = { .fault = MEMBER_FAULT_WRONG_FORM };
	switch (text.length == 0 ? OUTCOME_INVALID : member_value_spell(arena, like, text, &spelled)) {
	case OUTCOME_OK:
		return spelled.value;
	case OUTCOME_INVALID:
		field_errors_add(errors, pointer, code_of(spelled.fault), expected);
		return none;
	default:
		errors->no_memory = true;
		return none;
	}
}

bool spell_text_like(struct arena *arena, struct slice given, enum member_field like, struct slice *spelled)
{
	struct spelled read;
	if (given.length == 0 || member_value_spell(arena, like, given, &read) != OUTCOME_OK)
		return false;
	*spelled = read.value;
	return true;
}
