/* Revocation lists with a good signature (R5.5): whatever is in one, each serial that a second reader finds in its bytes is found
 * withdrawn, none else is, and a list that speaks of a part only is left out.
 *
 * Input: a byte that says who signs, then what is signed (a TBSCertList). */
#include "target.h"

#include <string.h>

#include "der.h"
#include "signer.h"
#include "trust/certificate.h"
#include "trust/revocation.h"

#define ENTRIES_MAX 512

struct entry_read {
	struct der serial;
	bool held;
	bool ordinary; /* a positive serial of a usual length, no reason given twice, nor more than one in it */
};

struct list_read {
	struct entry_read entries[ENTRIES_MAX];
	size_t count;
	bool partial; /* a delta, or of one distribution point */
	bool unknown_critical;
	bool too_long;
};

static void read_reason(struct der extensions, struct entry_read *entry)
{
	struct der_element list;
	struct der_element one;
	struct der_element name;
	struct der_element value;
	int reasons = 0;
	if (!der_take_tag(&extensions, 0x30, &list))
		return;
	while (der_take_tag(&list.content, 0x30, &one)) {
		if (!der_take_tag(&one.content, 0x06, &name) || !DER_IS(name.content, "\x55\x1d\x15"))
			continue;
		reasons++;
		(void)der_take_tag(&one.content, 0x01, &value);
		if (!der_take_tag(&one.content, 0x04, &value) || value.content.length != 3)
			entry->ordinary = false;
		else
			entry->held = DER_IS(value.content, "\x0a\x01\x06"); /* certificateHold */
	}
	entry->ordinary = entry->ordinary && reasons <= 1;
}

static void read_entries(struct der entries, struct list_read *list)
{
	struct der_element one;
	struct der_element serial;
	struct der_element date;
	while (der_take_tag(&entries, 0x30, &one)) {
		if (list->count == ENTRIES_MAX) {
			list->too_long = true;
			return;
		}
		struct entry_read *entry = &list->entries[list->count++];
		*entry = (struct entry_read){ .ordinary = true };
		MUST_HOLD(der_take_tag(&one.content, 0x02, &serial));
		bool negative = serial.content.length > 0 && (serial.content.at[0] & 0x80) != 0;
		while (serial.content.length > 1 && serial.content.at[0] == 0)
			serial.content = (struct der){ serial.content.at + 1, serial.content.length - 1 };
		entry->serial = serial.content;
		if (negative || serial.content.length > SERIAL_MAX)
			entry->ordinary = false;
		if (der_take(&one.content, &date))
			read_reason(one.content, entry);
	}
}

static void read_list_extensions(struct der extensions, struct list_read *list)
{
	struct der_element all;
	struct der_element one;
	struct der_element name;
	struct der_element critical;
	if (!der_take_tag(&extensions, 0x30, &all))
		return;
	while (der_take_tag(&all.content, 0x30, &one)) {
		if (!der_take_tag(&one.content, 0x06, &name))
			continue;
		if (DER_IS(name.content, "\x55\x1d\x1b") || DER_IS(name.content, "\x55\x1d\x1c"))
			list->partial = true;
		else if (!DER_IS(name.content, "\x55\x1d\x14") && !DER_IS(name.content, "\x55\x1d\x23") &&
			 der_take_tag(&one.content, 0x01, &critical) && critical.content.length == 1 &&
			 critical.content.at[0] != 0)
			list->unknown_critical = true;
	}
}

/* version?, signature, issuer, thisUpdate, nextUpdate?, entries?, [0] extensions? */
static void read_list(struct der tbs, struct list_read *list)
{
	struct der_element outer;
	struct der_element field;
	int sequences = 0;
	MUST_HOLD(der_take_tag(&tbs, 0x30, &outer));
	while (der_take(&outer.content, &field)) {
		bool sequence = (field.tag | 0x20) == 0x30;
		sequences += sequence;
		if (sequence && sequences == 3)
			read_entries(field.content, list);
		if ((field.tag | 0x20) == 0xa0)
			read_list_extensions(field.content, list);
	}
}

static bool is_there_twice(const struct list_read *list, size_t index)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct entry_read *other = &list->entries[i];
		if (i != index && der_is(other->serial, (const char *)list->entries[index].serial.at,
					  list->entries[index].serial.length))
			return true;
	}
	return false;
}

static void look_at_index(const struct revocation_index *index, const struct revocation_issuer *issuer,
	const struct list_read *list)
{
	struct slice identifier = { (const char *)issuer->anchor->key_identifier,
		issuer->anchor->key_identifier_length };
	const struct der never = { (const uint8_t *)"\x7a\x7a\x7a\x7a\x01", 5 };
	bool named = false;
	MUST_HOLD(!list->partial && !list->unknown_critical);
	MUST_HOLD(list->too_long || issuer->entries == list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct entry_read *entry = &list->entries[i];
		struct slice serial = { (const char *)entry->serial.at, entry->serial.length };
		MUST_HOLD(entry->serial.length <= SERIAL_MAX);
		/* One that has run out names them still. */
		enum revocation_state state = revocation_of(index, identifier, serial, INT64_MAX);
		MUST_HOLD(state == REVOCATION_HELD || state == REVOCATION_REVOKED);
		if (entry->ordinary && !is_there_twice(list, i))
			MUST_HOLD((state == REVOCATION_HELD) == entry->held);
		named = named || der_is(entry->serial, (const char *)never.at, never.length);
	}
	if (named || list->too_long)
		return;
	struct slice other = { (const char *)never.at, never.length };
	MUST_HOLD(revocation_of(index, identifier, other, issuer->this_update) == REVOCATION_GOOD);
	MUST_HOLD(revocation_of(index, identifier, other, issuer->next_update) == REVOCATION_UNKNOWN);
	MUST_HOLD(revocation_of(index, identifier, other, issuer->this_update - 1) == REVOCATION_UNKNOWN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	static struct list_read list;
	struct revocation_index *index = NULL;
	size_t faults = 0;
	if (size < 2 || size > 16384)
		return -1;
	enum anchor_use use = (enum anchor_use)(data[0] % ANCHOR_USES);
	const struct anchors *anchors = signer_anchors();
	arena_open(&arena, (size_t)256 * 1024);
	struct slice whole = sign(&arena, use, data + 1, size - 1);
	MUST_HOLD(revocation_load(fuzz_file(whole), anchors, &index, &faults) == OUTCOME_OK);
	MUST_HOLD(faults <= 1);
	for (size_t i = 0; i < anchors->count; i++) {
		const struct revocation_issuer *issuer = revocation_issuer_at(index, i);
		MUST_HOLD((issuer->next_update != 0) == (faults == 0 && i == (size_t)use));
	}
	if (faults == 0) {
		list.count = 0;
		list.partial = list.unknown_critical = list.too_long = false;
		read_list((struct der){ data + 1, size - 1 }, &list);
		look_at_index(index, revocation_issuer_at(index, use), &list);
	}
	revocation_free(index);
	arena_close(&arena);
	arena_free_spares();
	return 0;
}
