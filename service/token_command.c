/* shikakud token create | list | revoke. The token itself is printed once and kept nowhere but as its digest. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cases/principal.h"
#include "commands.h"
#include "rules/identifiers.h"
#include "store/command.h"
#include "trust/digest.h"

#define DAY_SECONDS INT64_C(86400)

struct token_wish {
	enum scope scope;
	const char *owner;
	const char *label;
	const char *rate;
	const char *burst;
	const char *days;
};

static int wrong(const char *words)
{
	fprintf(stderr, "shikakud token: %s\n", words);
	return 2;
}

static bool is_number(const char *text, long least, long most)
{
	char *end = NULL;
	long value = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && value >= least && value <= most;
}

static void print_id(void *owner, const char *const columns[], int count)
{
	(void)count;
	char *id = owner;
	(void)snprintf(id, 24, "%s", columns[0]);
}

static int create(const struct config *config, const struct token_wish *wish)
{
	char token[TOKEN_TEXT_SIZE];
	uint8_t digest[SHA256_SIZE];
	char created[INSTANT_TEXT_SIZE];
	char expires[INSTANT_TEXT_SIZE];
	char id[24] = "";
	if (token_make(token) != OUTCOME_OK)
		return 1;
	digest_once(token, strlen(token), digest);
	int64_t now = clock_read().wall;
	instant_format(now, created);
	instant_format(now + strtol(wish->days, NULL, 10) * DAY_SECONDS * MICROSECONDS, expires);
	const struct command_parameter parameters[] = {
		{ .bytes = digest, .length = sizeof digest },
		{ .text = scope_code(wish->scope) },
		{ .text = wish->owner },
		{ .text = wish->label },
		{ .text = wish->rate },
		{ .text = wish->burst },
		{ .text = created },
		{ .text = expires },
	};
	if (command_run(config->database_url, STATEMENT_CREATE_TOKEN, parameters, 8, print_id, id) !=
		OUTCOME_OK)
		return 1;
	log_security("token created id=%s scope=%s owner=%s", id, scope_code(wish->scope),
		wish->owner == NULL ? "-" : wish->owner);
	puts(token);
	return 0;
}

/* Whose token: 医療機関コード for a terminal, 保険者番号 for an insurer, nobody's otherwise. */
static int check_owner(struct token_wish *wish, char insurer_number[INSURER_NUMBER_DIGITS + 1])
{
	if (wish->scope == SCOPE_TERMINAL) {
		if (wish->owner == NULL || !institution_code_is_shaped(wish->owner, strlen(wish->owner)))
			return wrong("--owner must be the 10 digits of the institution (医療機関コード)");
		if (!institution_code_checks(wish->owner))
			log_line(LOG_LEVEL_WARNING, "token",
				"the check digit of institution %s does not hold (R2.3)", wish->owner);
		return 0;
	}
	if (wish->scope == SCOPE_INSURER) {
		if (wish->owner == NULL ||
			insurer_number_normalise(wish->owner, strlen(wish->owner), insurer_number) !=
				OUTCOME_OK ||
			!insurer_number_checks(insurer_number))
			return wrong(
				"--owner must be the insurer's number (保険者番号) with its check digit");
		wish->owner = insurer_number;
		return 0;
	}
	return wish->owner == NULL ? 0 : wrong("this scope has no --owner");
}

static int create_from_words(const struct config *config, int count, char *const words[])
{
	const char *scope = "";
	struct token_wish wish = { .label = "unnamed", .rate = "50", .burst = NULL, .days = "365" };
	for (int i = 0; i + 1 < count; i += 2) {
		const struct {
			const char *name;
			const char **value;
		} options[] = { { "--scope", &scope }, { "--owner", &wish.owner }, { "--label", &wish.label },
			{ "--rate", &wish.rate }, { "--burst", &wish.burst }, { "--expires", &wish.days } };
		size_t k = 0;
		while (k < sizeof options / sizeof *options && strcmp(options[k].name, words[i]) != 0)
			k++;
		if (k == sizeof options / sizeof *options)
			return wrong("unknown option; see shikakud help");
		*options[k].value = words[i + 1];
	}
	if (count % 2 != 0)
		return wrong("an option has no value; see shikakud help");
	wish.scope = scope_parse(scope);
	if (wish.scope == SCOPE_NONE)
		return wrong("--scope must be terminal, insurer, portal, registrar or operator");
	if (wish.burst == NULL)
		wish.burst = wish.rate;
	if (!is_number(wish.rate, 1, 1000000) || !is_number(wish.burst, 1, 1000000))
		return wrong("--rate and --burst must be numbers from 1 to 1000000");
	if (!is_number(wish.days, 1, 3650))
		return wrong("--expires must be a number of days from 1 to 3650");
	char insurer_number[INSURER_NUMBER_DIGITS + 1];
	int refused = check_owner(&wish, insurer_number);
	return refused != 0 ? refused : create(config, &wish);
}

static void print_columns(void *owner, const char *const columns[], int count)
{
	(void)owner;
	for (int i = 0; i < count; i++)
		printf("%s%s", i == 0 ? "" : "\t", columns[i]);
	putchar('\n');
}

static int list(const struct config *config)
{
	char now[INSTANT_TEXT_SIZE];
	instant_format(clock_read().wall, now);
	const struct command_parameter parameters[] = { { .text = now } };
	puts("id\tscope\towner\trate\tburst\tcreated\texpires\tstate\tlabel");
	return command_run(config->database_url, STATEMENT_LIST_TOKENS, parameters, 1, print_columns, NULL) ==
			       OUTCOME_OK
		       ? 0
		       : 1;
}

static int revoke(const struct config *config, const char *id)
{
	char now[INSTANT_TEXT_SIZE];
	char revoked[24] = "";
	if (!is_number(id, 1, __LONG_MAX__))
		return wrong("revoke takes the id of token list");
	instant_format(clock_read().wall, now);
	const struct command_parameter parameters[] = { { .text = id }, { .text = now } };
	if (command_run(config->database_url, STATEMENT_REVOKE_TOKEN, parameters, 2, print_id, revoked) !=
		OUTCOME_OK)
		return 1;
	if (revoked[0] == '\0') {
		fprintf(stderr, "shikakud token: there is no token %s in force\n", id);
		return 1;
	}
	log_security("token revoked id=%s", id);
	return 0;
}

int command_token(const struct config *config, int count, char *const words[])
{
	if (count >= 1 && strcmp(words[0], "create") == 0)
		return create_from_words(config, count - 1, words + 1);
	if (count == 1 && strcmp(words[0], "list") == 0)
		return list(config);
	if (count == 2 && strcmp(words[0], "revoke") == 0)
		return revoke(config, words[1]);
	return wrong("create, list or revoke; see shikakud help");
}
