/* shikakud: serve · token · card · import · audit · doctor · version. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "build_info.h"
#include "commands.h"
#include "trust/library.h"

static void print_usage(FILE *to)
{
	fputs("usage: shikakud [--config FILE] COMMAND\n"
	      "\n"
	      "  serve                    answer requests until SIGTERM\n"
	      "  token create --scope terminal|insurer|portal|registrar|operator [--owner NUMBER] [--label "
	      "TEXT]\n"
	      "               [--rate PER_SECOND] [--burst REQUESTS] [--expires DAYS]   prints the new "
	      "token, once\n"
	      "  token list               every token, without the secret\n"
	      "  token revoke ID          works everywhere within 5 seconds\n"
	      "  card register FILE --person CODE | --member INSURER_NUMBER/MEMBER_ID\n"
	      "               [--channel reader|portal|atm|municipality] [--known-only]   makes a card "
	      "known, "
	      "and\n"
	      "               registers its use (利用登録) unless --known-only\n"
	      "  import FILE --insurer NUMBER [--mode changes|full] [--partial] [--format csv|ndjson] "
	      "[--encoding "
	      "utf-8|cp932]\n"
	      "               [--end-missing --missing-max-percent P --missing-lost-on DATE]   members from "
	      "a "
	      "file, - for\n"
	      "               standard input, also packed by gzip: exit code 0 merged, 1 refused, 2 not to "
	      "be "
	      "read\n"
	      "  audit verify             walks the chains of records and names the first broken link of "
	      "each: "
	      "exit code 0\n"
	      "                           whole, 1 broken, 2 not to be read\n"
	      "  doctor                   checks the database, its schema, the read model and the "
	      "connections\n"
	      "  version\n"
	      "  help                     this text and every setting\n",
		to);
}

static enum outcome apply(const struct config *config)
{
	enum log_level level = LOG_LEVEL_INFO;
	if (log_level_parse(config->log_level, &level) != OUTCOME_OK) {
		log_line(LOG_LEVEL_ERROR, "config", "log_level must be debug, info, warning or error");
		return OUTCOME_INVALID;
	}
	log_set_level(level);
	if (log_open_security(config->security_log[0] == '\0' ? NULL : config->security_log) != OUTCOME_OK) {
		log_line(LOG_LEVEL_ERROR, "config", "security_log cannot be opened");
		return OUTCOME_INVALID;
	}
	if (strcmp(config->revocation, "soft") != 0 && strcmp(config->revocation, "hard") != 0) {
		log_line(LOG_LEVEL_ERROR, "config", "revocation must be soft or hard");
		return OUTCOME_INVALID;
	}
	if (config->now[0] == '\0')
		return OUTCOME_OK;
	int64_t wall = 0;
	if (config->allow_fixed_clock == 0 ||
		instant_parse(config->now, strlen(config->now), &wall) != OUTCOME_OK) {
		log_line(LOG_LEVEL_ERROR, "config", "now must be RFC 3339, and needs allow_fixed_clock");
		return OUTCOME_INVALID;
	}
	clock_fix(wall);
	log_line(LOG_LEVEL_WARNING, "config", "THE CLOCK IS FIXED AT %s: for tests and demonstrations only",
		config->now);
	return OUTCOME_OK;
}

int main(int count, char *words[])
{
	const char *file = NULL;
	int at = 1;
	if (count > 2 && strcmp(words[1], "--config") == 0) {
		file = words[2];
		at = 3;
	}
	const char *command = at < count ? words[at] : "";
	if (strcmp(command, "version") == 0) {
		puts("shikakud " SHIKAKU_VERSION);
		return 0;
	}
	if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0) {
		print_usage(stdout);
		puts("\nsettings (file: key = value; environment: SHIKAKU_KEY):");
		config_print_help();
		return 0;
	}
	process_keep_to_itself();
	if (library_open() != OUTCOME_OK) {
		log_line(LOG_LEVEL_ERROR, "trust", "OpenSSL was in use too early");
		return 1;
	}
	static struct config config;
	if (config_read(&config, file) != OUTCOME_OK || apply(&config) != OUTCOME_OK)
		return 2;
	if (strcmp(command, "serve") == 0 && at + 1 == count)
		return command_serve(&config);
	if (strcmp(command, "token") == 0)
		return command_token(&config, count - at - 1, words + at + 1);
	if (strcmp(command, "card") == 0)
		return command_card(&config, count - at - 1, words + at + 1);
	if (strcmp(command, "import") == 0)
		return command_import(&config, count - at - 1, words + at + 1);
	if (strcmp(command, "audit") == 0)
		return command_audit(&config, count - at - 1, words + at + 1);
	if (strcmp(command, "doctor") == 0 && at + 1 == count)
		return command_doctor(&config);
	print_usage(stderr);
	return 2;
}
