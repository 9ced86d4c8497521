/* shikaku-terminal: the reference clinic terminal. A reader of the code sees here how a vendor's terminal should speak to the
 * service; a clinic can use it as it is. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "terminal/check.h"
#include "terminal/clean.h"
#include "terminal/doctor.h"
#include "terminal/exit_codes.h"
#include "terminal/limit.h"
#include "terminal/version.h"

static void print_usage(FILE *out)
{
	fputs("usage: shikaku-terminal check [options]   is this person covered on the day of care?\n"
	      "       shikaku-terminal limit [options]   what does this person pay for a month of care?\n"
	      "       shikaku-terminal doctor [options]  is this desk ready to ask?\n"
	      "       shikaku-terminal check --help      its options and exit codes; also limit and doctor "
	      "--help\n"
	      "       shikaku-terminal version\n"
	      "       shikaku-terminal --help\n",
		out);
}

static int run(int count, char *const words[])
{
	if (count == 0) {
		print_usage(stderr);
		return EXIT_CODE_USAGE;
	}
	if (strcmp(words[0], "check") == 0)
		return check_command(count - 1, words + 1);
	if (strcmp(words[0], "limit") == 0)
		return limit_command(count - 1, words + 1);
	if (strcmp(words[0], "doctor") == 0)
		return doctor_command(count - 1, words + 1);
	if (strcmp(words[0], "version") == 0 || strcmp(words[0], "--version") == 0) {
		puts("shikaku-terminal " SHIKAKU_VERSION);
		return EXIT_CODE_ACCEPTED;
	}
	if (strcmp(words[0], "help") == 0 || strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0) {
		print_usage(stdout);
		return EXIT_CODE_ACCEPTED;
	}
	fputs("shikaku-terminal: ", stderr);
	clean_print(stderr, words[0]);
	fputs(": unknown command\n", stderr);
	print_usage(stderr);
	return EXIT_CODE_USAGE;
}

int main(int argc, char *argv[])
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		fputs("shikaku-terminal: libcurl does not start\n", stderr);
		return EXIT_CODE_FAULT;
	}
	int code = argc > 0 ? run(argc - 1, argv + 1) : EXIT_CODE_USAGE;
	curl_global_cleanup();
	/* An answer that nobody could read was not given, whatever it said. */
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		fputs("shikaku-terminal: the output cannot be written\n", stderr);
		return EXIT_CODE_FAULT;
	}
	return code;
}
