#include "cases/card_lookup.h"

#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "cases/resident_register.h"

static void learnt(struct lane_question *question, enum outcome outcome)
{
	struct card_learning_question *learning = (struct card_learning_question *)question;
	struct card_lookup *lookup =
		(struct card_lookup *)((char *)learning - offsetof(struct card_lookup, learning));
	if (outcome == OUTCOME_OK && learning->learned == CARD_LEARNED_OTHERWISE)
		log_line(LOG_LEVEL_WARNING, "register",
			"a certificate is known here otherwise than the resident register says");
	if (outcome == OUTCOME_OK && learning->learned != CARD_LEARNED)
		outcome = OUTCOME_NOT_FOUND;
	lookup->looked_up(lookup, outcome);
}

static void answered(struct outbound_question *question, enum outcome outcome)
{
	struct card_lookup *lookup =
		(struct card_lookup *)((char *)question - offsetof(struct card_lookup, question));
	struct card_learning_question *learning = &lookup->learning;
	if (outcome == OUTCOME_OK)
		outcome = register_read_card_lookup(lookup->arena, question, &learning->person_code);
	if (outcome == OUTCOME_UNAVAILABLE)
		outcome = OUTCOME_REFUSED;
	if (outcome == OUTCOME_OK) {
		learning->question.answered = learnt;
		outcome = store_learn_card(lookup->cases->store, learning);
	}
	if (outcome != OUTCOME_OK)
		lookup->looked_up(lookup, outcome);
}

static struct slice hex_of(struct arena *arena, const uint8_t *bytes, size_t length)
{
	char *hex = arena_take_raw(arena, 2 * length + 1);
	if (hex == NULL)
		return (struct slice){ NULL, 0 };
	text_hex(bytes, length, hex);
	return (struct slice){ hex, 2 * length };
}

static bool keep_card(struct card_lookup *lookup, const struct certificate *certificate,
	const struct anchor *issuer, const uint8_t digest[SHA256_SIZE])
{
	struct card_learning_question *learning = &lookup->learning;
	learning->medium = slice_of(issuer->use == ANCHOR_OF_PHONES ? "phone" : "card");
	memcpy(learning->certificate_digest, digest, DIGEST_SIZE);
	learning->issuer_key_identifier =
		hex_of(lookup->arena, issuer->key_identifier, issuer->key_identifier_length);
	learning->serial = hex_of(lookup->arena, certificate->serial, certificate->serial_length);
	learning->public_key = hex_of(lookup->arena, certificate->key.bytes, certificate->key.length);
	learning->not_before = certificate->not_before;
	learning->not_after = certificate->not_after;
	learning->now = lookup->now.wall;
	return learning->issuer_key_identifier.at != NULL && learning->serial.at != NULL &&
	       learning->public_key.at != NULL;
}

void card_lookup_begin(struct card_lookup *lookup, const struct certificate *certificate,
	const struct anchor *issuer, const uint8_t digest[SHA256_SIZE])
{
	enum outcome outcome = OUTCOME_NO_MEMORY;
	lookup->question.path = REGISTER_CARD_LOOKUPS;
	lookup->question.answered = answered;
	if (keep_card(lookup, certificate, issuer, digest))
		outcome = register_write_card_lookup(lookup->arena, lookup->learning.issuer_key_identifier,
			lookup->learning.serial, &lookup->question.body);
	if (outcome == OUTCOME_OK) {
		outcome = outbound_ask(lookup->cases->register_line, &lookup->question);
		/* So many wait for it that it is as good as away. */
		if (outcome == OUTCOME_BUSY)
			outcome = OUTCOME_REFUSED;
	}
	if (outcome != OUTCOME_OK)
		lookup->looked_up(lookup, outcome);
}
