#include "api/problems.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/answer.h"
#include "base/json.h"
#include "base/log.h"

#define TYPE_BASE "https://shikaku.invalid/problems/"
#define PROBLEM_BYTES_MAX ((size_t)32 * 1024)

struct catalogue_line {
	const char *code;
	int status;
	const char *retry;
	const char *title;
	const char *desk;
};

static const struct catalogue_line catalogue[PROBLEM_COUNT] = {
#define PROBLEM(name, code, status, retry, title, desk) \
	[PROBLEM_##name] = { code, status, retry, title, desk },
#include "api/problems.def"
#undef PROBLEM
};

static const char *const field_error_codes[] = {
#define FIELD_ERROR(name, code) [FIELD_##name] = code,
#include "api/field_errors.def"
#undef FIELD_ERROR
};

bool field_errors_any(const struct field_errors *errors)
{
	return errors->count > 0 || errors->no_memory;
}

void field_errors_add(
	struct field_errors *errors, const char *pointer, enum field_error_code code, const char *expected)
{
	if (errors->count < FIELD_ERRORS_MAX)
		errors->list[errors->count++] = (struct field_error){ pointer, code, expected };
}

static void write_field_errors(struct json_writer *json, const struct field_errors *errors)
{
	json_put_key(json, "errors");
	json_open_array(json);
	for (size_t i = 0; errors != NULL && i < errors->count; i++) {
		json_open_object(json);
		json_put_key(json, "pointer");
		json_put_terminated(json, errors->list[i].pointer);
		json_put_key(json, "code");
		json_put_terminated(json, field_error_codes[errors->list[i].code]);
		json_put_key(json, "detail");
		json_put_terminated(json, errors->list[i].expected);
		json_close_object(json);
	}
	json_close_array(json);
}

static void write_problem(struct text *out, const struct request *request, const struct catalogue_line *line,
	const char *detail, const struct field_errors *errors)
{
	struct json_writer json = { .out = out };
	json_open_object(&json);
	json_put_key(&json, "type");
	text_put_terminated(out, "\"" TYPE_BASE);
	text_put_terminated(out, line->code);
	text_put_char(out, '"');
	json.comma = true;
	json_put_key(&json, "title");
	json_put_terminated(&json, line->title);
	json_put_key(&json, "status");
	json_put_number(&json, line->status);
	json_put_key(&json, "detail");
	json_put_terminated(&json, detail == NULL ? line->title : detail);
	json_put_key(&json, "instance");
	json_put_terminated(&json, request->id_text);
	json_put_key(&json, "code");
	json_put_terminated(&json, line->code);
	json_put_key(&json, "desk");
	json_put_terminated(&json, line->desk);
	json_put_key(&json, "retry");
	json_put_terminated(&json, line->retry);
	write_field_errors(&json, errors);
	json_close_object(&json);
}

/* A refused question is no check, but leaves a trace: which problem, where, which fields; never their values. */
static void trace(
	const struct request *request, const struct catalogue_line *line, const struct field_errors *errors)
{
	if (line->status < 400 || line->status >= 500)
		return;
	const char *first = "-";
	/* The name of an unknown field is the sender's, and may say anything. */
	if (errors != NULL && errors->count > 0)
		first = errors->list[0].code == FIELD_UNKNOWN ? "unknown" : errors->list[0].pointer;
	log_security("refused request=%s problem=%s status=%d fields=%zu first=%s", request->id_text,
		line->code, line->status, errors == NULL ? 0 : errors->count, first);
}

static void answer(
	struct request *request, enum problem problem, const char *detail, const struct field_errors *errors)
{
	const struct catalogue_line *line = &catalogue[problem];
	struct text out;
	if (!request_is_awaited(request))
		return;
	trace(request, line, errors);
	text_open(&out, &request->arena, 1024, PROBLEM_BYTES_MAX);
	write_problem(&out, request, line, detail, errors);
	if (out.failed) {
		/* Without words nobody can tell what to mend. The status alone says: later. */
		if (line->status != 503 && line->status != 429)
			request_add_header(request, "Retry-After", "1");
		answer_uncached(request, 503, NULL, (struct slice){ NULL, 0 });
		return;
	}
	if (line->status == 401)
		request_add_header(request, "WWW-Authenticate", "Bearer");
	answer_uncached(request, line->status, "application/problem+json", text_slice(&out));
}

void problem_answer(struct request *request, enum problem problem, const char *detail)
{
	if (catalogue[problem].status == 503)
		problem_answer_later(request, problem, detail, 1);
	else
		answer(request, problem, detail, NULL);
}

void problem_answer_fields(struct request *request, const struct field_errors *errors)
{
	if (errors->no_memory)
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
	else
		answer(request, PROBLEM_INVALID_FIELDS, "errors names each field and what was expected.",
			errors);
}

void problem_answer_field(struct request *request, enum problem problem, const char *pointer,
	enum field_error_code code, const char *expected)
{
	struct field_errors errors = { .count = 0 };
	field_errors_add(&errors, pointer, code, expected);
	answer(request, problem, NULL, &errors);
}

void problem_answer_later(struct request *request, enum problem problem, const char *detail, int64_t seconds)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%" PRId64, seconds);
	size_t length = slice_of(text).length;
	const char *kept = arena_copy(&request->arena, text, length);
	request_add_header(request, "Retry-After", kept == NULL ? "1" : kept);
	answer(request, problem, detail, NULL);
}

enum problem problem_of(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_BUSY:
	case OUTCOME_NO_MEMORY:
		return PROBLEM_OVERLOADED;
	case OUTCOME_LATE:
		return PROBLEM_DEADLINE_EXCEEDED;
	case OUTCOME_UNAVAILABLE:
	case OUTCOME_CONFLICT:
		return PROBLEM_DATABASE_UNAVAILABLE;
	default:
		return PROBLEM_INTERNAL;
	}
}
