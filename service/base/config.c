#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct setting {
	const char *key;
	const char *help;
	const char *standard_text; /* NULL for a number */
	int64_t standard;
	int64_t least;
	int64_t most;
	size_t offset;
};

static const struct setting settings[] = {
#define SETTING_TEXT(field, key, standard, help) \
	{ key, help, standard, 0, 0, 0, offsetof(struct config, field) },
#define SETTING_NUMBER(field, key, standard, least, most, help) \
	{ key, help, NULL, standard, least, most, offsetof(struct config, field) },
#include "base/settings.def"
#undef SETTING_TEXT
#undef SETTING_NUMBER
};

#define SETTING_COUNT (sizeof settings / sizeof *settings)

static enum outcome set_value(struct config *config, const struct setting *setting, const char *value)
{
	char *field = (char *)config + setting->offset;
	if (setting->standard_text != NULL) {
		size_t length = strlen(value);
		if (length >= SETTING_TEXT_MAX) {
			log_line(LOG_LEVEL_ERROR, "config", "%s is longer than %d bytes", setting->key,
				SETTING_TEXT_MAX - 1);
			return OUTCOME_INVALID;
		}
		memcpy(field, value, length + 1);
		return OUTCOME_OK;
	}
	char *end = NULL;
	errno = 0;
	intmax_t number = strtoimax(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || number < setting->least || number > setting->most) {
		log_line(LOG_LEVEL_ERROR, "config", "%s must be a number from %" PRId64 " to %" PRId64,
			setting->key, setting->least, setting->most);
		return OUTCOME_INVALID;
	}
	int64_t stored = number;
	memcpy(field, &stored, sizeof stored);
	return OUTCOME_OK;
}

static char *trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

static enum outcome set_by_key(struct config *config, const char *key, const char *value, int line)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (strcmp(settings[i].key, key) == 0)
			return set_value(config, &settings[i], value);
	}
	log_line(LOG_LEVEL_ERROR, "config", "line %d: there is no setting %s", line, key);
	return OUTCOME_INVALID;
}

static enum outcome read_line(struct config *config, char *line, const char *path, int number)
{
	char *text = trim(line);
	if (*text == '\0' || *text == '#')
		return OUTCOME_OK;
	char *equals = strchr(text, '=');
	if (equals == NULL) {
		log_line(LOG_LEVEL_ERROR, "config", "%s:%d: expected key = value", path, number);
		return OUTCOME_INVALID;
	}
	*equals = '\0';
	return set_by_key(config, trim(text), trim(equals + 1), number);
}

static enum outcome read_file(struct config *config, const char *path)
{
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		log_line(LOG_LEVEL_ERROR, "config", "%s: %s", path, strerror(errno));
		return OUTCOME_INVALID;
	}
	enum outcome outcome = OUTCOME_OK;
	char *line = NULL;
	size_t size = 0;
	errno = 0;
	for (int number = 1; outcome == OUTCOME_OK && getline(&line, &size, file) >= 0; number++)
		outcome = read_line(config, line, path, number);
	if (outcome == OUTCOME_OK && ferror(file) != 0) {
		log_line(LOG_LEVEL_ERROR, "config", "%s: %s", path, strerror(errno));
		outcome = OUTCOME_INVALID;
	}
	free(line);
	if (fclose(file) != 0 && outcome == OUTCOME_OK)
		outcome = OUTCOME_INVALID;
	return outcome;
}

static const char *from_environment(const struct setting *setting)
{
	char name[64] = "SHIKAKU_";
	size_t at = strlen(name);
	for (const char *c = setting->key; *c != '\0' && at + 1 < sizeof name; c++)
		name[at++] = (char)toupper((unsigned char)*c);
	name[at] = '\0';
	return getenv(name);
}

enum outcome config_read(struct config *config, const char *path)
{
	*config = (struct config){ 0 };
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		char *field = (char *)config + settings[i].offset;
		if (settings[i].standard_text != NULL)
			memcpy(field, settings[i].standard_text, strlen(settings[i].standard_text) + 1);
		else
			memcpy(field, &settings[i].standard, sizeof settings[i].standard);
	}
	if (path != NULL) {
		enum outcome outcome = read_file(config, path);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	const char *url = getenv("DATABASE_URL");
	if (url != NULL) {
		enum outcome outcome = set_by_key(config, "database_url", url, 0);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const char *value = from_environment(&settings[i]);
		if (value == NULL)
			continue;
		enum outcome outcome = set_value(config, &settings[i], value);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return OUTCOME_OK;
}

void config_print_help(void)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (settings[i].standard_text != NULL)
			printf("  %-22s %s (default: %s)\n", settings[i].key, settings[i].help,
				settings[i].standard_text[0] == '\0' ? "none" : settings[i].standard_text);
		else
			printf("  %-22s %s (default: %" PRId64 ")\n", settings[i].key, settings[i].help,
				settings[i].standard);
	}
}
