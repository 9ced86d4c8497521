/* One line an event on standard error: time, level, room, words, then key=value pairs. Never personal data, keys that were
 * typed, tokens or SQL parameters: logs carry route templates, codes and counts. Lines are whole also between threads. */
#ifndef SHIKAKU_BASE_LOG_H
#define SHIKAKU_BASE_LOG_H

#include <stdbool.h>

#include "base/outcome.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* Lines below this level are not written; LOG_LEVEL_INFO at first. Call before threads start. */
void log_set_level(enum log_level level);
/* OUTCOME_INVALID for an unknown name. */
enum outcome MUST_CHECK log_level_parse(const char *name, enum log_level *level);

/* The security log (refused questions, tokens made and revoked) goes to this file, appended, or to standard error when
 * `path` is NULL. OUTCOME_UNAVAILABLE when it cannot be opened. */
enum outcome MUST_CHECK log_open_security(const char *path);

void log_line(enum log_level level, const char *room, const char *format, ...) PRINTF_LIKE(3, 4);
void log_security(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
