#include "terminal/challenge.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static bool is_base64url(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

static enum outcome keep(const char *text, char challenge[CHALLENGE_MAX + 1], const char **why)
{
	size_t length = text == NULL ? 0 : strlen(text);
	*why = "challenge";
	if (length == 0 || length > CHALLENGE_MAX)
		return OUTCOME_INVALID;
	for (size_t i = 0; i < length; i++) {
		if (!is_base64url(text[i]))
			return OUTCOME_INVALID;
	}
	memcpy(challenge, text, length + 1);
	return OUTCOME_OK;
}

enum outcome challenge_read(
	const char *body, size_t length, char challenge[CHALLENGE_MAX + 1], const char **why)
{
	json_t *document = length == 0 ? NULL : json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(document)) {
		*why = "the body is not a JSON object";
		json_decref(document);
		return OUTCOME_INVALID;
	}
	enum outcome outcome =
		keep(json_string_value(json_object_get(document, "challenge")), challenge, why);
	json_decref(document);
	return outcome;
}
