#include "terminal/help.h"

#include "terminal/exit_codes.h"
#include "terminal/options.h"
#include "terminal/width.h"

#define HELP_COLUMN 34

static void print_options(FILE *out, unsigned uses)
{
	fputs("\nOptions:\n", out);
	for (int i = 0; i < OPTION_COUNT; i++) {
		if ((option_rules[i].uses & uses) == 0)
			continue;
		/* The list above is ours and short, so the bound is never met. */
		char left[HELP_COLUMN];
		snprintf(left, sizeof left, "  %s%s%s", option_rules[i].text,
			option_rules[i].argument != NULL ? " " : "",
			option_rules[i].argument != NULL ? option_rules[i].argument : "");
		fputs(left, out);
		width_pad(out, left, HELP_COLUMN);
		fprintf(out, "%s\n", option_rules[i].help);
	}
	fputs("\nA value may also follow as --option=value, which is the way for one that begins with "
	      "\"--\".\n"
	      "A token or a PIN never stands on the command line, where every process of the machine could "
	      "read it.\n"
	      "\nExit codes:\n",
		out);
}

void check_usage_print(FILE *out)
{
	fputs("usage: shikaku-terminal check --kind KIND --insurer NUMBER [--symbol TEXT] --number TEXT\n"
	      "                              [--branch NN] --birth-date DATE [options]\n"
	      "       shikaku-terminal check --card FILE [options]\n"
	      "       shikaku-terminal check --pkcs11 MODULE [options]\n"
	      "       shikaku-terminal check --help\n",
		out);
}

static void print_exit_codes(FILE *out)
{
#define EXIT_CODE_LINE(name, number, words) fprintf(out, "  %2d  %s\n", number, words);
	EXIT_CODES(EXIT_CODE_LINE)
#undef EXIT_CODE_LINE
}

void check_help_print(FILE *out)
{
	check_usage_print(out);
	fputs("\nAsks the service whether the person is covered on the day of care, by what a document "
	      "shows\nor by a card that proves itself.\n",
		out);
	print_options(out, FOR_CHECK);
	print_exit_codes(out);
}

void limit_usage_print(FILE *out)
{
	fputs("usage: shikaku-terminal limit --month YYYY-MM --kind KIND --insurer NUMBER [--symbol TEXT]\n"
	      "                              --number TEXT [--branch NN] --birth-date DATE [options]\n"
	      "       shikaku-terminal limit --month YYYY-MM --card FILE [options]\n"
	      "       shikaku-terminal limit --month YYYY-MM --pkcs11 MODULE [options]\n"
	      "       shikaku-terminal limit --help\n",
		out);
}

void limit_help_print(FILE *out)
{
	limit_usage_print(out);
	fputs("\nAsks the service up to which amount the person pays for a month of care "
	      "(高額療養費の自己負担\n"
	      "限度額), and with --cost and --care what the person pays. By what a document shows the "
	      "patient's\n"
	      "agreement is needed: --consent limit_information.\n",
		out);
	print_options(out, FOR_CHECK | FOR_LIMIT);
	print_exit_codes(out);
}

void doctor_usage_print(FILE *out)
{
	fputs("usage: shikaku-terminal doctor [--card FILE | --pkcs11 MODULE] [options]\n"
	      "       shikaku-terminal doctor --help\n",
		out);
}

void doctor_help_print(FILE *out)
{
	doctor_usage_print(out);
	fputs("\nSays in Japanese what works at this desk and what to do where something does not: service, "
	      "token,\nclock, and the card or its reader. A PIN is tried only when --pin-file gives one.\n",
		out);
	print_options(out, FOR_DOCTOR);
	fprintf(out, "  %2d  nothing is wrong; else the code of the first finding that is:\n",
		EXIT_CODE_ACCEPTED);
	fprintf(out, "  %2d  a fault of this machine: its clock, or the output cannot be written\n",
		EXIT_CODE_FAULT);
	fprintf(out, "  %2d  wrong usage: option, URL, token or PIN file\n", EXIT_CODE_USAGE);
	fprintf(out, "  %2d  the service refuses this terminal\n", EXIT_CODE_REFUSED);
	fprintf(out, "  %2d  service or network away\n", EXIT_CODE_AWAY);
	fprintf(out, "  %2d  an answer that the terminal does not understand\n", EXIT_CODE_NOT_UNDERSTOOD);
	fprintf(out, "  %2d  the card or its reader cannot be used\n", EXIT_CODE_CARD);
}
