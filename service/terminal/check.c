#include "terminal/check.h"

#include <stdio.h>

#include "terminal/answer.h"
#include "terminal/answer_print.h"
#include "terminal/desk.h"
#include "terminal/exit_codes.h"
#include "terminal/help.h"
#include "terminal/options.h"
#include "terminal/question.h"

static enum exit_code check_answered(const struct options *options, const struct exchange_reply *reply)
{
	const struct answer_expected expected = {
		.by_card = options->by_card,
		.birth_date = options->birth_date,
		.agreed = options->consents,
		.visit_date = options->visit_date,
	};
	struct answer answer;
	const char *why = NULL;
	if (answer_read(reply->body, reply->length, &expected, &answer, &why) != OUTCOME_OK)
		return desk_answer_not_understood(options, why);
	if (options->given[OPTION_JSON] != NULL)
		desk_print_body(reply);
	else
		answer_print(stdout, &answer, options->by_card);
	enum exit_code code = decision_exit_code(&answer.decision);
	answer_free(&answer);
	return code;
}

int check_command(int count, char *const words[])
{
	static const struct question question = { "/v1/eligibility-checks", check_answered };
	struct options options;
	if (check_options_read(count, words, &options, stderr) != OUTCOME_OK) {
		check_usage_print(stderr);
		return EXIT_CODE_USAGE;
	}
	if (options.given[OPTION_HELP] != NULL) {
		check_help_print(stdout);
		return EXIT_CODE_ACCEPTED;
	}
	return (int)question_ask(&options, &question);
}
