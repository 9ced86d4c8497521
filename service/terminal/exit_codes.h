/* What the exit code says. The numbers are a promise to scripts: they never change, new ones are added. */
#ifndef SHIKAKU_TERMINAL_EXIT_CODES_H
#define SHIKAKU_TERMINAL_EXIT_CODES_H

/* X(name, number, words for --help) */
#define EXIT_CODES(X) \
	X(ACCEPTED, 0, "valid, and what was shown is accepted") \
	X(FAULT, 1, "a fault of the terminal itself: out of memory, the output cannot be written") \
	X(USAGE, 2, "wrong usage: option, date, URL or token file; nothing was asked") \
	X(REFUSED, 3, "refused by the service (4xx)") \
	X(AWAY, 4, "service or network away (5xx, no connection, time-out)") \
	X(NOT_UNDERSTOOD, 5, "an answer that the terminal does not understand, or cut short") \
	X(CARD, 6, "the card or its reader cannot be used; nothing was asked") \
	X(NOT_ACCEPTED, 10, "what was shown is not accepted") \
	X(INVALID, 11, "invalid") \
	X(INVALID_NEWER_EXISTS, 12, "invalid, a newer membership exists") \
	X(NOT_FOUND, 13, "not found") \
	X(MULTIPLE, 14, "several people match")

enum exit_code {
#define EXIT_CODE_NAME(name, number, words) EXIT_CODE_##name = number,
	EXIT_CODES(EXIT_CODE_NAME)
#undef EXIT_CODE_NAME
};

#endif
