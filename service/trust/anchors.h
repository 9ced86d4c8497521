/* Whom we believe: the issuers of cards' certificates, of phones', and of those for signing, which we only recognise. */
#ifndef SHIKAKU_TRUST_ANCHORS_H
#define SHIKAKU_TRUST_ANCHORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/text.h"

#define KEY_IDENTIFIER_MAX 64
#define ANCHORS_MAX 64
#define POLICIES_MAX 8

enum anchor_use { ANCHOR_OF_CARDS, ANCHOR_OF_PHONES, ANCHOR_OF_SIGNING, ANCHOR_USES };

struct anchor {
	enum anchor_use use;
	uint8_t key_identifier[KEY_IDENTIFIER_MAX];
	size_t key_identifier_length;
	void *x509; /* OpenSSL's */
};

struct anchors {
	struct anchor list[ANCHORS_MAX];
	size_t count;
	/* One of them must be in a certificate of that use; OpenSSL's objects. */
	void *policies[ANCHOR_USES][POLICIES_MAX];
	size_t policy_count[ANCHOR_USES];
};

/* Where they stand: each a file or a folder of PEM files, "" for none; policies as comma-separated object identifiers. */
struct anchor_settings {
	const char *paths[ANCHOR_USES];
	const char *policies[ANCHOR_USES];
};

/* OUTCOME_INVALID after a log line: a path that cannot be read, a file that holds no certificate or one of no CA, two anchors with
 * one key identifier, more than fit, a policy that is none. `anchors` is then empty. */
enum outcome MUST_CHECK anchors_load(const struct anchor_settings *settings, struct anchors *anchors);
void anchors_free(struct anchors *anchors);

/* NULL when there is none. */
const struct anchor *anchors_find(const struct anchors *anchors, struct slice key_identifier);

#endif
