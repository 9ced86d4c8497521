/* A secret of one line, kept in a file: the token, a PIN. */
#ifndef SHIKAKU_TERMINAL_SECRET_H
#define SHIKAKU_TERMINAL_SECRET_H

#include <stddef.h>

#include "base/outcome.h"

/* Longest secret that secret_read takes. */
#define SECRET_MAX 512

/* Copies text without the space around it; `secret` has room for `max` characters and a NUL. Visible ASCII only: a line break in a
 * token would be a header of its own making. Empty, longer or other characters: OUTCOME_INVALID. The caller wipes it after use. */
enum outcome MUST_CHECK secret_keep(const char *text, size_t length, char *secret, size_t max);

/* The same from a file. OUTCOME_UNAVAILABLE: it cannot be read, and errno says why. `max` at most SECRET_MAX. */
enum outcome MUST_CHECK secret_read(const char *path, char *secret, size_t max);

#endif
