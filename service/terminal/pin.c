#include "terminal/pin.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "terminal/secret.h"

_Static_assert(PIN_MAX <= SECRET_MAX, "secret_read takes no such PIN");

/* OpenSSL would read stdin instead, which may be anything. */
static bool has_terminal(void)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal < 0)
		return false;
	close(terminal);
	return true;
}

/* OpenSSL's own prompt: it brings the echo back whatever happens, a Ctrl-C included. */
static enum card_trouble ask(const char *prompt, char pin[PIN_MAX + 1])
{
	char typed[PIN_MAX + 2] = "";
	bool answered = has_terminal() && UI_UTIL_read_pw_string(typed, PIN_MAX + 1, prompt, 0) == 0 &&
			secret_keep(typed, strlen(typed), pin, PIN_MAX) == OUTCOME_OK;
	explicit_bzero(typed, sizeof typed);
	ERR_clear_error();
	return answered ? CARD_FINE : CARD_PIN_NOT_ASKED;
}

enum card_trouble pin_find(const char *file, const char *prompt, char pin[PIN_MAX + 1])
{
	if (file == NULL)
		return ask(prompt, pin);
	return secret_read(file, pin, PIN_MAX) == OUTCOME_OK ? CARD_FINE : CARD_PIN_FILE;
}
