/* One question about a person, from the options to the exit code: (card → challenge → proof) → request → service → words. */
#ifndef SHIKAKU_TERMINAL_QUESTION_H
#define SHIKAKU_TERMINAL_QUESTION_H

#include "terminal/exchange.h"
#include "terminal/exit_codes.h"
#include "terminal/options.h"

struct question {
	const char *path; /* to which the request is POSTed */
	/* Reads, and prints, a 200 of the media type application/json. */
	enum exit_code (*answered)(const struct options *options, const struct exchange_reply *reply);
};

/* Asks once, by typed keys or by card. Everything but the answer that was hoped for is told here. */
enum exit_code question_ask(const struct options *options, const struct question *question);

#endif
