#include "terminal/token.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/clean.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Visible ASCII only: a line break in it would be a header of the token's own making. */
static enum outcome keep(const char *text, size_t length, char token[TOKEN_MAX + 1])
{
	while (length > 0 && is_space(text[length - 1]))
		length--;
	while (length > 0 && is_space(text[0])) {
		text++;
		length--;
	}
	if (length == 0 || length > TOKEN_MAX)
		return OUTCOME_INVALID;
	for (size_t i = 0; i < length; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return OUTCOME_INVALID;
	}
	memcpy(token, text, length);
	token[length] = '\0';
	return OUTCOME_OK;
}

static enum outcome complain(FILE *complaints, const char *subject, const char *words)
{
	fputs("shikaku-terminal: ", complaints);
	clean_print(complaints, subject);
	fprintf(complaints, ": %s\n", words);
	return OUTCOME_INVALID;
}

static enum outcome read_file(const char *path, char token[TOKEN_MAX + 1], FILE *complaints)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return complain(complaints, path, strerror(errno));
	/* Room for the token, an editor's line break, and one more, so that a longer file is noticed. */
	char text[TOKEN_MAX + 64];
	size_t length = fread(text, 1, sizeof text, file);
	bool failed = ferror(file) != 0;
	fclose(file);
	enum outcome outcome = failed || length == sizeof text ? OUTCOME_INVALID : keep(text, length, token);
	explicit_bzero(text, sizeof text);
	return outcome == OUTCOME_OK ? OUTCOME_OK
				     : complain(complaints, path, "holds no token, or more than one line");
}

enum outcome token_find(const char *file, char token[TOKEN_MAX + 1], FILE *complaints)
{
	if (file == NULL)
		file = getenv("SHIKAKU_TOKEN_FILE");
	if (file != NULL && file[0] != '\0')
		return read_file(file, token, complaints);
	const char *text = getenv("SHIKAKU_TOKEN");
	if (text == NULL || text[0] == '\0')
		return complain(complaints, "no token",
			"端末の認証情報がありません / use --token-file, SHIKAKU_TOKEN_FILE or SHIKAKU_TOKEN");
	return keep(text, strlen(text), token) == OUTCOME_OK
		       ? OUTCOME_OK
		       : complain(complaints, "SHIKAKU_TOKEN", "is not a token");
}
