/* What a long revocation list costs: the time to load it, the memory that takes and keeps, and a look-up.
 *
 *   crl_bench make CA_PEM CA_KEY FILE ENTRIES       a list of this issuer, current for a week, as DER; serials of 16 bytes
 *   crl_bench measure CA_PEM FILE ENTRIES           loads it as the service does, and looks up
 *
 * `measure` prints one line: seconds to load, KiB at most (VmHWM), KiB kept (VmRSS less what the process had before), nanoseconds
 * a look-up of serials that the list has, and of such that it has not. Exit 0 done, 1 failed, 2 wrong usage. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "trust/trust.h"

#define SERIAL_SIZE 16
#define LOOKUPS ((size_t)2 * 1000 * 1000)
#define WEEK (7L * 24 * 60 * 60)

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "crl_bench: %s\n", what);
	exit(1);
}

static void *must(void *made, const char *what)
{
	if (made == NULL)
		fail(what);
	return made;
}

/* splitmix64: a number's own random bits, so that list and look-ups agree without keeping anything. */
static uint64_t mix(uint64_t number)
{
	number += UINT64_C(0x9e3779b97f4a7c15);
	number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
	return number ^ number >> 31;
}

static void serial_of(uint64_t number, uint8_t serial[SERIAL_SIZE])
{
	uint64_t halves[2] = { mix(2 * number), mix(2 * number + 1) };
	memcpy(serial, halves, SERIAL_SIZE);
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and of 16 bytes */
}

static FILE *open_file(const char *path, const char *mode)
{
	return must(fopen(path, mode), path);
}

static void add_entry(X509_CRL *crl, uint64_t number, const ASN1_TIME *when)
{
	uint8_t serial[SERIAL_SIZE];
	serial_of(number, serial);
	X509_REVOKED *revoked = must(X509_REVOKED_new(), "no memory");
	ASN1_INTEGER *integer = must(ASN1_INTEGER_new(), "no memory");
	if (ASN1_STRING_set(integer, serial, SERIAL_SIZE) != 1 ||
		X509_REVOKED_set_serialNumber(revoked, integer) != 1 ||
		X509_REVOKED_set_revocationDate(revoked, (ASN1_TIME *)when) != 1 ||
		X509_CRL_add0_revoked(crl, revoked) != 1)
		fail("cannot add an entry");
	ASN1_INTEGER_free(integer);
}

static void add_identifier(X509_CRL *crl, X509 *ca)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, ca, NULL, NULL, crl, 0);
	X509_EXTENSION *extension =
		must(X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid"),
			"no key identifier");
	if (X509_CRL_add_ext(crl, extension, -1) != 1)
		fail("no key identifier");
	X509_EXTENSION_free(extension);
}

static void make(const char *ca_path, const char *key_path, const char *path, size_t entries)
{
	FILE *file = open_file(ca_path, "r");
	X509 *ca = must(PEM_read_X509(file, NULL, NULL, NULL), ca_path);
	(void)fclose(file);
	file = open_file(key_path, "r");
	EVP_PKEY *key = must(PEM_read_PrivateKey(file, NULL, NULL, NULL), key_path);
	(void)fclose(file);

	X509_CRL *crl = must(X509_CRL_new(), "no memory");
	ASN1_TIME *from = must(X509_gmtime_adj(NULL, -3600), "no time");
	ASN1_TIME *until = must(X509_gmtime_adj(NULL, WEEK), "no time");
	if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
		X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) != 1 ||
		X509_CRL_set1_lastUpdate(crl, from) != 1 || X509_CRL_set1_nextUpdate(crl, until) != 1)
		fail("no list");
	add_identifier(crl, ca);
	for (size_t i = 0; i < entries; i++)
		add_entry(crl, i, from);
	if (X509_CRL_sign(crl, key, EVP_sha256()) == 0)
		fail("cannot sign");
	file = open_file(path, "w");
	if (i2d_X509_CRL_fp(file, crl) != 1 || fclose(file) != 0)
		fail(path);
	X509_CRL_free(crl);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	EVP_PKEY_free(key);
	X509_free(ca);
}

/* KiB of a line of /proc/self/status. */
static long memory(const char *name)
{
	char line[256];
	long kib = 0;
	FILE *file = open_file("/proc/self/status", "r");
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtol(line + strlen(name), NULL, 10);
	}
	(void)fclose(file);
	return kib;
}

static double seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Nanoseconds a look-up of random serials among those that start at `first`. All must be in the state that is expected. */
static double look_up(
	const struct trust *trust, uint64_t first, size_t entries, enum revocation_state expected)
{
	const struct anchor *anchor = &trust->anchors.list[0];
	struct slice issuer = { (const char *)anchor->key_identifier, anchor->key_identifier_length };
	int64_t now = clock_read().wall;
	size_t right = 0;
	uint8_t(*serials)[SERIAL_SIZE] = must(malloc(LOOKUPS * sizeof *serials), "no memory");
	for (size_t i = 0; i < LOOKUPS; i++)
		serial_of(first + mix(~(uint64_t)i) % entries, serials[i]);
	double begin = seconds();
	for (size_t i = 0; i < LOOKUPS; i++) {
		struct slice serial = { (const char *)serials[i], SERIAL_SIZE };
		right += revocation_of(trust->revocation, issuer, serial, now) == expected;
	}
	double took = seconds() - begin;
	free(serials);
	if (right != LOOKUPS)
		fail("a look-up was wrong");
	return took / (double)LOOKUPS * 1e9;
}

static void measure(const char *ca_path, const char *path, size_t entries)
{
	struct trust_settings settings = { .crls = path };
	settings.anchors.paths[ANCHOR_OF_CARDS] = ca_path;
	struct trust *trust = NULL;
	size_t faults = 0;
	long before = memory("VmRSS:");
	double begin = seconds();
	if (trust_load(&settings, &trust, &faults) != OUTCOME_OK || faults != 0)
		fail("the list cannot be loaded");
	double took = seconds() - begin;
	long most = memory("VmHWM:");
	long kept = memory("VmRSS:") - before;
	double hit = look_up(trust, 0, entries, REVOCATION_REVOKED);
	double miss = look_up(trust, entries, entries, REVOCATION_GOOD);
	printf("%.3f %ld %ld %.1f %.1f\n", took, most, kept, hit, miss);
	trust_let_go(trust);
}

static bool read_number(const char *text, size_t *number)
{
	char *end = NULL;
	errno = 0;
	unsigned long long read = strtoull(text, &end, 10);
	*number = (size_t)read;
	return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

int main(int argc, char **argv)
{
	size_t entries = 0;
	if (argc == 6 && strcmp(argv[1], "make") == 0 && read_number(argv[5], &entries)) {
		make(argv[2], argv[3], argv[4], entries);
		return 0;
	}
	if (argc == 5 && strcmp(argv[1], "measure") == 0 && read_number(argv[4], &entries) && entries > 0) {
		measure(argv[2], argv[3], entries);
		return 0;
	}
	(void)fputs("usage: crl_bench make CA_PEM CA_KEY FILE ENTRIES\n"
		    "       crl_bench measure CA_PEM FILE ENTRIES\n",
		stderr);
	return 2;
}
