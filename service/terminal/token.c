#include "terminal/token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/clean.h"
#include "terminal/secret.h"

_Static_assert(TOKEN_MAX <= SECRET_MAX, "secret_read takes no such token");

static enum outcome complain(FILE *complaints, const char *subject, const char *words)
{
	fputs("shikaku-terminal: ", complaints);
	clean_print(complaints, subject);
	fprintf(complaints, ": %s\n", words);
	return OUTCOME_INVALID;
}

static enum outcome read_file(const char *path, char token[TOKEN_MAX + 1], FILE *complaints)
{
	switch (secret_read(path, token, TOKEN_MAX)) {
	case OUTCOME_OK:
		return OUTCOME_OK;
	case OUTCOME_UNAVAILABLE:
		return complain(complaints, path, strerror(errno));
	default:
		return complain(complaints, path, "holds no token, or more than one line");
	}
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
	return secret_keep(text, strlen(text), token, TOKEN_MAX) == OUTCOME_OK
		       ? OUTCOME_OK
		       : complain(complaints, "SHIKAKU_TOKEN", "is not a token");
}
