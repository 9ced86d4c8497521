/* Signatures that others' code has got wrong: the vectors of C2SP Wycheproof through trust/signature.c (R5.1). WYCHEPROOF names a
 * folder with its testvectors or testvectors_v1; without one there is nothing to do. */
#include "authority.h"
#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "trust/signature.h"

#define MESSAGE_MAX 65536

static struct verifier *verifier;

struct tally {
	int files;
	int vectors;
	int passed_over; /* in groups of a kind that no card has */
	int failures;
};

struct group {
	const char *file;
	enum signature_algorithm algorithm;
	struct public_key key;
};

static const char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text == NULL ? "" : text;
}

/* The number of bytes, or -1 where it is no hexadecimal text or longer than `size`. */
static long bytes_of(const char *hexadecimal, unsigned char *bytes, size_t size)
{
	size_t length = strlen(hexadecimal);
	if (length % 2 != 0 || length / 2 > size)
		return -1;
	for (size_t i = 0; i < length; i += 2) {
		unsigned value = 0;
		if (sscanf(hexadecimal + i, "%2x", &value) != 1)
			return -1;
		bytes[i / 2] = (unsigned char)value;
	}
	return (long)(length / 2);
}

/* What they call a key has had several names. */
static EVP_PKEY *read_key_der(const json_t *group)
{
	static const char *const names[] = { "publicKeyDer", "keyDer" };
	for (int i = 0; i < 2; i++) {
		unsigned char der[2048];
		const unsigned char *at = der;
		long length = bytes_of(text_at(group, names[i]), der, sizeof der);
		EVP_PKEY *key = length > 0 ? d2i_PUBKEY(NULL, &at, length) : NULL;
		if (key != NULL)
			return key;
	}
	return NULL;
}

static bool read_point(const json_t *group, struct public_key *key)
{
	static const char *const names[] = { "publicKey", "key" };
	for (int i = 0; i < 2; i++) {
		const json_t *named = json_object_get(group, names[i]);
		long length = bytes_of(text_at(named, "uncompressed"), key->bytes + 1, PUBLIC_KEY_MAX - 1);
		if (length > 0) {
			key->bytes[0] = 'P';
			key->length = 1 + (size_t)length;
			return true;
		}
	}
	return false;
}

static bool read_modulus(const json_t *group, struct public_key *key)
{
	unsigned char modulus[1024];
	unsigned char exponent[EVP_MAX_MD_SIZE];
	const json_t *named = json_object_get(group, "publicKey");
	const char *n = text_at(named, "modulus");
	const char *e = text_at(named, "publicExponent");
	long length = bytes_of(*n != '\0' ? n : text_at(group, "n"), modulus, sizeof modulus);
	long exponent_length = bytes_of(*e != '\0' ? e : text_at(group, "e"), exponent, sizeof exponent);
	long zeros = length > 0 && modulus[0] == 0 ? 1 : 0;
	if (length < 1 || length - zeros > PUBLIC_KEY_MAX - 5 || exponent_length < 1 || exponent_length > 4)
		return false;
	memset(key->bytes, 0, 5);
	key->bytes[0] = 'R';
	memcpy(key->bytes + 5 - exponent_length, exponent, (size_t)exponent_length);
	memcpy(key->bytes + 5, modulus + zeros, (size_t)(length - zeros));
	key->length = 5 + (size_t)(length - zeros);
	return true;
}

static bool read_key(const json_t *group, bool is_rsa, struct public_key *key)
{
	if (is_rsa ? read_modulus(group, key) : read_point(group, key))
		return true;
	EVP_PKEY *parsed = read_key_der(group);
	bool fits = parsed != NULL && EVP_PKEY_get_base_id(parsed) == (is_rsa ? EVP_PKEY_RSA : EVP_PKEY_EC) &&
		    EVP_PKEY_get_bits(parsed) <= 4096;
	if (fits)
		*key = short_form(parsed);
	EVP_PKEY_free(parsed);
	return fits;
}

/* False for what no card signs with. */
static bool understand(const json_t *group, struct group *understood)
{
	const char *type = text_at(group, "type");
	const char *hash = text_at(group, "sha");
	bool is_rsa = strcmp(type, "RsassaPkcs1Verify") == 0;
	if (!is_rsa && strcmp(type, "EcdsaVerify") != 0 && strcmp(type, "EcdsaP1363Verify") != 0)
		return false;
	if (!read_key(group, is_rsa, &understood->key))
		return false;
	if (is_rsa) {
		understood->algorithm = SIGNATURE_RS256;
		return strcmp(hash, "SHA-256") == 0;
	}
	bool is_p256 = understood->key.length == 1 + 65;
	bool is_p384 = understood->key.length == 1 + 97;
	const json_t *named = json_object_get(group, "publicKey");
	const char *curve = text_at(named != NULL ? named : json_object_get(group, "key"), "curve");
	understood->algorithm = is_p256 ? SIGNATURE_ES256 : SIGNATURE_ES384;
	return (is_p256 && strcmp(hash, "SHA-256") == 0 && strcmp(curve, "secp256r1") == 0) ||
	       (is_p384 && strcmp(hash, "SHA-384") == 0 && strcmp(curve, "secp384r1") == 0);
}

static bool has_flag(const json_t *vector, const char *flag)
{
	size_t at;
	const json_t *one;
	json_array_foreach(json_object_get(vector, "flags"), at, one)
	{
		if (strcmp(json_string_value(one), flag) == 0)
			return true;
	}
	return false;
}

/* What is called acceptable for an encoding that is not quite DER is ours to refuse. */
static bool is_badly_encoded(const json_t *vector)
{
	return has_flag(vector, "MissingNull") || has_flag(vector, "MissingZero") || has_flag(vector, "BER");
}

/* "acceptable" leaves it to the reader. */
static bool is_as_it_should(const json_t *vector, enum outcome outcome)
{
	const char *result = text_at(vector, "result");
	if (strcmp(result, "valid") == 0)
		return outcome == OUTCOME_OK;
	if (strcmp(result, "acceptable") == 0 && !is_badly_encoded(vector))
		return outcome == OUTCOME_OK || outcome == OUTCOME_INVALID;
	return outcome == OUTCOME_INVALID;
}

static void look_at(const struct group *group, const json_t *vector, struct tally *tally)
{
	static unsigned char message[MESSAGE_MAX];
	static unsigned char signature[MESSAGE_MAX];
	long message_length = bytes_of(text_at(vector, "msg"), message, sizeof message);
	long signature_length = bytes_of(text_at(vector, "sig"), signature, sizeof signature);
	int number = (int)json_integer_value(json_object_get(vector, "tcId"));
	enum outcome outcome = OUTCOME_INTERNAL;
	tally->vectors++;
	if (message_length >= 0 && signature_length >= 0)
		outcome = signature_check(verifier, group->algorithm,
			(struct slice){ (const char *)group->key.bytes, group->key.length },
			(struct slice){ (const char *)message, (size_t)message_length },
			(struct slice){ (const char *)signature, (size_t)signature_length });
	if (!is_as_it_should(vector, outcome)) {
		print_error("%s: tcId %d (%s) is %s, and was %s (outcome %d)\n", group->file, number,
			text_at(vector, "comment"), text_at(vector, "result"),
			outcome == OUTCOME_OK ? "taken" : "not taken", (int)outcome);
		tally->failures++;
	}
}

static void look_into(const char *folder, const char *file, struct tally *tally)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", folder, file);
	json_t *document = json_load_file(path, 0, NULL);
	if (document == NULL) {
		print_error("%s cannot be read\n", path);
		tally->failures++;
		return;
	}
	size_t at;
	const json_t *one;
	tally->files++;
	json_array_foreach(json_object_get(document, "testGroups"), at, one)
	{
		struct group group = { .file = file };
		const json_t *tests = json_object_get(one, "tests");
		size_t i;
		const json_t *vector;
		if (!understand(one, &group)) {
			tally->passed_over += (int)json_array_size(tests);
			continue;
		}
		json_array_foreach(tests, i, vector) look_at(&group, vector, tally);
	}
	json_decref(document);
}

static bool is_ours(const char *name)
{
	bool of_signatures = strncmp(name, "rsa_signature_", 14) == 0 || strncmp(name, "ecdsa_", 6) == 0;
	const char *end = strrchr(name, '.');
	return of_signatures && end != NULL && strcmp(end, ".json") == 0;
}

static void no_known_forgery_proves_a_card_R5_1(void **state)
{
	(void)state;
	struct tally tally = { .files = 0 };
	const char *folder = getenv("WYCHEPROOF");
	DIR *entries = folder == NULL || *folder == '\0' ? NULL : opendir(folder);
	if (folder != NULL && *folder != '\0' && entries == NULL)
		fail_msg("the folder that WYCHEPROOF names cannot be read: %s", folder);
	for (struct dirent *entry = entries == NULL ? NULL : readdir(entries); entry != NULL;
		entry = readdir(entries)) {
		if (is_ours(entry->d_name))
			look_into(folder, entry->d_name, &tally);
	}
	if (entries != NULL)
		(void)closedir(entries);
	if (tally.files == 0 && tally.failures == 0) {
		print_message("wycheproof: skipped (WYCHEPROOF names no folder with vectors)\n");
		skip();
	}
	print_message("wycheproof: %d files, %d vectors, %d of other kinds passed over, %d failed\n",
		tally.files, tally.vectors, tally.passed_over, tally.failures);
	assert_int_equal(tally.failures, 0);
	assert_true(tally.vectors > 0);
}

static int set_up(void **state)
{
	(void)state;
	return verifier_create(&verifier) == OUTCOME_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	verifier_destroy(verifier);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_known_forgery_proves_a_card_R5_1),
	};
	return cmocka_run_group_tests_name("wycheproof", tests, set_up, tear_down);
}
