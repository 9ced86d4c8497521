/* The bearer token and where it is kept: a file, or the environment; never the command line. */
#ifndef SHIKAKU_TERMINAL_TOKEN_H
#define SHIKAKU_TERMINAL_TOKEN_H

#include <stdio.h>

#include "base/outcome.h"

#define TOKEN_MAX 512

/* From `file` when given, else from the file that SHIKAKU_TOKEN_FILE names, else SHIKAKU_TOKEN. Space around it is dropped. Says on
 * `complaints`, without the token, what is wrong; then OUTCOME_INVALID. The caller wipes it after use. */
enum outcome MUST_CHECK token_find(const char *file, char token[TOKEN_MAX + 1], FILE *complaints);

#endif
