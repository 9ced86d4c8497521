#include "trust/anchors.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/log.h"
#include "trust/files.h"
#include "trust/library.h"

#define FILE_MAX ((size_t)1024 * 1024)

static const char *const use_names[ANCHOR_USES] = { "cards", "phones", "signing" };

struct loading {
	struct anchors *anchors;
	enum anchor_use use;
};

static enum outcome refuse(const char *path, const char *why)
{
	log_line(LOG_LEVEL_ERROR, "trust", "%s: %s", path, why);
	return OUTCOME_INVALID;
}

static enum outcome no_memory(const char *what)
{
	log_line(LOG_LEVEL_ERROR, "trust", "%s: no memory", what);
	return OUTCOME_NO_MEMORY;
}

static bool keep_key_identifier(struct anchor *anchor, X509 *x509)
{
	const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(x509);
	int length = identifier == NULL ? 0 : ASN1_STRING_length(identifier);
	if (length < 1 || length > KEY_IDENTIFIER_MAX)
		return false;
	anchor->key_identifier_length = (size_t)length;
	memcpy(anchor->key_identifier, ASN1_STRING_get0_data(identifier), (size_t)length);
	return true;
}

/* The certificate becomes the anchors'. */
static enum outcome add_anchor(struct loading *loading, const char *path, X509 *x509)
{
	struct anchors *anchors = loading->anchors;
	if (anchors->count == ANCHORS_MAX) {
		X509_free(x509);
		return refuse(path, "too many anchors");
	}
	struct anchor *anchor = &anchors->list[anchors->count];
	*anchor = (struct anchor){ .use = loading->use, .x509 = x509 };
	bool usable = keep_key_identifier(anchor, x509) && X509_check_ca(x509) == 1 &&
		      X509_get0_pubkey(x509) != NULL;
	struct slice identifier = { (const char *)anchor->key_identifier, anchor->key_identifier_length };
	bool known = usable && anchors_find(anchors, identifier) != NULL;
	if (!usable || known) {
		X509_free(x509);
		return refuse(path, known ? "an anchor with this key identifier is there already"
					  : "not a CA certificate with a key identifier");
	}
	anchors->count++;
	return OUTCOME_OK;
}

static enum outcome take_pem(void *owner, const char *path, struct slice content)
{
	struct loading *loading = owner;
	size_t before = loading->anchors->count;
	enum outcome outcome = OUTCOME_OK;
	BIO *pem = BIO_new_mem_buf(content.at, (int)content.length);
	if (pem == NULL)
		return OUTCOME_NO_MEMORY;
	ERR_clear_error();
	library_watch();
	for (;;) {
		X509 *x509 = PEM_read_bio_X509(pem, NULL, NULL, NULL);
		if (x509 == NULL)
			break;
		outcome = add_anchor(loading, path, x509);
		if (outcome != OUTCOME_OK)
			break;
	}
	BIO_free(pem);
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	if (library_ran_short())
		return no_memory(path);
	if (outcome == OUTCOME_OK && (loading->anchors->count == before || !ended))
		outcome = refuse(path, "no PEM certificate, or a broken one");
	return outcome;
}

static enum outcome add_policies(struct anchors *anchors, enum anchor_use use, const char *list)
{
	while (*list != '\0') {
		char text[128];
		size_t length = strcspn(list, ",");
		struct slice one = slice_trim((struct slice){ list, length });
		if (one.length == 0 || one.length >= sizeof text ||
			anchors->policy_count[use] == POLICIES_MAX)
			return refuse(use_names[use], "the policies are not a list of object identifiers");
		memcpy(text, one.at, one.length);
		text[one.length] = '\0';
		library_watch();
		ASN1_OBJECT *policy = OBJ_txt2obj(text, 1);
		if (policy == NULL) {
			ERR_clear_error();
			if (library_ran_short())
				return no_memory(use_names[use]);
			return refuse(use_names[use], "a policy is not an object identifier");
		}
		anchors->policies[use][anchors->policy_count[use]++] = policy;
		list += length + (list[length] == ',' ? 1 : 0);
	}
	return OUTCOME_OK;
}

enum outcome anchors_load(const struct anchor_settings *settings, struct anchors *anchors)
{
	*anchors = (struct anchors){ .count = 0 };
	enum outcome outcome = OUTCOME_OK;
	for (int use = 0; use < ANCHOR_USES && outcome == OUTCOME_OK; use++) {
		struct loading loading = { .anchors = anchors, .use = (enum anchor_use)use };
		if (settings->paths[use] != NULL && settings->paths[use][0] != '\0')
			outcome = files_each(settings->paths[use], FILE_MAX, take_pem, &loading);
		if (outcome == OUTCOME_OK && settings->policies[use] != NULL)
			outcome = add_policies(anchors, (enum anchor_use)use, settings->policies[use]);
	}
	if (outcome != OUTCOME_OK)
		anchors_free(anchors);
	return outcome;
}

void anchors_free(struct anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++)
		X509_free(anchors->list[i].x509);
	for (int use = 0; use < ANCHOR_USES; use++) {
		for (size_t i = 0; i < anchors->policy_count[use]; i++)
			ASN1_OBJECT_free(anchors->policies[use][i]);
	}
	*anchors = (struct anchors){ .count = 0 };
}

const struct anchor *anchors_find(const struct anchors *anchors, struct slice key_identifier)
{
	for (size_t i = 0; i < anchors->count; i++) {
		const struct anchor *anchor = &anchors->list[i];
		if (anchor->key_identifier_length == key_identifier.length &&
			memcmp(anchor->key_identifier, key_identifier.at, key_identifier.length) == 0)
			return anchor;
	}
	return NULL;
}
