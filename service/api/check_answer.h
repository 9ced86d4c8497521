/* What every answer about one patient says, whether it is of cover or of a month's limit. */
#ifndef SHIKAKU_API_CHECK_ANSWER_H
#define SHIKAKU_API_CHECK_ANSWER_H

#include "base/json.h"
#include "cases/check.h"

void answer_put_text(struct json_writer *json, const char *key, struct slice value);
void answer_put_day(struct json_writer *json, const char *key, struct optional_day day);

/* Opens the object: check_id, checked_at. */
void check_answer_begin(struct json_writer *json, const struct check *check);
/* validity, accepted, scope */
void check_answer_put_verdict(struct json_writer *json, const struct check_answer *answer);
/* reasons, next_actions */
void check_answer_put_reasons(struct json_writer *json, const struct check_answer *answer);

#endif
