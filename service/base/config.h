/* The configuration: a table of settings (settings.def), a file of `key = value` lines, the environment above it. */
#ifndef SHIKAKU_BASE_CONFIG_H
#define SHIKAKU_BASE_CONFIG_H

#include <stdint.h>

#include "base/outcome.h"

#define SETTING_TEXT_MAX 1024

struct config {
#define SETTING_TEXT(field, key, standard, help) char field[SETTING_TEXT_MAX];
#define SETTING_NUMBER(field, key, standard, least, most, help) int64_t field;
#include "base/settings.def"
#undef SETTING_TEXT
#undef SETTING_NUMBER
};

/* Reads the file (NULL: none), then the environment. OUTCOME_INVALID after a log line that names the setting. */
enum outcome MUST_CHECK config_read(struct config *config, const char *path);

/* Prints every setting with its default and meaning on standard output. */
void config_print_help(void);

#endif
