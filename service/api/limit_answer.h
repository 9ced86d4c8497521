/* The answer to a question about a month's limit as JSON: the same bytes that its record has the digest of. */
#ifndef SHIKAKU_API_LIMIT_ANSWER_H
#define SHIKAKU_API_LIMIT_ANSWER_H

#include "cases/check.h"

/* Writes check->answer into the check's arena. OUTCOME_NO_MEMORY. */
enum outcome MUST_CHECK limit_answer_write(struct check *check, struct slice *bytes);

#endif
