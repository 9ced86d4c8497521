/* shikakud card register: makes a card known, validated in full, and registers its use (利用登録, R5.6). For operators and the
 * demonstration. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "commands.h"
#include "rules/certificate_status.h"
#include "rules/identifiers.h"
#include "store/command.h"
#include "trust/certificate.h"
#include "trust/digest.h"
#include "trust/files.h"
#include "trust/pem.h"

#define FILE_MAX ((size_t)64 * 1024)
#define WORD_MAX 32
#define ARENA_MAX ((size_t)256 * 1024)

struct card_wish {
	const char *file;
	const char *person;
	char insurer_number[INSURER_NUMBER_DIGITS + 1];
	const char *member_id; /* NULL: by `person` */
	const char *channel; /* NULL: known only */
};

static int wrong(const char *words)
{
	fprintf(stderr, "shikakud card: %s\n", words);
	return 2;
}

static int refused(const char *words)
{
	fprintf(stderr, "shikakud card: %s\n", words);
	return 1;
}

static void keep_word(void *owner, const char *const columns[], int count)
{
	(void)count;
	char *word = owner;
	(void)snprintf(word, WORD_MAX, "%s", columns[0]);
}

static int say_result(const char *word)
{
	static const struct {
		const char *word;
		const char *said;
	} refusals[] = {
		{ "no_person", "there is no such person" },
		{ "other_person", "this certificate is known as another person's" },
		{ "other_certificate", "another certificate with this issuer and serial number is known" },
		{ "not_registrable", "no card can be registered for this person" },
	};
	if (strcmp(word, "registered") == 0 || strcmp(word, "known") == 0) {
		puts(word);
		return 0;
	}
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (strcmp(refusals[i].word, word) == 0)
			return refused(refusals[i].said);
	}
	return refused("the database gave no answer");
}

static int store_card(const struct config *config, const struct card_wish *wish, struct slice der,
	const struct certificate *certificate, const struct anchor *issuer)
{
	uint8_t digest[SHA256_SIZE];
	char not_before[INSTANT_TEXT_SIZE];
	char not_after[INSTANT_TEXT_SIZE];
	char now[INSTANT_TEXT_SIZE];
	char word[WORD_MAX] = "";
	digest_once(der.at, der.length, digest);
	instant_format(certificate->not_before, not_before);
	instant_format(certificate->not_after, not_after);
	instant_format(clock_read().wall, now);
	const struct command_parameter parameters[] = {
		{ .text = wish->person },
		{ .text = wish->member_id == NULL ? NULL : wish->insurer_number },
		{ .text = wish->member_id },
		{ .text = issuer->use == ANCHOR_OF_PHONES ? "phone" : "card" },
		{ .bytes = digest, .length = sizeof digest },
		{ .bytes = issuer->key_identifier, .length = issuer->key_identifier_length },
		{ .bytes = certificate->serial, .length = certificate->serial_length },
		{ .text = not_before },
		{ .text = not_after },
		{ .bytes = certificate->key.bytes, .length = certificate->key.length },
		{ .text = wish->channel },
		{ .text = now },
	};
	if (command_run(config->database_url, STATEMENT_REGISTER_CARD, parameters, 12, keep_word, word) !=
		OUTCOME_OK)
		return 1;
	log_security(
		"card registration result=%s channel=%s", word, wish->channel == NULL ? "-" : wish->channel);
	return say_result(word);
}

/* As at the desk, and that it may still be used: who registers wants to use it. */
static const char *why_not(
	const struct certificate *certificate, const struct anchor *issuer, const struct trust *trust)
{
	int64_t now = clock_read().wall;
	struct slice key = { (const char *)issuer->key_identifier, issuer->key_identifier_length };
	struct slice serial = { (const char *)certificate->serial, certificate->serial_length };
	enum revocation_state listed = revocation_of(trust->revocation, key, serial, now);
	if (now < certificate->not_before)
		return "the certificate is not valid yet";
	if (now >= certificate->not_after + MICROSECONDS)
		return "the certificate has expired";
	if (listed == REVOCATION_REVOKED || listed == REVOCATION_HELD)
		return listed == REVOCATION_HELD ? "the certificate is on hold"
						 : "the certificate is revoked";
	return NULL;
}

static int register_der(const struct config *config, const struct card_wish *wish, const struct trust *trust,
	struct arena *arena, struct slice der)
{
	struct certificate certificate;
	const struct anchor *issuer = NULL;
	if (certificate_read(arena, der, &certificate) != OUTCOME_OK)
		return refused("the file holds no certificate that can be read");
	switch (certificate_judge(&certificate, &trust->anchors, &issuer)) {
	case CERTIFICATE_UNTRUSTED:
		return refused("the certificate is of no issuer that is trusted here");
	case CERTIFICATE_WRONG_PURPOSE:
		return refused("the certificate is not one for user authentication");
	case CERTIFICATE_NOT_JUDGED:
		return refused("out of memory");
	case CERTIFICATE_TRUSTED:
		break;
	}
	const char *why = why_not(&certificate, issuer, trust);
	return why != NULL ? refused(why) : store_card(config, wish, der, &certificate, issuer);
}

struct read_file {
	struct arena *arena;
	struct slice der;
};

static enum outcome keep_certificate(void *owner, const char *path, struct slice content)
{
	(void)path;
	struct read_file *file = owner;
	return pem_certificate(file->arena, content, &file->der);
}

static int register_card(const struct config *config, const struct card_wish *wish)
{
	const struct trust_settings settings = trust_settings_of(config);
	struct trust *trust = NULL;
	size_t faults = 0;
	struct arena arena;
	arena_open(&arena, ARENA_MAX);
	struct read_file file = { .arena = &arena };
	int code = 1;
	if (trust_load(&settings, &trust, &faults) != OUTCOME_OK)
		code = refused("the anchors cannot be read");
	else if (files_each(wish->file, FILE_MAX, keep_certificate, &file) != OUTCOME_OK)
		code = refused("the file holds no certificate that can be read");
	else
		code = register_der(config, wish, trust, &arena, file.der);
	trust_let_go(trust);
	arena_close(&arena);
	arena_free_spares();
	return code;
}

static bool is_channel(const char *text)
{
	static const char *const channels[] = { "reader", "portal", "atm", "municipality" };
	for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
		if (strcmp(channels[i], text) == 0)
			return true;
	}
	return false;
}

/* INSURER_NUMBER/MEMBER_ID */
static bool read_member(const char *text, struct card_wish *wish)
{
	size_t length = strcspn(text, "/");
	if (text[length] == '\0' || text[length + 1] == '\0')
		return false;
	wish->member_id = text + length + 1;
	return insurer_number_normalise(text, length, wish->insurer_number) == OUTCOME_OK;
}

static int register_from_words(const struct config *config, int count, char *const words[])
{
	struct card_wish wish = { .channel = "municipality" };
	for (int i = 0; i < count; i++) {
		bool valued = i + 1 < count;
		if (strcmp(words[i], "--known-only") == 0)
			wish.channel = NULL;
		else if (strcmp(words[i], "--person") == 0 && valued)
			wish.person = words[++i];
		else if (strcmp(words[i], "--member") == 0 && valued) {
			if (!read_member(words[++i], &wish))
				return wrong("--member must be the insurer's number, a slash, and its key of "
					     "the member");
		} else if (strcmp(words[i], "--channel") == 0 && valued) {
			wish.channel = words[++i];
			if (!is_channel(wish.channel))
				return wrong("--channel must be reader, portal, atm or municipality");
		} else if (words[i][0] != '-' && wish.file == NULL)
			wish.file = words[i];
		else
			return wrong("unknown option, or one without its value; see shikakud help");
	}
	if (wish.file == NULL || (wish.person == NULL) == (wish.member_id == NULL))
		return wrong("register takes a FILE, and either --person or --member; see shikakud help");
	return register_card(config, &wish);
}

int command_card(const struct config *config, int count, char *const words[])
{
	if (count >= 1 && strcmp(words[0], "register") == 0)
		return register_from_words(config, count - 1, words + 1);
	return wrong("register; see shikakud help");
}
