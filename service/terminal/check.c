#include "terminal/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal/answer.h"
#include "terminal/answer_print.h"
#include "terminal/clean.h"
#include "terminal/exchange.h"
#include "terminal/exit_codes.h"
#include "terminal/options.h"
#include "terminal/problem.h"
#include "terminal/problem_print.h"
#include "terminal/request.h"
#include "terminal/token.h"

#define URL_DEFAULT "http://127.0.0.1:8080"
#define DECLARATION "被保険者資格申立書への記入をお願いし、受け付けてください。"

static const char *service_url(const struct check_options *options)
{
	if (options->given[OPTION_URL] != NULL)
		return options->given[OPTION_URL];
	const char *url = getenv("SHIKAKU_URL");
	return url != NULL && url[0] != '\0' ? url : URL_DEFAULT;
}

/* With --json, stdout is for a program, and words for people go to stderr. */
static FILE *words_stream(const struct check_options *options)
{
	return options->given[OPTION_JSON] != NULL ? stderr : stdout;
}

static bool is_verbose(const struct check_options *options)
{
	return options->given[OPTION_VERBOSE] != NULL;
}

static bool may_colour(FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");
	return (no_colour == NULL || no_colour[0] == '\0') && isatty(fileno(out));
}

/* As it came; only a terminal, which would obey control characters, gets it without them. */
static void print_body(const struct exchange_reply *reply)
{
	if (!isatty(STDOUT_FILENO)) {
		fwrite(reply->body, 1, reply->length, stdout);
		return;
	}
	clean_print_lines(stdout, reply->body, reply->length);
	fputc('\n', stdout);
}

static void say(const struct check_options *options, const char *words, const char *english)
{
	FILE *out = words_stream(options);
	fprintf(out, "確認できませんでした\n\n%s\n", words);
	if (is_verbose(options)) {
		fputs("shikaku-terminal: ", stderr);
		clean_print(stderr, english);
		fputc('\n', stderr);
	}
}

static enum exit_code not_understood(const struct check_options *options, const char *why)
{
	say(options, "サービスの回答を読み取れません。端末の保守担当にご連絡ください。\n" DECLARATION, why);
	return EXIT_CODE_NOT_UNDERSTOOD;
}

static enum exit_code handle_answer(const struct check_options *options, const struct exchange_reply *reply)
{
	if (strcmp(reply->media_type, "application/json") != 0)
		return not_understood(options, "the answer is not application/json");
	const struct answer_expected expected = {
		.birth_date = options->birth_date,
		.visit_date = options->visit_date,
	};
	struct answer answer;
	const char *why = NULL;
	if (answer_read(reply->body, reply->length, &expected, &answer, &why) != OUTCOME_OK) {
		char text[EXCHANGE_WHY_SIZE];
		snprintf(text, sizeof text, "not understood in the answer: %s", why);
		return not_understood(options, text);
	}
	if (options->given[OPTION_JSON] != NULL)
		print_body(reply);
	else
		answer_print(stdout, &answer);
	enum exit_code code = answer_exit_code(&answer);
	answer_free(&answer);
	return code;
}

static enum exit_code handle_refusal(const struct check_options *options, const struct exchange_reply *reply)
{
	bool refused = reply->status < 500;
	struct problem problem;
	if (strcmp(reply->media_type, "application/problem+json") != 0 ||
		problem_read(reply->body, reply->length, &problem) != OUTCOME_OK) {
		char english[EXCHANGE_WHY_SIZE];
		snprintf(
			english, sizeof english, "HTTP status %ld without a problem document", reply->status);
		say(options,
			refused ? "サービスが照会を受け付けませんでした。端末の設定（接続先）をご確認ください"
				  "。"
				: "ただいま確認できません。\n" DECLARATION,
			english);
		return refused ? EXIT_CODE_REFUSED : EXIT_CODE_AWAY;
	}
	if (options->given[OPTION_JSON] != NULL)
		print_body(reply);
	FILE *out = words_stream(options);
	problem_print(out, &problem, reply->retry_after, may_colour(out));
	if (is_verbose(options))
		problem_print_details(stderr, &problem);
	problem_free(&problem);
	return refused ? EXIT_CODE_REFUSED : EXIT_CODE_AWAY;
}

static enum exit_code handle_reply(const struct check_options *options, const struct exchange_reply *reply)
{
	if (reply->status == 200)
		return handle_answer(options, reply);
	if (reply->status >= 400 && reply->status <= 599)
		return handle_refusal(options, reply);
	char why[EXCHANGE_WHY_SIZE];
	snprintf(why, sizeof why, "HTTP status %ld", reply->status);
	return not_understood(options, why);
}

static enum exit_code ask(const struct check_options *options, const char *request, const char *token)
{
	struct exchange_reply reply;
	enum outcome outcome =
		exchange_post(service_url(options), token, request, options->timeout_ms, &reply);
	enum exit_code code = EXIT_CODE_FAULT;
	switch (outcome) {
	case OUTCOME_OK:
		code = handle_reply(options, &reply);
		break;
	case OUTCOME_INVALID:
		fprintf(stderr, "shikaku-terminal: --url: %s\n", reply.why);
		code = EXIT_CODE_USAGE;
		break;
	case OUTCOME_LATE:
		say(options, "時間内に回答がありませんでした。\n" DECLARATION, reply.why);
		code = EXIT_CODE_AWAY;
		break;
	case OUTCOME_UNAVAILABLE:
		say(options, "サービスに接続できません。回線と端末の設定をご確認ください。\n" DECLARATION,
			reply.why);
		code = EXIT_CODE_AWAY;
		break;
	case OUTCOME_INTERNAL:
		code = not_understood(options, reply.why);
		break;
	default:
		fputs("shikaku-terminal: out of memory\n", stderr);
	}
	exchange_reply_free(&reply);
	return code;
}

static enum exit_code show_and_ask(const struct check_options *options, const char *token)
{
	enum exit_code code = EXIT_CODE_FAULT;
	char *request = request_text(options, 0);
	char *shown = request_text(options, 2);
	if (request != NULL && shown != NULL) {
		if (options->given[OPTION_SHOW_REQUEST] != NULL) {
			puts(shown);
			fflush(stdout);
		}
		code = ask(options, request, token);
	} else {
		fputs("shikaku-terminal: out of memory\n", stderr);
	}
	free(request);
	free(shown);
	return code;
}

int check_command(int count, char *const words[])
{
	struct check_options options;
	if (check_options_read(count, words, &options, stderr) != OUTCOME_OK) {
		check_usage_print(stderr);
		return EXIT_CODE_USAGE;
	}
	if (options.given[OPTION_HELP] != NULL) {
		check_help_print(stdout);
		return EXIT_CODE_ACCEPTED;
	}
	char token[TOKEN_MAX + 1];
	if (token_find(options.given[OPTION_TOKEN_FILE], token, stderr) != OUTCOME_OK)
		return EXIT_CODE_USAGE;
	enum exit_code code = show_and_ask(&options, token);
	explicit_bzero(token, sizeof token);
	return (int)code;
}
