/* The PIN of a card: typed or in a file, for the card alone. It is never sent, printed or kept. */
#ifndef SHIKAKU_TERMINAL_PIN_H
#define SHIKAKU_TERMINAL_PIN_H

#include "base/outcome.h"
#include "terminal/card_trouble.h"

#define PIN_MAX 32

/* From `file`; when that is NULL, asked with these words on the terminal, without echo. The caller wipes it after use. */
enum card_trouble MUST_CHECK pin_find(const char *file, const char *prompt, char pin[PIN_MAX + 1]);

#endif
