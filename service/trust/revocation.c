#include "trust/revocation.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/log.h"
#include "trust/certificate.h"
#include "trust/files.h"
#include "trust/library.h"

/* Some 40 bytes an entry: lists of ten million. */
#define FILE_MAX ((size_t)512 * 1024 * 1024)
#define NOT_THERE UINT32_MAX

struct entry {
	uint8_t serial[SERIAL_MAX]; /* without leading zeros, the rest zero */
	uint8_t length;
	uint8_t held;
};

/* One issuer's list: entries and, by hash, where they are. Open addressing, at most half full. */
struct list {
	struct revocation_issuer issuer;
	struct entry *entries;
	uint32_t *slots;
	size_t slot_mask;
};

struct revocation_index {
	size_t count;
	struct list lists[ANCHORS_MAX];
};

struct loading {
	const struct anchors *anchors;
	struct revocation_index *index;
	size_t faults;
};

/* FNV-1a. Serials are their issuer's choice, not a stranger's: nobody can make them collide on purpose. */
static size_t hash_of(const uint8_t *serial, size_t length)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ serial[i]) * UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32);
}

static const struct entry *find(const struct list *list, const uint8_t *serial, size_t length)
{
	if (list->slots == NULL)
		return NULL;
	for (size_t slot = hash_of(serial, length) & list->slot_mask; list->slots[slot] != NOT_THERE;
		slot = (slot + 1) & list->slot_mask) {
		const struct entry *entry = &list->entries[list->slots[slot]];
		if (entry->length == length && memcmp(entry->serial, serial, length) == 0)
			return entry;
	}
	return NULL;
}

static void free_list(struct list *list)
{
	free(list->entries);
	free(list->slots);
	list->entries = NULL;
	list->slots = NULL;
	list->issuer.entries = 0;
	list->issuer.this_update = 0;
	list->issuer.next_update = 0;
}

static enum outcome make_room(struct list *list, size_t count)
{
	size_t slots = 16;
	if (count >= NOT_THERE / 4)
		return OUTCOME_INVALID;
	while (slots < 2 * count)
		slots *= 2;
	list->entries = calloc(count == 0 ? 1 : count, sizeof *list->entries);
	list->slots = malloc(slots * sizeof *list->slots);
	if (list->entries == NULL || list->slots == NULL)
		return OUTCOME_NO_MEMORY;
	memset(list->slots, 0xff, slots * sizeof *list->slots);
	list->slot_mask = slots - 1;
	return OUTCOME_OK;
}

static void put_entry(struct list *list, const struct entry *entry)
{
	size_t slot = hash_of(entry->serial, entry->length) & list->slot_mask;
	while (list->slots[slot] != NOT_THERE)
		slot = (slot + 1) & list->slot_mask;
	list->slots[slot] = (uint32_t)list->issuer.entries;
	list->entries[list->issuer.entries++] = *entry;
}

/* The reason of one entry: hold, or anything else. */
static bool is_held(const X509_REVOKED *revoked)
{
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
	bool held = reason != NULL && ASN1_ENUMERATED_get(reason) == CRL_REASON_CERTIFICATE_HOLD;
	ASN1_ENUMERATED_free(reason);
	return held;
}

static enum outcome read_entries(struct list *list, X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
	int count = all == NULL ? 0 : sk_X509_REVOKED_num(all);
	enum outcome outcome = make_room(list, (size_t)count);
	for (int i = 0; i < count && outcome == OUTCOME_OK; i++) {
		const X509_REVOKED *revoked = sk_X509_REVOKED_value(all, i);
		const ASN1_INTEGER *serial = X509_REVOKED_get0_serialNumber(revoked);
		int length = ASN1_STRING_length(serial);
		struct entry entry = { .length = (uint8_t)length };
		if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || length < 1 || length > SERIAL_MAX) {
			outcome = OUTCOME_INVALID;
			break;
		}
		memcpy(entry.serial, ASN1_STRING_get0_data(serial), (size_t)length);
		entry.held = is_held(revoked);
		put_entry(list, &entry);
	}
	return outcome;
}

static int64_t wall_of(const ASN1_TIME *time)
{
	struct tm broken_down;
	if (time == NULL || ASN1_TIME_to_tm(time, &broken_down) != 1)
		return 0;
	return (int64_t)timegm(&broken_down) * MICROSECONDS;
}

static bool has_key_identifier(X509_CRL *crl, const struct anchor *anchor)
{
	AUTHORITY_KEYID *identifier = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	bool has = identifier == NULL || identifier->keyid == NULL ||
		   ((size_t)ASN1_STRING_length(identifier->keyid) == anchor->key_identifier_length &&
			   memcmp(ASN1_STRING_get0_data(identifier->keyid), anchor->key_identifier,
				   anchor->key_identifier_length) == 0);
	AUTHORITY_KEYID_free(identifier);
	return has;
}

/* By key identifier and signature, as certificates are (R5.2): generations share one name. */
static struct list *find_list(struct loading *loading, X509_CRL *crl)
{
	for (size_t i = 0; i < loading->index->count; i++) {
		const struct anchor *anchor = loading->index->lists[i].issuer.anchor;
		X509 *authority = anchor->x509;
		if (has_key_identifier(crl, anchor) &&
			X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(authority)) == 0 &&
			X509_CRL_verify(crl, X509_get0_pubkey(authority)) == 1)
			return &loading->index->lists[i];
	}
	return NULL;
}

/* A list that names only a part of an issuer's certificates, those of others, or changes to another list says nothing of those
 * that it does not name. */
static bool is_whole(X509_CRL *crl)
{
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *extension = X509_CRL_get_ext(crl, i);
		int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
		if (kind == NID_delta_crl || kind == NID_issuing_distribution_point)
			return false;
		if (X509_EXTENSION_get_critical(extension) && kind != NID_crl_number &&
			kind != NID_authority_key_identifier)
			return false;
	}
	return true;
}

static enum outcome leave_out(struct loading *loading, const char *path, const char *why)
{
	loading->faults++;
	log_line(LOG_LEVEL_ERROR, "trust", "%s: the revocation list is left out: %s", path, why);
	return OUTCOME_OK;
}

static enum outcome take_crl(struct loading *loading, const char *path, X509_CRL *crl)
{
	int64_t this_update = wall_of(X509_CRL_get0_lastUpdate(crl));
	int64_t next_update = wall_of(X509_CRL_get0_nextUpdate(crl));
	if (this_update == 0 || next_update <= this_update)
		return leave_out(loading, path, "it does not say until when it is current");
	if (!is_whole(crl))
		return leave_out(loading, path, "it is partial, indirect or a delta");
	struct list *list = find_list(loading, crl);
	if (list == NULL)
		return leave_out(loading, path, "it is not signed by an anchor of ours");
	if (this_update <= list->issuer.this_update)
		return OUTCOME_OK; /* an older one */
	struct list newer = { .issuer = { .anchor = list->issuer.anchor } };
	enum outcome outcome = read_entries(&newer, crl);
	if (outcome != OUTCOME_OK) {
		free_list(&newer);
		return outcome == OUTCOME_INVALID ? leave_out(loading, path, "an entry of it cannot be read")
						  : outcome;
	}
	newer.issuer.this_update = this_update;
	newer.issuer.next_update = next_update;
	free_list(list);
	*list = newer;
	return OUTCOME_OK;
}

static X509_CRL *read_der(struct slice content)
{
	const unsigned char *at = (const unsigned char *)content.at;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)content.length);
	if (crl != NULL && at != (const unsigned char *)content.at + content.length) {
		X509_CRL_free(crl);
		crl = NULL;
	}
	return crl;
}

static X509_CRL *read_pem(struct slice content)
{
	BIO *pem = BIO_new_mem_buf(content.at, (int)content.length);
	X509_CRL *crl = pem == NULL ? NULL : PEM_read_bio_X509_CRL(pem, NULL, NULL, NULL);
	BIO_free(pem);
	return crl;
}

static enum outcome take_file(void *owner, const char *path, struct slice content)
{
	static const char pem_begin[] = "-----BEGIN";
	struct loading *loading = owner;
	bool is_pem = content.length >= sizeof pem_begin &&
		      memcmp(content.at, pem_begin, sizeof pem_begin - 1) == 0;
	ERR_clear_error();
	library_watch();
	X509_CRL *crl = is_pem ? read_pem(content) : read_der(content);
	enum outcome outcome = OUTCOME_OK;
	if (crl != NULL)
		outcome = take_crl(loading, path, crl);
	else if (!library_ran_short())
		outcome = leave_out(loading, path, "it cannot be read");
	X509_CRL_free(crl);
	ERR_clear_error();
	/* What was read in want of memory may be less than what is written there. */
	if (library_ran_short() || outcome == OUTCOME_NO_MEMORY) {
		log_line(LOG_LEVEL_ERROR, "trust", "%s: no memory", path);
		outcome = OUTCOME_NO_MEMORY;
	}
	return outcome;
}

enum outcome revocation_load(
	const char *path, const struct anchors *anchors, struct revocation_index **loaded, size_t *faults)
{
	struct loading loading = { .anchors = anchors };
	*loaded = NULL;
	*faults = 0;
	loading.index = calloc(1, sizeof *loading.index);
	if (loading.index == NULL)
		return OUTCOME_NO_MEMORY;
	for (size_t i = 0; i < anchors->count; i++)
		loading.index->lists[i].issuer.anchor = &anchors->list[i];
	loading.index->count = anchors->count;
	enum outcome outcome = path == NULL || path[0] == '\0'
				       ? OUTCOME_OK
				       : files_each(path, FILE_MAX, take_file, &loading);
	*faults = loading.faults;
	if (outcome != OUTCOME_OK) {
		revocation_free(loading.index);
		return outcome;
	}
	*loaded = loading.index;
	return OUTCOME_OK;
}

void revocation_free(struct revocation_index *index)
{
	if (index == NULL)
		return;
	for (size_t i = 0; i < index->count; i++)
		free_list(&index->lists[i]);
	free(index);
}

static const struct list *list_of(const struct revocation_index *index, struct slice key_identifier)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct anchor *anchor = index->lists[i].issuer.anchor;
		if (anchor->key_identifier_length == key_identifier.length &&
			memcmp(anchor->key_identifier, key_identifier.at, key_identifier.length) == 0)
			return &index->lists[i];
	}
	return NULL;
}

bool revocation_is_current(const struct revocation_issuer *issuer, int64_t now)
{
	return issuer->this_update <= now && now < issuer->next_update;
}

enum revocation_state revocation_of(const struct revocation_index *index, struct slice issuer_key_identifier,
	struct slice serial, int64_t now)
{
	const struct list *list = list_of(index, issuer_key_identifier);
	if (list == NULL)
		return REVOCATION_UNKNOWN;
	const struct entry *entry = find(list, (const uint8_t *)serial.at, serial.length);
	if (entry != NULL)
		return entry->held != 0 ? REVOCATION_HELD : REVOCATION_REVOKED;
	return revocation_is_current(&list->issuer, now) ? REVOCATION_GOOD : REVOCATION_UNKNOWN;
}

const struct revocation_issuer *revocation_issuer_at(const struct revocation_index *index, size_t at)
{
	return at < index->count ? &index->lists[at].issuer : NULL;
}
