#include "terminal/question.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/card.h"
#include "terminal/card_proof.h"
#include "terminal/challenge.h"
#include "terminal/desk.h"
#include "terminal/problem.h"
#include "terminal/request.h"
#include "terminal/token.h"

/* Who asks what, whom. */
struct asking {
	const struct options *options;
	const struct question *question;
	struct exchange_peer peer;
};

static enum exit_code handle_answer(const struct asking *asking, const struct exchange_reply *reply)
{
	if (strcmp(reply->media_type, "application/json") != 0)
		return desk_not_understood(asking->options, "the answer is not application/json");
	return asking->question->answered(asking->options, reply);
}

/* Any reply but the one that was hoped for. */
static enum exit_code handle_other(const struct options *options, const struct exchange_reply *reply)
{
	if (reply->status >= 400 && reply->status <= 599)
		return desk_refused(options, reply);
	char why[EXCHANGE_WHY_SIZE];
	snprintf(why, sizeof why, "HTTP status %ld", reply->status);
	return desk_not_understood(options, why);
}

/* POSTs the question. `proof` is NULL by typed keys. With OUTCOME_OK the reply is there; exchange_reply_free in any case. */
static enum outcome ask(const struct asking *asking, const struct card_proof *proof,
	const char *holder_verification, struct exchange_reply *reply)
{
	const struct options *options = asking->options;
	*reply = (struct exchange_reply){ 0 };
	enum outcome outcome = OUTCOME_NO_MEMORY;
	char *request = request_text(options, proof, holder_verification, 0);
	char *shown = request_text(options, proof, holder_verification, 2);
	if (request != NULL && shown != NULL) {
		if (options->given[OPTION_SHOW_REQUEST] != NULL) {
			puts(shown);
			fflush(stdout);
		}
		outcome = exchange(&asking->peer, EXCHANGE_POST, asking->question->path, request, reply);
	}
	free(request);
	free(shown);
	return outcome;
}

static enum exit_code ask_by_typed_keys(const struct asking *asking)
{
	struct exchange_reply reply;
	enum outcome outcome = ask(asking, NULL, NULL, &reply);
	enum exit_code code;
	if (outcome != OUTCOME_OK)
		code = desk_no_reply(asking->options, outcome, &reply);
	else
		code = reply.status == 200 ? handle_answer(asking, &reply)
					   : handle_other(asking->options, &reply);
	exchange_reply_free(&reply);
	return code;
}

/* A challenge that the card can sign; else false, and *code says what became of it. */
static bool get_challenge(
	const struct asking *asking, char challenge[CHALLENGE_MAX + 1], enum exit_code *code)
{
	struct exchange_reply reply;
	const char *why = NULL;
	bool got = false;
	enum outcome outcome = exchange(&asking->peer, EXCHANGE_POST, CHALLENGES_PATH, "", &reply);
	if (outcome != OUTCOME_OK) {
		*code = desk_no_reply(asking->options, outcome, &reply);
	} else if (reply.status != 201) {
		*code = handle_other(asking->options, &reply);
	} else if (strcmp(reply.media_type, "application/json") != 0 ||
		   challenge_read(reply.body, reply.length, challenge, &why) != OUTCOME_OK) {
		char text[EXCHANGE_WHY_SIZE];
		snprintf(text, sizeof text, "not understood in the challenge: %s",
			why != NULL ? why : "it is not application/json");
		*code = desk_not_understood(asking->options, text);
	} else {
		got = true;
	}
	exchange_reply_free(&reply);
	return got;
}

/* A challenge that was signed too late, because this machine slept in between: nothing was decided, so another one may be signed. */
static bool wants_new_challenge(const struct exchange_reply *reply)
{
	struct problem problem;
	if (reply->status != 409 || strcmp(reply->media_type, "application/problem+json") != 0 ||
		problem_read(reply->body, reply->length, &problem) != OUTCOME_OK)
		return false;
	bool wants = strcmp(problem.code, "challenge_expired") == 0 && problem.retry != NULL &&
		     strcmp(problem.retry, "new_challenge") == 0;
	problem_free(&problem);
	return wants;
}

/* One round: challenge, signature, question. True when it is to be repeated, which is not offered to the last one. */
static bool try_card(const struct asking *asking, struct card *card, bool last, enum exit_code *code)
{
	const struct options *options = asking->options;
	char challenge[CHALLENGE_MAX + 1];
	if (!get_challenge(asking, challenge, code))
		return false;
	struct card_proof proof;
	enum card_trouble trouble = card_proof_make(card->certificate, card->key, challenge, &proof);
	if (trouble != CARD_FINE) {
		*code = desk_card_trouble(options, trouble);
		return false;
	}
	const char *holder_verification = options->given[OPTION_HOLDER_VERIFICATION];
	if (holder_verification == NULL && card->pin_was_used)
		holder_verification = "pin";
	struct exchange_reply reply;
	bool again = false;
	enum outcome outcome = ask(asking, &proof, holder_verification, &reply);
	if (outcome != OUTCOME_OK)
		*code = desk_no_reply(options, outcome, &reply);
	else if (reply.status == 200)
		*code = handle_answer(asking, &reply);
	else if (!last && wants_new_challenge(&reply))
		again = true;
	else
		*code = handle_other(options, &reply);
	exchange_reply_free(&reply);
	return again;
}

static enum exit_code ask_by_card(struct asking *asking)
{
	const struct options *options = asking->options;
	struct card card;
	enum exit_code code = EXIT_CODE_FAULT;
	enum card_trouble trouble = card_find(options, &card);
	if (trouble == CARD_FINE)
		trouble = card_unlock(options, &card);
	if (trouble == CARD_FINE) {
		/* Typing a PIN takes its time; the service has its own from here. */
		asking->peer.deadline = exchange_deadline(options->timeout_ms);
		if (try_card(asking, &card, false, &code))
			(void)try_card(asking, &card, true, &code);
	} else {
		code = desk_card_trouble(options, trouble);
	}
	card_close(&card);
	return code;
}

enum exit_code question_ask(const struct options *options, const struct question *question)
{
	char token[TOKEN_MAX + 1];
	if (token_find(options->given[OPTION_TOKEN_FILE], token, stderr) != OUTCOME_OK)
		return EXIT_CODE_USAGE;
	struct asking asking = {
		.options = options,
		.question = question,
		.peer = { .base_url = options_url(options),
			.token = token,
			.deadline = exchange_deadline(options->timeout_ms) },
	};
	enum exit_code code = options->by_card ? ask_by_card(&asking) : ask_by_typed_keys(&asking);
	explicit_bzero(token, sizeof token);
	return code;
}
