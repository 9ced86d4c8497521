/* Cards and the requests that show them, for load tests.
 *
 *   card_load cards FOLDER CARDS MEMBERS UNKNOWN    makes, once, into FOLDER:
 *       ca.pem, ca.key    an issuer
 *       keys.pem          the key pairs, which all cards share: a thousand cards have few of their own, or making them takes a day
 *       cards.txt         a line a card: certificate in base64
 *       unknown.txt       the same, for cards that will be in no row
 *       cards.copy        a line a card of cards.txt for COPY: register_code, then the columns of shikaku.cards; the last to appear
 *   card_load requests FOLDER cards|unknown HOLDER COUNT FIRST
 *       writes COUNT bodies of checks to standard output, one a line, from card FIRST on, each with a challenge of its own, signed.
 *       HOLDER as "terminal:1319900013"; environment: CHALLENGE_KEY, hexadecimal, the row of shikaku.challenge_keys.
 *
 * Exit 0 done, 1 failed, 2 wrong usage. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/clock.h"
#include "trust/certificate.h"
#include "trust/challenge.h"
#include "trust/digest.h"

#define KEYS 256
#define KEY_BITS 2048
#define SERIAL_SIZE 16
#define THREADS_MAX 16
#define PATH_SIZE 4096
#define DAY 86400L
#define LIVES (INT64_C(86400) * MICROSECONDS)
#define BODY_MAX 16384
/* Walks through all cards in an order that caches cannot follow; a prime, so that it meets each once a round. */
#define STRIDE 1000003

struct bench {
	const char *folder;
	EVP_PKEY *ca_key;
	X509 *ca;
	EVP_PKEY *keys[KEYS];
	/* Certificates in base64. */
	char **cards;
	size_t count;
	/* Of `requests`. */
	struct slice holder;
	uint8_t challenge_key[CHALLENGE_KEY_SIZE];
	size_t wanted;
	size_t first;
};

/* What each thread does for the numbers that are its own: at, at + threads, at + 2 threads ... */
struct share {
	struct bench *bench;
	void (*work)(struct bench *bench, size_t from, size_t step);
	size_t from;
	size_t step;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "card_load: %s\n", what);
	exit(1);
}

static void *must(void *made, const char *what)
{
	if (made == NULL)
		fail(what);
	return made;
}

static FILE *open_in(const struct bench *bench, const char *name, const char *mode)
{
	char path[PATH_SIZE];
	(void)snprintf(path, sizeof path, "%s/%s", bench->folder, name);
	FILE *file = fopen(path, mode);
	if (file == NULL) {
		fprintf(stderr, "card_load: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return file;
}

static void close_written(FILE *file)
{
	if (fclose(file) != 0)
		fail("cannot write");
}

static void *share_main(void *owner)
{
	struct share *share = owner;
	share->work(share->bench, share->from, share->step);
	arena_free_spares();
	return NULL;
}

/* An even number of threads keeps each key with one of them, because OpenSSL's keys have a lock. */
static void share_out(struct bench *bench, void (*work)(struct bench *bench, size_t from, size_t step))
{
	pthread_t threads[THREADS_MAX];
	struct share shares[THREADS_MAX];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = cores < 2 ? 2 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores / 2 * 2;
	for (size_t i = 0; i < count; i++) {
		shares[i] = (struct share){ bench, work, i, count };
		if (pthread_create(&threads[i], NULL, share_main, &shares[i]) != 0)
			fail("no thread");
	}
	for (size_t i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
}

/* Policies are read with a configuration at hand, though it says nothing. */
static void add_extension(X509 *x509, X509 *issuer, int kind, const char *value)
{
	X509V3_CTX context;
	CONF *nothing = must(NCONF_new(NULL), "no memory");
	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	X509V3_set_nconf(&context, nothing);
	X509_EXTENSION *extension = must(X509V3_EXT_nconf_nid(nothing, &context, kind, value), value);
	if (X509_add_ext(x509, extension, -1) != 1)
		fail(value);
	X509_EXTENSION_free(extension);
	NCONF_free(nothing);
}

static void add_name(X509_NAME *name, const char *kind, const char *text)
{
	if (X509_NAME_add_entry_by_txt(name, kind, MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) != 1)
		fail(text);
}

/* With a random serial number of 16 bytes; valid from yesterday on. */
static X509 *begin_certificate(EVP_PKEY *key, long days)
{
	uint8_t serial[SERIAL_SIZE];
	X509 *x509 = must(X509_new(), "no memory");
	if (RAND_bytes(serial, sizeof serial) != 1)
		fail("no random bytes");
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	BIGNUM *number = must(BN_bin2bn(serial, sizeof serial, NULL), "no memory");
	must(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)), "no memory");
	BN_free(number);
	must(X509_gmtime_adj(X509_getm_notBefore(x509), -DAY), "no time");
	must(X509_gmtime_adj(X509_getm_notAfter(x509), days * DAY), "no time");
	if (X509_set_version(x509, X509_VERSION_3) != 1 || X509_set_pubkey(x509, key) != 1)
		fail("no certificate");
	return x509;
}

static void make_ca(struct bench *bench)
{
	bench->ca_key = must(EVP_RSA_gen(KEY_BITS), "no key");
	bench->ca = begin_certificate(bench->ca_key, 7300);
	X509_NAME *name = X509_get_subject_name(bench->ca);
	add_name(name, "C", "JP");
	add_name(name, "O", "JPKI-TEST");
	add_name(name, "OU", "JPKI for user authentication");
	add_name(name, "OU", "Shikaku Load");
	if (X509_set_issuer_name(bench->ca, name) != 1)
		fail("no name");
	add_extension(bench->ca, bench->ca, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(bench->ca, bench->ca, NID_key_usage, "critical,keyCertSign,cRLSign");
	add_extension(bench->ca, bench->ca, NID_subject_key_identifier, "hash");
	if (X509_sign(bench->ca, bench->ca_key, EVP_sha256()) == 0)
		fail("cannot sign");

	FILE *file = open_in(bench, "ca.pem", "w");
	if (PEM_write_X509(file, bench->ca) != 1)
		fail("cannot write ca.pem");
	close_written(file);
	file = open_in(bench, "ca.key", "w");
	if (PEM_write_PrivateKey(file, bench->ca_key, NULL, NULL, 0, NULL, NULL) != 1)
		fail("cannot write ca.key");
	close_written(file);
}

static void make_some_keys(struct bench *bench, size_t from, size_t step)
{
	for (size_t i = from; i < KEYS; i += step)
		bench->keys[i] = must(EVP_RSA_gen(KEY_BITS), "no key");
}

static void make_keys(struct bench *bench)
{
	share_out(bench, make_some_keys);
	FILE *file = open_in(bench, "keys.pem", "w");
	for (size_t i = 0; i < KEYS; i++) {
		if (PEM_write_PrivateKey(file, bench->keys[i], NULL, NULL, 0, NULL, NULL) != 1)
			fail("cannot write keys.pem");
	}
	close_written(file);
}

static void read_keys(struct bench *bench)
{
	FILE *file = open_in(bench, "keys.pem", "r");
	for (size_t i = 0; i < KEYS; i++)
		bench->keys[i] = must(PEM_read_PrivateKey(file, NULL, NULL, NULL), "cannot read keys.pem");
	(void)fclose(file);
}

/* Card n has key n % KEYS. */
static void make_some_cards(struct bench *bench, size_t from, size_t step)
{
	for (size_t n = from; n < bench->count; n += step) {
		char name[32];
		X509 *x509 = begin_certificate(bench->keys[n % KEYS], 1461);
		(void)snprintf(name, sizeof name, "LOAD%012zu", n);
		add_name(X509_get_subject_name(x509), "C", "JP");
		add_name(X509_get_subject_name(x509), "CN", name);
		if (X509_set_issuer_name(x509, X509_get_subject_name(bench->ca)) != 1)
			fail("no name");
		add_extension(x509, bench->ca, NID_key_usage, "critical,digitalSignature");
		add_extension(x509, bench->ca, NID_certificate_policies, "1.2.392.200149.8.5.1.3.30");
		add_extension(x509, bench->ca, NID_authority_key_identifier, "keyid");
		if (X509_sign(x509, bench->ca_key, EVP_sha256()) == 0)
			fail("cannot sign");
		unsigned char *der = NULL;
		int length = i2d_X509(x509, &der);
		if (length < 0)
			fail("no certificate");
		bench->cards[n] = must(malloc((size_t)(length + 2) / 3 * 4 + 1), "no memory");
		(void)EVP_EncodeBlock((unsigned char *)bench->cards[n], der, length);
		OPENSSL_free(der);
		X509_free(x509);
	}
}

static void make_cards(struct bench *bench, size_t count, const char *file_name)
{
	bench->count = count;
	bench->cards = must(calloc(count + 1, sizeof *bench->cards), "no memory");
	share_out(bench, make_some_cards);
	FILE *file = open_in(bench, file_name, "w");
	for (size_t n = 0; n < count; n++)
		(void)fprintf(file, "%s\n", bench->cards[n]);
	close_written(file);
}

/* Whom demo/fill.sql registered and linked. */
static bool has_card(size_t member)
{
	size_t j = member / 10;
	return j % 10 != 7 && j % 50 != 9;
}

static void put_hex(FILE *file, const void *bytes, size_t length)
{
	(void)fputs("\\\\x", file);
	for (size_t i = 0; i < length; i++)
		(void)fprintf(file, "%02x", ((const uint8_t *)bytes)[i]);
	(void)fputc('\t', file);
}

static void put_instant(FILE *file, int64_t wall)
{
	char text[INSTANT_TEXT_SIZE];
	instant_format(wall, text);
	(void)fprintf(file, "%s\t", text);
}

/* As `shikakud card register` would store it. */
static void put_row(
	FILE *file, struct hasher *hasher, size_t member, const char *card, const ASN1_OCTET_STRING *issuer)
{
	static uint8_t der[CERTIFICATE_MAX];
	struct arena arena;
	struct certificate certificate;
	uint8_t digest[SHA256_SIZE];
	size_t length = strlen(card);
	int decoded = length / 4 * 3 > sizeof der
			      ? -1
			      : EVP_DecodeBlock(der, (const unsigned char *)card, (int)length);
	/* EVP_DecodeBlock counts the padding. */
	size_t padding = strcspn(card, "=");
	if (decoded < 0)
		fail("a card that is too long");
	struct slice bytes = { (const char *)der, (size_t)decoded - (length - padding) };
	arena_open(&arena, 65536);
	if (certificate_read(&arena, bytes, &certificate) != OUTCOME_OK || certificate.key.length == 0)
		fail("a card that the service would not take");
	hasher_begin(hasher);
	hasher_add(hasher, bytes.at, bytes.length);
	hasher_end(hasher, digest);
	(void)fprintf(file, "fill-%zu\t", member);
	put_hex(file, digest, sizeof digest);
	put_hex(file, ASN1_STRING_get0_data(issuer), (size_t)ASN1_STRING_length(issuer));
	put_hex(file, certificate.serial, certificate.serial_length);
	put_instant(file, certificate.not_before);
	put_instant(file, certificate.not_after);
	put_hex(file, certificate.key.bytes, certificate.key.length);
	(void)fputs("card\n", file);
	arena_close(&arena);
}

/* Spread evenly over the members. */
static void write_rows(struct bench *bench, size_t members)
{
	char from[PATH_SIZE];
	char to[PATH_SIZE];
	struct hasher *hasher = NULL;
	size_t member = 0;
	if (hasher_create(&hasher) != OUTCOME_OK)
		fail("no hasher");
	FILE *file = open_in(bench, "cards.copy.new", "w");
	for (size_t n = 0; n < bench->count; n++) {
		size_t least = 1 + n * members / bench->count;
		member = member + 1 > least ? member + 1 : least;
		while (!has_card(member))
			member++;
		if (member > members)
			fail("more cards than members who can have one");
		put_row(file, hasher, member, must(bench->cards[n], "a card is missing"),
			X509_get0_subject_key_id(bench->ca));
	}
	close_written(file);
	hasher_destroy(hasher);
	(void)snprintf(from, sizeof from, "%s/cards.copy.new", bench->folder);
	(void)snprintf(to, sizeof to, "%s/cards.copy", bench->folder);
	if (rename(from, to) != 0)
		fail("cannot write cards.copy");
}

static void free_cards(struct bench *bench)
{
	for (size_t n = 0; n < bench->count; n++)
		free(bench->cards[n]);
	free(bench->cards);
	bench->cards = NULL;
	bench->count = 0;
}

static void read_cards(struct bench *bench, const char *kind)
{
	char name[32];
	char *line = NULL;
	size_t room = 0;
	size_t kept = 0;
	ssize_t length;
	(void)snprintf(name, sizeof name, "%s.txt", kind);
	FILE *file = open_in(bench, name, "r");
	while ((length = getline(&line, &room, file)) > 0) {
		if (bench->count == kept) {
			kept = kept == 0 ? 1024 : 2 * kept;
			bench->cards =
				must(reallocarray(bench->cards, kept, sizeof *bench->cards), "no memory");
		}
		line[length - 1] = '\0';
		bench->cards[bench->count++] = must(strdup(line), "no memory");
	}
	free(line);
	(void)fclose(file);
	if (bench->count == 0)
		fail("no cards");
}

static void sign(EVP_MD_CTX *context, EVP_PKEY *key, const char *text, char *base64)
{
	uint8_t signature[KEY_BITS / 8];
	size_t length = sizeof signature;
	if (EVP_MD_CTX_reset(context) != 1 ||
		EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
		EVP_DigestSign(context, signature, &length, (const unsigned char *)text, strlen(text)) != 1)
		fail("cannot sign");
	(void)EVP_EncodeBlock((unsigned char *)base64, signature, (int)length);
}

static void make_some_requests(struct bench *bench, size_t from, size_t step)
{
	struct challenger *challenger = NULL;
	EVP_MD_CTX *context = must(EVP_MD_CTX_new(), "no memory");
	int64_t until = clock_read().wall + LIVES;
	if (challenger_create(&challenger) != OUTCOME_OK)
		fail("no challenger");
	for (size_t i = from; i < bench->wanted; i += step) {
		char challenge[CHALLENGE_TEXT_SIZE];
		char signature[KEY_BITS / 8 * 4 / 3 + 8];
		char body[BODY_MAX];
		size_t n = (bench->first + i) % bench->count * STRIDE % bench->count;
		if (challenge_make(challenger, bench->challenge_key, bench->holder, until, challenge) !=
			OUTCOME_OK)
			fail("no challenge");
		sign(context, bench->keys[n % KEYS], challenge, signature);
		int length = snprintf(body, sizeof body,
			"{\"presented\":{\"kind\":\"card\",\"certificate\":\"%s\",\"challenge\":\"%s\","
			"\"signature\":\"%s\",\"algorithm\":\"RS256\",\"holder_verification\":\"face\"}}\n",
			bench->cards[n], challenge, signature);
		/* Whole lines: each call holds the stream's lock. */
		if (length < 0 || (size_t)length >= sizeof body ||
			fwrite(body, (size_t)length, 1, stdout) != 1)
			fail("cannot write the requests");
	}
	challenger_destroy(challenger);
	EVP_MD_CTX_free(context);
}

static bool read_number(const char *text, size_t *number)
{
	char *end = NULL;
	errno = 0;
	unsigned long long read = strtoull(text, &end, 10);
	*number = (size_t)read;
	return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static void read_challenge_key(struct bench *bench)
{
	const char *hex = getenv("CHALLENGE_KEY");
	long length = 0;
	unsigned char *key = hex == NULL ? NULL : OPENSSL_hexstr2buf(hex, &length);
	if (key == NULL || length != CHALLENGE_KEY_SIZE)
		fail("CHALLENGE_KEY is not 32 bytes in hexadecimal");
	memcpy(bench->challenge_key, key, CHALLENGE_KEY_SIZE);
	OPENSSL_free(key);
}

static int usage(void)
{
	(void)fputs("usage: card_load cards FOLDER CARDS MEMBERS UNKNOWN\n"
		    "       card_load requests FOLDER cards|unknown HOLDER COUNT FIRST\n",
		stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct bench bench = { .folder = argc > 2 ? argv[2] : "" };
	size_t members = 0;
	size_t unknown = 0;
	size_t count = 0;
	if (argc == 6 && strcmp(argv[1], "cards") == 0 && read_number(argv[3], &count) &&
		read_number(argv[4], &members) && read_number(argv[5], &unknown)) {
		make_ca(&bench);
		make_keys(&bench);
		make_cards(&bench, unknown, "unknown.txt");
		free_cards(&bench);
		make_cards(&bench, count, "cards.txt");
		write_rows(&bench, members);
	} else if (argc == 7 && strcmp(argv[1], "requests") == 0 && read_number(argv[5], &bench.wanted) &&
		   read_number(argv[6], &bench.first)) {
		bench.holder = (struct slice){ argv[4], strlen(argv[4]) };
		read_challenge_key(&bench);
		read_keys(&bench);
		read_cards(&bench, argv[3]);
		share_out(&bench, make_some_requests);
		if (fflush(stdout) != 0)
			fail("cannot write the requests");
	} else {
		return usage();
	}
	free_cards(&bench);
	for (size_t i = 0; i < KEYS; i++)
		EVP_PKEY_free(bench.keys[i]);
	EVP_PKEY_free(bench.ca_key);
	X509_free(bench.ca);
	return 0;
}
