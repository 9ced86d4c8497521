#include "api/check_answer.h"

#include <stddef.h>

#include "base/clock.h"

void answer_put_day(struct json_writer *json, const char *key, struct optional_day day)
{
	json_put_key(json, key);
	if (!day.known) {
		json_put_null(json);
		return;
	}
	char text[DAY_TEXT_SIZE];
	day_format(day.day, text);
	json_put_slice(json, (struct slice){ text, DAY_TEXT_SIZE - 1 });
}

void answer_put_text(struct json_writer *json, const char *key, struct slice value)
{
	json_put_key(json, key);
	json_put_slice(json, value);
}

static void put_code_and_text(struct json_writer *json, const char *code, const char *words)
{
	json_open_object(json);
	json_put_key(json, "code");
	json_put_terminated(json, code);
	json_put_key(json, "text");
	json_put_terminated(json, words);
	json_close_object(json);
}

void check_answer_put_reasons(struct json_writer *json, const struct check_answer *answer)
{
	json_put_key(json, "reasons");
	json_open_array(json);
	for (int i = 0; i < REASON_COUNT; i++) {
		if (reason_in(answer->reasons, (enum reason)i))
			put_code_and_text(json, reason_code((enum reason)i), reason_words((enum reason)i));
	}
	json_close_array(json);
	json_put_key(json, "next_actions");
	json_open_array(json);
	for (int i = 0; i < NEXT_ACTION_COUNT; i++) {
		if (next_action_in(answer->next_actions, (enum next_action)i))
			put_code_and_text(json, next_action_code((enum next_action)i),
				next_action_words((enum next_action)i));
	}
	json_close_array(json);
}

void check_answer_begin(struct json_writer *json, const struct check *check)
{
	char instant[INSTANT_TEXT_SIZE];
	char id[UUID_TEXT_SIZE];
	instant_format(check->answer.checked_at, instant);
	uuid_format(check->check_id, id);
	json_open_object(json);
	answer_put_text(json, "check_id", (struct slice){ id, UUID_TEXT_SIZE - 1 });
	answer_put_text(json, "checked_at", (struct slice){ instant, INSTANT_TEXT_SIZE - 1 });
}

void check_answer_put_verdict(struct json_writer *json, const struct check_answer *answer)
{
	json_put_key(json, "validity");
	json_put_terminated(
		json, answer->validity == VALIDITY_NOT_JUDGED ? NULL : validity_code(answer->validity));
	json_put_key(json, "accepted");
	json_put_boolean(json, answer->accepted);
	json_put_key(json, "scope");
	json_put_terminated(json, !answer->accepted            ? NULL
				  : answer->qualification_only ? "qualification_only"
							       : "full");
}
