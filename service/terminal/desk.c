#include "terminal/desk.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal/clean.h"
#include "terminal/problem.h"
#include "terminal/problem_print.h"

#define DECLARATION "被保険者資格申立書への記入をお願いし、受け付けてください。"

static FILE *words_stream(const struct options *options)
{
	return options->given[OPTION_JSON] != NULL ? stderr : stdout;
}

static bool is_verbose(const struct options *options)
{
	return options->given[OPTION_VERBOSE] != NULL;
}

static bool may_colour(FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");
	return (no_colour == NULL || no_colour[0] == '\0') && isatty(fileno(out));
}

void desk_print_body(const struct exchange_reply *reply)
{
	if (!isatty(STDOUT_FILENO)) {
		fwrite(reply->body, 1, reply->length, stdout);
		return;
	}
	clean_print_lines(stdout, reply->body, reply->length);
	fputc('\n', stdout);
}

static void say(const struct options *options, const char *words, const char *english)
{
	FILE *out = words_stream(options);
	fprintf(out, "確認できませんでした\n\n%s\n", words);
	if (is_verbose(options)) {
		fputs("shikaku-terminal: ", stderr);
		clean_print(stderr, english);
		fputc('\n', stderr);
	}
}

enum exit_code desk_not_understood(const struct options *options, const char *why)
{
	say(options, "サービスの回答を読み取れません。端末の保守担当にご連絡ください。\n" DECLARATION, why);
	return EXIT_CODE_NOT_UNDERSTOOD;
}

enum exit_code desk_answer_not_understood(const struct options *options, const char *why)
{
	char text[EXCHANGE_WHY_SIZE];
	snprintf(text, sizeof text, "not understood in the answer: %s", why);
	return desk_not_understood(options, text);
}

enum exit_code desk_refused(const struct options *options, const struct exchange_reply *reply)
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
		desk_print_body(reply);
	FILE *out = words_stream(options);
	problem_print(out, &problem, reply->retry_after, may_colour(out));
	if (is_verbose(options))
		problem_print_details(stderr, &problem);
	problem_free(&problem);
	return refused ? EXIT_CODE_REFUSED : EXIT_CODE_AWAY;
}

enum exit_code desk_no_reply(
	const struct options *options, enum outcome outcome, const struct exchange_reply *reply)
{
	switch (outcome) {
	case OUTCOME_INVALID:
		fprintf(stderr, "shikaku-terminal: --url: %s\n", reply->why);
		return EXIT_CODE_USAGE;
	case OUTCOME_LATE:
		say(options, "時間内に回答がありませんでした。\n" DECLARATION, reply->why);
		return EXIT_CODE_AWAY;
	case OUTCOME_UNAVAILABLE:
		say(options, "サービスに接続できません。回線と端末の設定をご確認ください。\n" DECLARATION,
			reply->why);
		return EXIT_CODE_AWAY;
	case OUTCOME_INTERNAL:
		return desk_not_understood(options, reply->why);
	default:
		return desk_out_of_memory();
	}
}

/* What the caller named, and so can put right. */
static const char *card_subject(const struct options *options)
{
	static const enum option subjects[] = { OPTION_CARD, OPTION_PIN_FILE, OPTION_PKCS11 };
	for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
		if (options->given[subjects[i]] != NULL)
			return options->given[subjects[i]];
	}
	return "";
}

enum exit_code desk_card_trouble(const struct options *options, enum card_trouble trouble)
{
	enum exit_code code = card_trouble_exit_code(trouble);
	if (code == EXIT_CODE_CARD) {
		say(options, card_trouble_words(trouble), card_trouble_english(trouble));
		return code;
	}
	fputs("shikaku-terminal: ", stderr);
	clean_print(stderr, card_subject(options));
	fprintf(stderr, ": %s / %s\n", card_trouble_words(trouble), card_trouble_english(trouble));
	return code;
}

enum exit_code desk_out_of_memory(void)
{
	fputs("shikaku-terminal: out of memory\n", stderr);
	return EXIT_CODE_FAULT;
}
