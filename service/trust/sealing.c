#include "trust/sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/log.h"
#include "trust/library.h"

#define KEY_SIZE 32
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define MAC_SIZE 32

_Static_assert(SEALED_MORE == NONCE_SIZE + TAG_SIZE, "nonce, what is sealed, tag");

struct sealing_key {
	uint8_t encryption[KEY_SIZE];
	/* A nonce that came twice with different bytes would undo the sealing, so it is made of them; under a key of its own, or
	 * who reads the database could try all 12-digit numbers against it. */
	uint8_t nonces[KEY_SIZE];
	EVP_CIPHER *cipher;
	EVP_MAC *mac;
};

void sealing_wipe(void *bytes, size_t length)
{
	OPENSSL_cleanse(bytes, length);
}

void sealing_key_free(struct sealing_key *key)
{
	if (key == NULL)
		return;
	EVP_CIPHER_free(key->cipher);
	EVP_MAC_free(key->mac);
	OPENSSL_cleanse(key, sizeof *key);
	free(key);
}

/* HMAC-SHA-256 over both, the length of the first before it: no two pairs give the same bytes. */
static enum outcome authenticate(const struct sealing_key *key, const uint8_t under[KEY_SIZE],
	struct slice first, struct slice second, uint8_t mac[MAC_SIZE])
{
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	const uint8_t length[2] = { (uint8_t)(first.length >> 8), (uint8_t)first.length };
	size_t written = 0;
	if (first.length > UINT16_MAX)
		return OUTCOME_INVALID;
	library_watch();
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(key->mac);
	bool made = context != NULL && EVP_MAC_init(context, under, KEY_SIZE, parameters) == 1 &&
		    EVP_MAC_update(context, length, sizeof length) == 1 &&
		    EVP_MAC_update(context, (const unsigned char *)first.at, first.length) == 1 &&
		    EVP_MAC_update(context, (const unsigned char *)second.at, second.length) == 1 &&
		    EVP_MAC_final(context, mac, &written, MAC_SIZE) == 1 && written == MAC_SIZE;
	EVP_MAC_CTX_free(context);
	return library_outcome(made ? OUTCOME_OK : OUTCOME_INTERNAL);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(struct slice text, uint8_t bytes[KEY_SIZE])
{
	if (text.length != 2 * (size_t)KEY_SIZE)
		return false;
	for (size_t i = 0; i < KEY_SIZE; i++) {
		int high = hex_digit(text.at[2 * i]);
		int low = hex_digit(text.at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static enum outcome refuse_file(enum outcome outcome, const char *path, const char *why)
{
	log_line(LOG_LEVEL_ERROR, "trust", "the key %s cannot be used: %s", path, why);
	return outcome;
}

static enum outcome read_open_file(int fd, const char *path, uint8_t bytes[KEY_SIZE])
{
	struct stat state;
	char text[2 * KEY_SIZE + 8];
	if (fstat(fd, &state) != 0 || !S_ISREG(state.st_mode))
		return refuse_file(OUTCOME_INVALID, path, "not a file");
	if ((state.st_mode & S_IRWXO) != 0)
		return refuse_file(OUTCOME_REFUSED, path, "other users can read or change it (chmod o=)");
	ssize_t got = read(fd, text, sizeof text);
	if (got < 0)
		return refuse_file(OUTCOME_UNAVAILABLE, path, strerror(errno));
	while (got > 0 && (text[got - 1] == '\n' || text[got - 1] == '\r' || text[got - 1] == ' '))
		got--;
	bool good = read_hex((struct slice){ text, (size_t)got }, bytes);
	sealing_wipe(text, sizeof text);
	return good ? OUTCOME_OK : refuse_file(OUTCOME_INVALID, path, "it is not 64 hexadecimal digits");
}

static enum outcome read_key(const char *path, uint8_t bytes[KEY_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse_file(
			errno == ENOENT ? OUTCOME_NOT_FOUND : OUTCOME_UNAVAILABLE, path, strerror(errno));
	enum outcome outcome = read_open_file(fd, path, bytes);
	close(fd);
	return outcome;
}

static enum outcome fetch(struct sealing_key *key)
{
	library_watch();
	key->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	key->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	return library_outcome(key->cipher != NULL && key->mac != NULL ? OUTCOME_OK : OUTCOME_INTERNAL);
}

enum outcome sealing_key_load(const char *path, struct sealing_key **made)
{
	*made = NULL;
	struct sealing_key *key = calloc(1, sizeof *key);
	if (key == NULL)
		return OUTCOME_NO_MEMORY;
	enum outcome outcome = read_key(path, key->encryption);
	if (outcome == OUTCOME_OK)
		outcome = fetch(key);
	if (outcome == OUTCOME_OK)
		outcome = authenticate(key, key->encryption, SLICE_LITERAL("shikaku sealing nonces"),
			SLICE_LITERAL(""), key->nonces);
	if (outcome != OUTCOME_OK) {
		sealing_key_free(key);
		return outcome;
	}
	*made = key;
	return OUTCOME_OK;
}

/* One direction or the other; `tag` is written when sealing and compared when unsealing. */
static enum outcome run_cipher(const struct sealing_key *key, int sealing, const uint8_t nonce[NONCE_SIZE],
	struct slice bound_to, struct slice from, uint8_t *to, uint8_t tag[TAG_SIZE])
{
	int some = 0;
	int rest = 0;
	library_watch();
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool begun =
		context != NULL &&
		EVP_CipherInit_ex2(context, key->cipher, key->encryption, nonce, sealing, NULL) == 1 &&
		EVP_CipherUpdate(context, NULL, &some, (const unsigned char *)bound_to.at,
			(int)bound_to.length) == 1 &&
		EVP_CipherUpdate(context, to, &some, (const unsigned char *)from.at, (int)from.length) == 1;
	if (begun && sealing == 0)
		begun = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1;
	enum outcome outcome = OUTCOME_INTERNAL;
	if (begun) {
		bool ended = EVP_CipherFinal_ex(context, to + some, &rest) == 1;
		outcome = ended ? OUTCOME_OK : sealing == 0 ? OUTCOME_INVALID : OUTCOME_INTERNAL;
	}
	if (outcome == OUTCOME_OK && sealing != 0 &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) != 1)
		outcome = OUTCOME_INTERNAL;
	EVP_CIPHER_CTX_free(context);
	return library_outcome(outcome);
}

enum outcome seal(const struct sealing_key *key, struct slice plain, struct slice bound_to,
	uint8_t sealed[SEALED_MAX], size_t *length)
{
	uint8_t mac[MAC_SIZE];
	if (plain.length == 0 || plain.length > SEALED_MAX - SEALED_MORE || bound_to.length > UINT16_MAX)
		return OUTCOME_INVALID;
	enum outcome outcome = authenticate(key, key->nonces, bound_to, plain, mac);
	if (outcome != OUTCOME_OK)
		return outcome;
	memcpy(sealed, mac, NONCE_SIZE);
	*length = SEALED_MORE + plain.length;
	return run_cipher(
		key, 1, sealed, bound_to, plain, sealed + NONCE_SIZE, sealed + NONCE_SIZE + plain.length);
}

enum outcome unseal(const struct sealing_key *key, struct slice sealed, struct slice bound_to,
	uint8_t plain[SEALED_MAX], size_t *length)
{
	uint8_t nonce[NONCE_SIZE];
	uint8_t tag[TAG_SIZE];
	if (sealed.length <= SEALED_MORE || sealed.length > SEALED_MAX || bound_to.length > UINT16_MAX)
		return OUTCOME_INVALID;
	*length = sealed.length - SEALED_MORE;
	memcpy(nonce, sealed.at, NONCE_SIZE);
	memcpy(tag, sealed.at + sealed.length - TAG_SIZE, TAG_SIZE);
	enum outcome outcome = run_cipher(
		key, 0, nonce, bound_to, (struct slice){ sealed.at + NONCE_SIZE, *length }, plain, tag);
	/* Bytes that nobody vouches for are nobody's to see. */
	if (outcome != OUTCOME_OK)
		sealing_wipe(plain, *length);
	return outcome;
}
