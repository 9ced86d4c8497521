#include "terminal/limit.h"

#include <stdio.h>

#include "terminal/desk.h"
#include "terminal/exit_codes.h"
#include "terminal/help.h"
#include "terminal/limit_answer.h"
#include "terminal/limit_print.h"
#include "terminal/options.h"
#include "terminal/question.h"

static enum exit_code limit_answered(const struct options *options, const struct exchange_reply *reply)
{
	struct limit_answer answer;
	const char *why = NULL;
	if (limit_answer_read(reply->body, reply->length, options, &answer, &why) != OUTCOME_OK)
		return desk_answer_not_understood(options, why);
	if (options->given[OPTION_JSON] != NULL)
		desk_print_body(reply);
	else
		limit_print(stdout, &answer, options);
	enum exit_code code = decision_exit_code(&answer.decision);
	limit_answer_free(&answer);
	return code;
}

int limit_command(int count, char *const words[])
{
	static const struct question question = { "/v1/limit-queries", limit_answered };
	struct options options;
	if (limit_options_read(count, words, &options, stderr) != OUTCOME_OK) {
		limit_usage_print(stderr);
		return EXIT_CODE_USAGE;
	}
	if (options.given[OPTION_HELP] != NULL) {
		limit_help_print(stdout);
		return EXIT_CODE_ACCEPTED;
	}
	return (int)question_ask(&options, &question);
}
