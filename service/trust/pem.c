#include "trust/pem.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

static bool is_pem(struct slice content)
{
	static const char begin[] = "-----BEGIN ";
	return memmem(content.at, content.length, begin, sizeof begin - 1) != NULL;
}

static enum outcome keep(struct arena *arena, const void *bytes, size_t length, struct slice *der)
{
	const char *kept = arena_copy(arena, bytes, length);
	*der = (struct slice){ kept, kept == NULL ? 0 : length };
	return kept == NULL ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

enum outcome pem_certificate(struct arena *arena, struct slice content, struct slice *der)
{
	*der = (struct slice){ NULL, 0 };
	if (!is_pem(content))
		return keep(arena, content.at, content.length, der);
	unsigned char *bytes = NULL;
	long length = 0;
	BIO *pem = BIO_new_mem_buf(content.at, (int)content.length);
	if (pem == NULL)
		return OUTCOME_NO_MEMORY;
	ERR_clear_error();
	enum outcome outcome = OUTCOME_INVALID;
	if (PEM_bytes_read_bio(&bytes, &length, NULL, PEM_STRING_X509, pem, NULL, NULL) == 1)
		outcome = keep(arena, bytes, (size_t)length, der);
	OPENSSL_free(bytes);
	BIO_free(pem);
	ERR_clear_error();
	return outcome;
}
