/* What is judged behind a signature: any certificate that an issuer of ours might have signed (R5.1, R5.2). What is trusted must be
 * one for authentication to a second reader too, which looks at the bytes and knows no library.
 *
 * Input: a byte that says who signs, then what is signed (a TBSCertificate). */
#include "target.h"

#include <string.h>

#include "der.h"
#include "signer.h"
#include "trust/certificate.h"

struct extensions {
	int key_usages;
	int policies;
	int extended_key_usages;
	int basic_constraints;
	unsigned usage; /* the first byte of its bits */
	bool policy;
	bool for_clients;
	bool ca;
	bool unknown_critical;
	bool other_issuer;
};

static void read_usage(struct der value, struct extensions *extensions)
{
	struct der_element bits;
	extensions->key_usages++;
	if (!der_take_tag(&value, 0x03, &bits) || bits.content.length < 2)
		return;
	extensions->usage = bits.content.at[1];
	/* The first says how many bits of the last byte do not count. */
	if (bits.content.length == 2)
		extensions->usage &= 0xffU << (bits.content.at[0] & 7);
}

static void read_policies(struct der value, struct extensions *extensions)
{
	struct der_element list;
	struct der_element policy;
	struct der_element name;
	extensions->policies++;
	if (!der_take_tag(&value, 0x30, &list))
		return;
	while (der_take_tag(&list.content, 0x30, &policy)) {
		if (der_take_tag(&policy.content, 0x06, &name) &&
			DER_IS(name.content, "\x2a\x83\x08\x8c\x9b\x55\x08\x05\x01\x03\x1e"))
			extensions->policy = true;
	}
}

static void read_extended_usage(struct der value, struct extensions *extensions)
{
	struct der_element list;
	struct der_element name;
	extensions->extended_key_usages++;
	if (!der_take_tag(&value, 0x30, &list))
		return;
	while (der_take_tag(&list.content, 0x06, &name)) {
		if (DER_IS(name.content, "\x2b\x06\x01\x05\x05\x07\x03\x02") ||
			DER_IS(name.content, "\x55\x1d\x25\x00"))
			extensions->for_clients = true;
	}
}

static void read_constraints(struct der value, struct extensions *extensions)
{
	struct der_element list;
	struct der_element ca;
	extensions->basic_constraints++;
	if (der_take_tag(&value, 0x30, &list) && der_take_tag(&list.content, 0x01, &ca) &&
		ca.content.length == 1 && ca.content.at[0] != 0)
		extensions->ca = true;
}

static void read_authority(struct der value, const struct anchor *anchor, struct extensions *extensions)
{
	struct der_element list;
	struct der_element identifier;
	if (der_take_tag(&value, 0x30, &list) && der_take_tag(&list.content, 0x80, &identifier) &&
		!der_is(identifier.content, (const char *)anchor->key_identifier,
			anchor->key_identifier_length))
		extensions->other_issuer = true;
}

static void read_extension(struct der content, const struct anchor *anchor, struct extensions *extensions)
{
	struct der_element name;
	struct der_element critical = { .content = { NULL, 0 } };
	struct der_element value;
	if (!der_take_tag(&content, 0x06, &name))
		return;
	bool is_critical = der_take_tag(&content, 0x01, &critical) && critical.content.length == 1 &&
			   critical.content.at[0] != 0;
	if (!der_take_tag(&content, 0x04, &value))
		return;
	if (DER_IS(name.content, "\x55\x1d\x0f"))
		read_usage(value.content, extensions);
	else if (DER_IS(name.content, "\x55\x1d\x20"))
		read_policies(value.content, extensions);
	else if (DER_IS(name.content, "\x55\x1d\x25"))
		read_extended_usage(value.content, extensions);
	else if (DER_IS(name.content, "\x55\x1d\x13"))
		read_constraints(value.content, extensions);
	else if (DER_IS(name.content, "\x55\x1d\x23"))
		read_authority(value.content, anchor, extensions);
	else if (is_critical && DER_IS(name.content, "\x2a\x03\x04\x05")) /* 1.2.3.4.5 is nobody's */
		extensions->unknown_critical = true;
}

/* The fields in their order; what is optional is told by its tag. */
static void read_tbs(
	struct der tbs, const struct anchor *anchor, struct der *serial, struct extensions *extensions)
{
	struct der_element outer;
	struct der_element field;
	struct der_element list;
	struct der_element one;
	MUST_HOLD(der_take_tag(&tbs, 0x30, &outer) && tbs.length == 0);
	(void)der_take_tag(&outer.content, 0xa0, &field);
	MUST_HOLD(der_take_tag(&outer.content, 0x02, &field));
	*serial = field.content;
	while (der_take(&outer.content, &field)) {
		if ((field.tag | 0x20) != 0xa3 || !der_take_tag(&field.content, 0x30, &list))
			continue;
		while (der_take_tag(&list.content, 0x30, &one))
			read_extension(one.content, anchor, extensions);
	}
}

static void look_at_trusted(struct der tbs, const struct certificate *certificate, enum anchor_use use,
	const struct anchor *issuer)
{
	enum { DIGITAL_SIGNATURE = 0x80, NOT_FOR_A_CARD = 0x40 | 0x04 | 0x02 };
	struct extensions extensions = { .usage = 0 };
	struct der serial;
	MUST_HOLD(use != ANCHOR_OF_SIGNING && issuer == &signer_anchors()->list[use]);
	read_tbs(tbs, issuer, &serial, &extensions);
	MUST_HOLD(extensions.key_usages == 1 && (extensions.usage & DIGITAL_SIGNATURE) != 0 &&
		  (extensions.usage & NOT_FOR_A_CARD) == 0);
	MUST_HOLD(use != ANCHOR_OF_CARDS || (extensions.policies == 1 && extensions.policy));
	MUST_HOLD(extensions.extended_key_usages == 0 ||
		  (extensions.extended_key_usages == 1 && extensions.for_clients));
	MUST_HOLD(extensions.basic_constraints <= 1 && !extensions.ca);
	MUST_HOLD(!extensions.unknown_critical && !extensions.other_issuer);
	MUST_HOLD(certificate->key.length > 0);
	while (serial.length > 1 && serial.at[0] == 0)
		serial = (struct der){ serial.at + 1, serial.length - 1 };
	MUST_HOLD(der_is(serial, (const char *)certificate->serial, certificate->serial_length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct certificate certificate;
	const struct anchor *issuer = NULL;
	if (size < 2 || size > 8192)
		return -1;
	enum anchor_use use = (enum anchor_use)(data[0] % ANCHOR_USES);
	const struct anchors *anchors = signer_anchors();
	arena_open(&arena, (size_t)256 * 1024);
	struct slice whole = sign(&arena, use, data + 1, size - 1);
	if (certificate_read(&arena, whole, &certificate) == OUTCOME_OK &&
		certificate_judge(&certificate, anchors, &issuer) == CERTIFICATE_TRUSTED)
		look_at_trusted((struct der){ data + 1, size - 1 }, &certificate, use, issuer);
	arena_close(&arena);
	arena_free_spares();
	return 0;
}
