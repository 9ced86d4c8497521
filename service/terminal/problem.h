/* A refusal (RFC 9457). Lenient, unlike an answer: whatever of it is readable helps, and nothing in it can be taken for 有効. */
#ifndef SHIKAKU_TERMINAL_PROBLEM_H
#define SHIKAKU_TERMINAL_PROBLEM_H

#include <jansson.h>
#include <stddef.h>

#include "base/outcome.h"

/* Texts are borrowed from the document, NULL when missing. */
struct problem {
	json_t *document; /* owned */
	const char *code;
	const char *title;
	const char *detail;
	const char *desk; /* Japanese, for the reception */
	const char *retry;
	const char *instance; /* the request's id */
	const json_t *errors; /* an array or NULL */
};

/* OUTCOME_INVALID: the body is no JSON object, or has no code. After OUTCOME_OK the caller ends with problem_free. */
enum outcome MUST_CHECK problem_read(const char *body, size_t length, struct problem *problem);

void problem_free(struct problem *problem);

#endif
