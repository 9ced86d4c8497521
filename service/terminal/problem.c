#include "terminal/problem.h"

static const char *text_of(const json_t *document, const char *key)
{
	return json_string_value(json_object_get(document, key));
}

enum outcome problem_read(const char *body, size_t length, struct problem *problem)
{
	*problem = (struct problem){ 0 };
	if (length == 0)
		return OUTCOME_INVALID;
	json_t *document = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	if (text_of(document, "code") == NULL) {
		json_decref(document);
		return OUTCOME_INVALID;
	}
	problem->document = document;
	problem->code = text_of(document, "code");
	problem->title = text_of(document, "title");
	problem->detail = text_of(document, "detail");
	problem->desk = text_of(document, "desk");
	problem->retry = text_of(document, "retry");
	problem->instance = text_of(document, "instance");
	const json_t *errors = json_object_get(document, "errors");
	problem->errors = json_is_array(errors) ? errors : NULL;
	return OUTCOME_OK;
}

void problem_free(struct problem *problem)
{
	json_decref(problem->document);
	*problem = (struct problem){ 0 };
}
