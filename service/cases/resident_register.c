#include "cases/resident_register.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "trust/files.h"

#define TOKEN_MAX ((size_t)1024)
#define QUESTION_MAX ((size_t)8 * 1024)
#define CARD_QUESTION_MAX ((size_t)512)

struct token_text {
	char text[TOKEN_MAX + 1];
};

static enum outcome keep_token(void *owner, const char *path, struct slice content)
{
	struct token_text *token = owner;
	size_t length = content.length;
	while (length > 0 && (content.at[length - 1] == '\n' || content.at[length - 1] == '\r'))
		length--;
	for (size_t i = 0; i < length; i++) {
		if (content.at[i] < '!' || content.at[i] > '~') {
			log_line(LOG_LEVEL_ERROR, "register", "%s holds no token", path);
			return OUTCOME_INVALID;
		}
	}
	memcpy(token->text, content.at, length);
	token->text[length] = '\0';
	return OUTCOME_OK;
}

enum outcome register_line_open(struct outbound **opened, struct loop *loop, const struct config *config)
{
	struct token_text token = { .text = "" };
	int64_t timeout = config->register_timeout_ms;
	*opened = NULL;
	if (config->register_url[0] == '\0')
		return OUTCOME_OK;
	if (loop != NULL && timeout > REGISTER_DESK_TIMEOUT_MS)
		timeout = REGISTER_DESK_TIMEOUT_MS;
	enum outcome outcome =
		config->register_token_file[0] == '\0'
			? OUTCOME_OK
			: files_each(config->register_token_file, TOKEN_MAX, keep_token, &token);
	if (outcome != OUTCOME_OK)
		return outcome;
	const struct outbound_settings settings = {
		.url = config->register_url,
		.token = token.text,
		.authorities = config->register_authorities,
		.timeout_ms = timeout,
		.concurrency = (size_t)config->register_concurrency,
		.queue_max = (size_t)config->register_concurrency,
	};
	outcome = outbound_create(opened, loop, &settings);
	memset(token.text, 0, sizeof token.text);
	return outcome;
}

static void put(struct json_writer *json, const char *key, struct slice value)
{
	json_put_key(json, key);
	json_put_slice(json, value);
}

enum outcome register_write_link_check(
	struct arena *arena, const struct link_question *question, struct text *body)
{
	struct json_writer json = { .out = body };
	/* At once as long as it may become: growing would leave copies behind. */
	text_open(body, arena, QUESTION_MAX, QUESTION_MAX);
	json_open_object(&json);
	put(&json, "individual_number", question->individual_number);
	put(&json, "name", question->name);
	put(&json, "name_kana", question->name_kana);
	put(&json, "birth_date", question->birth_date);
	put(&json, "address", question->address);
	put(&json, "sex", question->sex);
	json_close_object(&json);
	return body->failed ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

enum outcome register_write_card_lookup(
	struct arena *arena, struct slice issuer_key_identifier, struct slice serial, struct slice *body)
{
	struct text out;
	struct json_writer json = { .out = &out };
	text_open(&out, arena, CARD_QUESTION_MAX, CARD_QUESTION_MAX);
	json_open_object(&json);
	put(&json, "issuer_key_identifier", issuer_key_identifier);
	put(&json, "serial", serial);
	json_close_object(&json);
	*body = text_slice(&out);
	return out.failed ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

static enum outcome no_answer(const struct outbound_question *answered, const char *why)
{
	log_line(LOG_LEVEL_WARNING, "register", "%s: status %d, taken for no answer: %s", answered->path,
		answered->status, why);
	return OUTCOME_UNAVAILABLE;
}

static enum outcome read_object(
	struct arena *arena, const struct outbound_question *answered, json_t **object)
{
	enum json_fault fault = JSON_FAULT_NONE;
	enum outcome outcome = json_read_object(arena, answered->answer, object, &fault, NULL);
	return outcome == OUTCOME_INVALID ? no_answer(answered, "it is no JSON object") : outcome;
}

static bool is_code(struct slice code)
{
	if (code.length == 0 || code.length > PERSON_CODE_MAX)
		return false;
	for (size_t i = 0; i < code.length; i++) {
		if (code.at[i] < '!' || code.at[i] > '~')
			return false;
	}
	return true;
}

/* No value for null. False: it is neither a code nor null. */
static bool read_code(const json_t *object, struct slice *code)
{
	const json_t *value = json_object_get(object, "person_code");
	*code = (struct slice){ NULL, 0 };
	if (json_is_null(value))
		return true;
	if (!json_is_string(value))
		return false;
	*code = (struct slice){ json_string_value(value), json_string_length(value) };
	return is_code(*code);
}

enum outcome register_read_link_check(
	struct arena *arena, const struct outbound_question *answered, struct link_answer *answer)
{
	json_t *object = NULL;
	if (answered->status != 200)
		return no_answer(answered, "200 was expected");
	enum outcome outcome = read_object(arena, answered, &object);
	if (outcome != OUTCOME_OK)
		return outcome;
	const json_t *agrees = json_object_get(object, "agrees");
	for (int i = 0; i < LINK_ATTRIBUTES; i++) {
		const json_t *value = json_object_get(agrees, link_attribute_code((enum link_attribute)i));
		if (!json_is_boolean(value))
			return no_answer(answered, "it does not say of every attribute whether it agrees");
		answer->agrees[i] = json_is_true(value);
	}
	if (!read_code(object, &answer->person_code))
		return no_answer(answered, "its person code is none");
	if (link_judge(answer->agrees).linked && answer->person_code.at == NULL)
		return no_answer(answered, "a match without a person code");
	return OUTCOME_OK;
}

static bool is_of_type(const struct outbound_question *answered, const char *type)
{
	size_t length = strlen(type);
	struct slice given = answered->content_type;
	return given.length >= length && memcmp(given.at, type, length) == 0 &&
	       (given.length == length || given.at[length] == ';' || given.at[length] == ' ');
}

/* A 404 of a wrong address must not make a card unregistered (R5.6). */
static bool says_no_such_card(const struct outbound_question *answered, const json_t *object)
{
	const json_t *code = json_object_get(object, "code");
	return is_of_type(answered, "application/problem+json") && json_is_string(code) &&
	       strcmp(json_string_value(code), "no_such_card") == 0;
}

enum outcome register_read_card_lookup(
	struct arena *arena, const struct outbound_question *answered, struct slice *person_code)
{
	json_t *object = NULL;
	if (answered->status != 200 && answered->status != 404)
		return no_answer(answered, "200 or 404 was expected");
	enum outcome outcome = read_object(arena, answered, &object);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (answered->status == 404)
		return says_no_such_card(answered, object) ? OUTCOME_NOT_FOUND
							   : no_answer(answered, "it may be a wrong address");
	if (!read_code(object, person_code) || person_code->at == NULL)
		return no_answer(answered, "its person code is none");
	return OUTCOME_OK;
}
