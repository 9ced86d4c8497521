#include "terminal/card_file.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "terminal/card_proof.h"

#define FILE_MAX (64 * 1024)

/* Never asked for in earnest: it only notices that a key would need one. */
/* NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's type */
static int refuse_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static X509 *read_certificate(const char *text, size_t length)
{
	BIO *bio = BIO_new_mem_buf(text, (int)length);
	X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return certificate;
}

static EVP_PKEY *read_key(const char *text, size_t length, bool *encrypted)
{
	BIO *bio = BIO_new_mem_buf(text, (int)length);
	EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, encrypted);
	BIO_free(bio);
	return key;
}

static enum card_trouble read_both(const char *text, size_t length, X509 **certificate, EVP_PKEY **key)
{
	bool encrypted = false;
	*certificate = read_certificate(text, length);
	if (*certificate == NULL)
		return CARD_FILE_WITHOUT_CERTIFICATE;
	*key = read_key(text, length, &encrypted);
	if (*key == NULL)
		return encrypted ? CARD_FILE_KEY_ENCRYPTED : CARD_FILE_WITHOUT_KEY;
	if (card_algorithm(*certificate) == NULL)
		return CARD_FILE_UNSUPPORTED;
	return X509_check_private_key(*certificate, *key) == 1 ? CARD_FINE : CARD_FILE_FOREIGN_KEY;
}

enum card_trouble card_file_read(const char *path, X509 **certificate, EVP_PKEY **key)
{
	*certificate = NULL;
	*key = NULL;
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return CARD_FILE_UNREADABLE;
	/* stdio's own buffer would keep a copy of the key that nobody wipes. */
	setvbuf(file, NULL, _IONBF, 0);
	char text[FILE_MAX];
	size_t length = fread(text, 1, sizeof text, file);
	bool failed = ferror(file) != 0 || length == sizeof text;
	fclose(file);
	enum card_trouble trouble = failed ? CARD_FILE_UNREADABLE : read_both(text, length, certificate, key);
	explicit_bzero(text, sizeof text);
	if (trouble != CARD_FINE) {
		EVP_PKEY_free(*key);
		X509_free(*certificate);
		*key = NULL;
		*certificate = NULL;
	}
	ERR_clear_error();
	return trouble;
}
