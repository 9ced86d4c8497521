#include "terminal/secret.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum outcome secret_keep(const char *text, size_t length, char *secret, size_t max)
{
	while (length > 0 && is_space(text[length - 1]))
		length--;
	while (length > 0 && is_space(text[0])) {
		text++;
		length--;
	}
	if (length == 0 || length > max)
		return OUTCOME_INVALID;
	for (size_t i = 0; i < length; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return OUTCOME_INVALID;
	}
	memcpy(secret, text, length);
	secret[length] = '\0';
	return OUTCOME_OK;
}

enum outcome secret_read(const char *path, char *secret, size_t max)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return OUTCOME_UNAVAILABLE;
	/* stdio's own buffer would keep a copy that nobody wipes. */
	setvbuf(file, NULL, _IONBF, 0);
	/* Room for the secret, an editor's line break, and one more, so that a longer file is noticed. */
	char text[SECRET_MAX + 64];
	size_t length = fread(text, 1, sizeof text, file);
	int error = ferror(file) != 0 ? errno : 0;
	fclose(file);
	enum outcome outcome = OUTCOME_INVALID;
	if (error != 0)
		outcome = OUTCOME_UNAVAILABLE;
	else if (length < sizeof text)
		outcome = secret_keep(text, length, secret, max);
	explicit_bzero(text, sizeof text);
	errno = error;
	return outcome;
}
