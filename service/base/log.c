#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 1024

static enum log_level lowest = LOG_LEVEL_INFO;
static int security_file = STDERR_FILENO;

static const char *const level_names[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_ERROR] = "error",
};

void log_set_level(enum log_level level)
{
	lowest = level;
}

enum outcome log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return OUTCOME_OK;
		}
	}
	return OUTCOME_INVALID;
}

enum outcome log_open_security(const char *path)
{
	if (path == NULL)
		return OUTCOME_OK;
	int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (file < 0)
		return OUTCOME_UNAVAILABLE;
	security_file = file;
	return OUTCOME_OK;
}

PRINTF_LIKE(4, 0)
static void write_line(int file, const char *level, const char *room, const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES];
	char when[INSTANT_TEXT_SIZE];
	instant_format(clock_read().wall, when);
	int head = snprintf(line, sizeof line, "%s %s %s: ", when, level, room);
	if (head < 0 || (size_t)head >= sizeof line)
		return;
	int words = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, arguments);
	if (words < 0)
		return;
	size_t length = (size_t)head + (size_t)words;
	if (length > sizeof line - 2)
		length = sizeof line - 2;
	/* What came from outside must not begin a line of its own. */
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
	}
	line[length++] = '\n';
	/* One write a line keeps lines whole; a log that cannot be written has nobody to tell. */
	ssize_t written = write(file, line, length);
	(void)written;
}

void log_line(enum log_level level, const char *room, const char *format, ...)
{
	if (level < lowest)
		return;
	va_list arguments;
	va_start(arguments, format);
	write_line(STDERR_FILENO, level_names[level], room, format, arguments);
	va_end(arguments);
}

void log_security(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	write_line(security_file, "notice", "security", format, arguments);
	va_end(arguments);
}
