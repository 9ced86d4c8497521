/* What the reception reads when there is no answer: that nothing is known, and what to do. */
#ifndef SHIKAKU_TERMINAL_DESK_H
#define SHIKAKU_TERMINAL_DESK_H

#include "base/outcome.h"
#include "terminal/card_trouble.h"
#include "terminal/exchange.h"
#include "terminal/exit_codes.h"
#include "terminal/options.h"

/* The body on stdout as it came; only a terminal, which would obey control characters, gets it without them. */
void desk_print_body(const struct exchange_reply *reply);

/* Each says its words (with --json on stderr, because stdout is for a program then), with --verbose the English on stderr, and
 * gives the exit code. */
enum exit_code desk_not_understood(const struct options *options, const char *why);

/* The same of an answer that was read so far; `why` is its key or a contradiction. */
enum exit_code desk_answer_not_understood(const struct options *options, const char *why);

/* A status of 4xx or 5xx, with or without a problem document. */
enum exit_code desk_refused(const struct options *options, const struct exchange_reply *reply);

/* An exchange that gave no reply; `outcome` is not OUTCOME_OK. */
enum exit_code desk_no_reply(
	const struct options *options, enum outcome outcome, const struct exchange_reply *reply);

/* A card that cannot be used: wrong usage is told to who called, everything else to the desk. Not for CARD_FINE. */
enum exit_code desk_card_trouble(const struct options *options, enum card_trouble trouble);

enum exit_code desk_out_of_memory(void);

#endif
