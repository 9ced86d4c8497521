/* Errors as problem documents (RFC 9457), from one catalogue (problems.def). */
#ifndef SHIKAKU_API_PROBLEMS_H
#define SHIKAKU_API_PROBLEMS_H

#include "base/outcome.h"
#include "net/request.h"

enum problem {
#define PROBLEM(name, code, status, retry, title, desk) PROBLEM_##name,
#include "api/problems.def"
#undef PROBLEM
	PROBLEM_COUNT
};

enum field_error_code {
#define FIELD_ERROR(name, code) FIELD_##name,
#include "api/field_errors.def"
#undef FIELD_ERROR
};

/* More than this many are not listed. */
#define FIELD_ERRORS_MAX 32

struct field_error {
	const char *pointer; /* JSON pointer (RFC 6901) */
	enum field_error_code code;
	const char *expected; /* English: what was expected; never what was sent */
};

struct field_errors {
	struct field_error list[FIELD_ERRORS_MAX];
	size_t count;
	bool no_memory; /* not everything could be looked at: nothing may be said of the fields */
};

bool field_errors_any(const struct field_errors *errors);
void field_errors_add(
	struct field_errors *errors, const char *pointer, enum field_error_code code, const char *expected);

/* Answers with a problem; `detail` is an English sentence or NULL, without personal data. 4xx leave a trace in the security
 * log. */
void problem_answer(struct request *request, enum problem problem, const char *detail);
/* What is wrong with the fields; 503 where that could not be found out. */
void problem_answer_fields(struct request *request, const struct field_errors *errors);
/* A problem that lies in one field. */
void problem_answer_field(struct request *request, enum problem problem, const char *pointer,
	enum field_error_code code, const char *expected);
/* 503 and 429 with Retry-After in seconds. */
void problem_answer_later(struct request *request, enum problem problem, const char *detail, int64_t seconds);

/* The problem that says this outcome to a client. Never "not covered": what failed is 503 (or 500 for a fault of ours). */
enum problem problem_of(enum outcome outcome);

#endif
