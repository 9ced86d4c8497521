/* The texts of reasons.h, indexed by their enums. */
#include "rules/reasons.h"

#include <stddef.h>

/* `checks.reasons` is a signed 64-bit column: its sign bit is not for use. */
_Static_assert(REASON_COUNT <= 63, "a reason needs a bit in checks.reasons");
_Static_assert(NEXT_ACTION_COUNT <= 32, "a next action needs a bit in next_action_set");

struct text {
	const char *code;
	const char *words;
};

static const struct text reasons[REASON_COUNT] = {
#define REASON_TEXT(name, code, words) [REASON_##name] = { code, words },
	REASONS(REASON_TEXT)
#undef REASON_TEXT
};

static const struct text next_actions[NEXT_ACTION_COUNT] = {
#define NEXT_ACTION_TEXT(name, code, words) [NEXT_ACTION_##name] = { code, words },
	NEXT_ACTIONS(NEXT_ACTION_TEXT)
#undef NEXT_ACTION_TEXT
};

const char *reason_code(enum reason reason)
{
	return (size_t)reason < REASON_COUNT ? reasons[reason].code : "unknown";
}

const char *reason_words(enum reason reason)
{
	return (size_t)reason < REASON_COUNT ? reasons[reason].words : "";
}

const char *next_action_code(enum next_action action)
{
	return (size_t)action < NEXT_ACTION_COUNT ? next_actions[action].code : "unknown";
}

const char *next_action_words(enum next_action action)
{
	return (size_t)action < NEXT_ACTION_COUNT ? next_actions[action].words : "";
}
