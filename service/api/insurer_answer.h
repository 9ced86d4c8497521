/* What all of an insurer's own records have in common over HTTP: how what came of a request is answered. */
#ifndef SHIKAKU_API_INSURER_ANSWER_H
#define SHIKAKU_API_INSURER_ANSWER_H

#include "api/application.h"
#include "api/problems.h"
#include "cases/insurer_record.h"

/* What a request about one record of this insurer's begins with; `none` is said where there is no such one. NULL: answered
 * already. */
struct insurer_record *insurer_record_begin(struct exchange *exchange, const char *insurer_number);

/* Answers what was said, and lets go of the request that `record->owner` is. `none`: the problem where there is no such record. */
void insurer_record_answer(struct insurer_record *record, enum outcome outcome, enum problem none);

#endif
