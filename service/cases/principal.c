#include "cases/principal.h"

#include <stdlib.h>
#include <string.h>

/* Otherwise uthash ends the process when there is no memory for its table. What could not be added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Tokens that a loop remembers; the one met first goes. */
#define TOKENS_MAX 10000

struct known_token {
	struct token_question question; /* first: the store hands it back */
	struct principals *principals;
	bool loaded;
	bool asking;
	int64_t loaded_at; /* monotonic */
	struct clock_reading asked_at;
	int64_t expires_at;
	struct principal principal;
	struct principal_waiter *waiting;
	UT_hash_handle hh;
};

struct principals {
	struct store *store;
	int64_t age;
	struct known_token *tokens;
};

static const char *const scope_codes[] = {
	[SCOPE_NONE] = "",
	[SCOPE_TERMINAL] = "terminal",
	[SCOPE_INSURER] = "insurer",
	[SCOPE_PORTAL] = "portal",
	[SCOPE_REGISTRAR] = "registrar",
	[SCOPE_OPERATOR] = "operator",
};

const char *scope_code(enum scope scope)
{
	return scope_codes[scope];
}

enum scope scope_parse(const char *code)
{
	for (int scope = SCOPE_TERMINAL; scope <= SCOPE_OPERATOR; scope++) {
		if (strcmp(scope_codes[scope], code) == 0)
			return (enum scope)scope;
	}
	return SCOPE_NONE;
}

static void forget(struct known_token *token)
{
	HASH_DEL(token->principals->tokens, token);
	free(token);
}

static void tell_waiting(struct known_token *token, enum outcome outcome)
{
	struct principal_waiter *waiter = token->waiting;
	token->waiting = NULL;
	while (waiter != NULL) {
		struct principal_waiter *next = waiter->next;
		waiter->found(waiter, outcome, outcome == OUTCOME_OK ? &token->principal : NULL);
		waiter = next;
	}
}

static void token_answered(struct lane_question *question, enum outcome outcome)
{
	struct known_token *token = (struct known_token *)question;
	const struct token_question *answer = &token->question;
	token->asking = false;
	if (outcome != OUTCOME_OK) {
		tell_waiting(token, OUTCOME_UNAVAILABLE);
		if (!token->loaded)
			forget(token);
		return;
	}
	struct principal *principal = &token->principal;
	principal->scope = answer->found ? scope_parse(answer->scope) : SCOPE_NONE;
	if (principal->scope == SCOPE_NONE || answer->revoked || answer->expires_at <= token->asked_at.wall) {
		tell_waiting(token, OUTCOME_NOT_FOUND);
		forget(token);
		return;
	}
	principal->token_id = answer->token_id;
	memcpy(principal->owner, answer->owner, sizeof principal->owner);
	principal->limit = rate_limit_of(answer->token_id, answer->rate_per_second, answer->burst);
	token->expires_at = answer->expires_at;
	/* What the database said may be as old as the question. */
	token->loaded_at = token->asked_at.monotonic;
	token->loaded = principal->limit != NULL;
	tell_waiting(token, token->loaded ? OUTCOME_OK : OUTCOME_UNAVAILABLE);
	if (!token->loaded)
		forget(token);
}

static enum outcome ask(struct known_token *token, struct clock_reading now)
{
	token->question.question.answered = token_answered;
	enum outcome outcome = store_find_token(token->principals->store, &token->question);
	token->asking = outcome == OUTCOME_OK;
	token->asked_at = now;
	return outcome;
}

static void make_room(struct principals *principals)
{
	struct known_token *token = NULL;
	struct known_token *next = NULL;
	if (HASH_COUNT(principals->tokens) < TOKENS_MAX)
		return;
	HASH_ITER(hh, principals->tokens, token, next)
	{
		if (!token->asking) {
			forget(token);
			return;
		}
	}
}

static struct known_token *add_token(struct principals *principals, const uint8_t digest[DIGEST_SIZE])
{
	make_room(principals);
	struct known_token *token = calloc(1, sizeof *token);
	if (token == NULL)
		return NULL;
	token->principals = principals;
	memcpy(token->question.digest, digest, DIGEST_SIZE);
	HASH_ADD(hh, principals->tokens, question.digest, DIGEST_SIZE, token);
	if (token->hh.tbl == NULL) {
		free(token);
		return NULL;
	}
	return token;
}

void principals_find(struct principals *principals, const uint8_t digest[DIGEST_SIZE],
	struct clock_reading now, struct principal_waiter *waiter)
{
	struct known_token *token = NULL;
	HASH_FIND(hh, principals->tokens, digest, DIGEST_SIZE, token);
	if (token == NULL)
		token = add_token(principals, digest);
	if (token == NULL) {
		waiter->found(waiter, OUTCOME_UNAVAILABLE, NULL);
		return;
	}
	int64_t age = now.monotonic - token->loaded_at;
	bool usable = token->loaded && age <= 2 * principals->age;
	enum outcome asked = OUTCOME_OK;
	if (!token->asking && (!token->loaded || age > principals->age))
		asked = ask(token, now);
	if (usable) {
		bool expired = token->expires_at <= now.wall;
		waiter->found(
			waiter, expired ? OUTCOME_NOT_FOUND : OUTCOME_OK, expired ? NULL : &token->principal);
		return;
	}
	if (asked != OUTCOME_OK) {
		if (!token->loaded)
			forget(token);
		waiter->found(waiter, OUTCOME_UNAVAILABLE, NULL);
		return;
	}
	waiter->next = token->waiting;
	token->waiting = waiter;
}

enum outcome principals_create(struct principals **created, struct store *store, int64_t age)
{
	*created = calloc(1, sizeof **created);
	if (*created == NULL)
		return OUTCOME_NO_MEMORY;
	(*created)->store = store;
	(*created)->age = age;
	return OUTCOME_OK;
}

void principals_destroy(struct principals *principals)
{
	if (principals == NULL)
		return;
	struct known_token *token = NULL;
	struct known_token *next = NULL;
	HASH_ITER(hh, principals->tokens, token, next)
	{
		forget(token);
	}
	free(principals);
}
