/* Makes the anchors and the corpora anew: make fuzz-corpus. The keys are forgotten when it ends. */
#include "../unit/authority.h"
#include "signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

static const char *folder;

static FILE *open_file(const char *name)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	if (file == NULL) {
		perror(path);
		exit(1);
	}
	return file;
}

static void put(const char *name, const void *bytes, size_t length)
{
	FILE *file = open_file(name);
	(void)fwrite(bytes, 1, length, file);
	(void)fclose(file);
}

static void put_anchors(const char *name, const struct authority *const authorities[], size_t count)
{
	FILE *file = open_file(name);
	for (size_t i = 0; i < count; i++)
		(void)PEM_write_X509(file, authorities[i]->x509);
	(void)fclose(file);
}

static void put_card(const char *name, const struct card_plan *plan)
{
	struct slice der = make_card(plan);
	put(name, der.at, der.length);
	free((void *)der.at);
}

static void put_request(const char *name, const struct card_plan *plan, const char *algorithm)
{
	static unsigned char certificate[16384];
	struct slice der = make_card(plan);
	FILE *file = open_file(name);
	(void)EVP_EncodeBlock(certificate, (const unsigned char *)der.at, (int)der.length);
	(void)fprintf(file,
		"{\"presented\":{\"kind\":\"card\",\"certificate\":\"%s\",\"challenge\":\"AW5vdCBvbmU\","
		"\"signature\":\"MAYCAQECAQE=\",\"algorithm\":\"%s\",\"holder_verification\":\"pin\"}}",
		(const char *)certificate, algorithm);
	(void)fclose(file);
	free((void *)der.at);
}

static void put_list(const char *name, const struct crl_plan *plan, bool pem)
{
	X509_CRL *crl = make_crl(plan);
	FILE *file = open_file(name);
	(void)(pem ? PEM_write_X509_CRL(file, crl) : i2d_X509_CRL_fp(file, crl));
	(void)fclose(file);
	X509_CRL_free(crl);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

/* Who signs, and what: the signature is made anew each time. */
static void put_to_be_signed(const char *name, enum anchor_use use, unsigned char *der, int length)
{
	FILE *file = open_file(name);
	(void)fputc((int)use, file);
	(void)fwrite(der, 1, (size_t)length, file);
	(void)fclose(file);
	OPENSSL_free(der);
}

static void put_signed_card(const char *name, enum anchor_use use, struct card_plan plan)
{
	unsigned char *tbs = NULL;
	plan.issuer = signer(use);
	struct slice der = make_card(&plan);
	const unsigned char *at = (const unsigned char *)der.at;
	X509 *x509 = d2i_X509(NULL, &at, (long)der.length);
	int length = i2d_re_X509_tbs(x509, &tbs);
	put_to_be_signed(name, use, tbs, length);
	X509_free(x509);
	free((void *)der.at);
}

static void put_signed_list(const char *name, enum anchor_use use, struct crl_plan plan)
{
	unsigned char *tbs = NULL;
	plan.issuer = signer(use);
	plan.this_update = AUTHORITY_NOW;
	X509_CRL *crl = make_crl(&plan);
	int length = i2d_re_X509_CRL_tbs(crl, &tbs);
	put_to_be_signed(name, use, tbs, length);
	X509_CRL_free(crl);
}

static void put_signed_cards(EVP_PKEY *rsa, EVP_PKEY *p256, EVP_PKEY *p384)
{
#define PUT(name, use, ...) \
	put_signed_card("corpus/signed_certificate/" name, use, (struct card_plan){ __VA_ARGS__ })
	PUT("rsa", ANCHOR_OF_CARDS, .key = rsa);
	PUT("p256", ANCHOR_OF_CARDS, .key = p256);
	PUT("phone", ANCHOR_OF_PHONES, .key = p384, .policies = "");
	PUT("signing", ANCHOR_OF_SIGNING, .key = p256);
	PUT("non_repudiation", ANCHOR_OF_CARDS, .key = p256,
		.key_usage = "critical,digitalSignature,nonRepudiation");
	PUT("no_key_usage", ANCHOR_OF_CARDS, .key = p256, .key_usage = "");
	PUT("other_policy", ANCHOR_OF_CARDS, .key = p256, .policies = "1.2.3.4.5,1.2.3.4.6");
	PUT("client", ANCHOR_OF_CARDS, .key = p256, .extended_key_usage = "clientAuth,emailProtection");
	PUT("mail", ANCHOR_OF_CARDS, .key = p256, .extended_key_usage = "emailProtection");
	PUT("authority", ANCHOR_OF_CARDS, .key = p256, .basic_constraints = "critical,CA:TRUE");
	PUT("no_authority", ANCHOR_OF_CARDS, .key = p256, .basic_constraints = "critical,CA:FALSE");
	PUT("unknown_critical", ANCHOR_OF_CARDS, .key = p256, .other = "critical,DER:0500");
	PUT("unknown", ANCHOR_OF_CARDS, .key = p256, .other = "DER:0500");
	PUT("version_1", ANCHOR_OF_CARDS, .key = p256, .version_1 = true);
	PUT("negative_serial", ANCHOR_OF_CARDS, .key = p256, .serial = "-05");
	PUT("names_none", ANCHOR_OF_CARDS, .key = p256, .names_none = true);
	PUT("names_another", ANCHOR_OF_CARDS, .key = p256, .names = signer(ANCHOR_OF_PHONES));
#undef PUT
}

static void put_signed_lists(const struct crl_entry *entries, size_t count)
{
#define PUT(name, use, ...) put_signed_list("corpus/signed_crl/" name, use, (struct crl_plan){ __VA_ARGS__ })
	const int64_t day = AUTHORITY_NOW + 86400;
	PUT("three", ANCHOR_OF_CARDS, .entries = entries, .count = count, .next_update = day);
	PUT("empty", ANCHOR_OF_PHONES, .next_update = day);
	PUT("twenty", ANCHOR_OF_SIGNING, .numbered = 20, .next_update = day);
	PUT("delta", ANCHOR_OF_CARDS, .next_update = day, .extension = "deltaCRL",
		.value = "critical,DER:020101");
	PUT("indirect", ANCHOR_OF_CARDS, .next_update = day, .extension = "issuingDistributionPoint",
		.value = "critical,DER:3003840101");
	PUT("indirect_not_critical", ANCHOR_OF_CARDS, .next_update = day,
		.extension = "issuingDistributionPoint", .value = "DER:3003840101");
	PUT("delta_not_critical", ANCHOR_OF_CARDS, .next_update = day, .extension = "deltaCRL",
		.value = "DER:020101");
	PUT("unknown_critical", ANCHOR_OF_CARDS, .next_update = day, .extension = "1.2.3.4.5",
		.value = "critical,DER:0500");
	PUT("numbered", ANCHOR_OF_CARDS, .entries = entries, .count = count, .next_update = day,
		.extension = "2.5.29.20", .value = "DER:020107");
	PUT("without_end", ANCHOR_OF_CARDS, .entries = entries, .count = count);
	PUT("names_another", ANCHOR_OF_CARDS, .names = signer(ANCHOR_OF_PHONES), .next_update = day);
#undef PUT
}

int main(int argc, char **argv)
{
	static const struct crl_entry entries[] = { { "0A01", CRL_REASON_KEY_COMPROMISE },
		{ "0A02", CRL_REASON_CERTIFICATE_HOLD }, { "00C0FFEE0001", -1 } };
	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	folder = argv[1];
	struct authority g1 = make_authority("JPKI-TEST", make_rsa_key(2048));
	struct authority g2 = make_authority("JPKI-TEST", make_ec_key("P-256"));
	struct authority phone = make_authority("JPKI-TEST phones", make_ec_key("P-384"));
	struct authority signing = make_authority("JPKI-TEST signing", make_ec_key("P-256"));
	put_anchors("anchors/card.pem", (const struct authority *const[]){ &g1, &g2 }, 2);
	put_anchors("anchors/phone.pem", (const struct authority *const[]){ &phone }, 1);
	put_anchors("anchors/signing.pem", (const struct authority *const[]){ &signing }, 1);

	struct card_plan rsa = { .issuer = &g1, .key = make_rsa_key(2048) };
	struct card_plan p256 = { .issuer = &g2, .key = make_ec_key("P-256"), .names_none = true };
	struct card_plan p384 = { .issuer = &phone, .key = make_ec_key("P-384") };
	struct card_plan p521 = { .issuer = &g2, .key = make_ec_key("P-521") };
	struct card_plan for_signing = {
		.issuer = &signing, .key = p256.key, .key_usage = "critical,digitalSignature,nonRepudiation"
	};
	struct card_plan authority = {
		.issuer = &g2, .key = p256.key, .basic_constraints = "critical,CA:TRUE"
	};
	struct card_plan unknown = { .issuer = &g2, .key = p256.key, .other = "critical,DER:0500" };
	struct card_plan negative = { .issuer = &g2, .key = p256.key, .serial = "-05" };
	struct card_plan many = { .issuer = &g2,
		.key = p256.key,
		.policies = "1.2.3.4.5," CARD_POLICY,
		.extended_key_usage = "clientAuth,emailProtection" };
	put_card("corpus/certificate/rsa", &rsa);
	put_card("corpus/certificate/p256", &p256);
	put_card("corpus/certificate/p384", &p384);
	put_card("corpus/certificate/p521", &p521);
	put_card("corpus/certificate/signing", &for_signing);
	put_card("corpus/certificate/authority", &authority);
	put_card("corpus/certificate/unknown-critical", &unknown);
	put_card("corpus/certificate/negative-serial", &negative);
	put_card("corpus/certificate/policies", &many);
	put_anchors("corpus/certificate/pem", (const struct authority *const[]){ &g2, &phone }, 2);

	put_request("corpus/card_request/card-rsa", &rsa, "RS256");
	put_request("corpus/card_request/card-p256", &p256, "ES256");
	put_text("corpus/card_request/notice",
		"{\"visit_date\":\"2026-11-22\",\"presented\":{\"kind\":\"qualification_notice\","
		"\"insurer_number\":\"01130012\",\"symbol\":\"１２-３\",\"number\":\"ー45\",\"branch_"
		"number\":\"01\","
		"\"birth_date\":\"1980-05-17\"},\"with_card\":true}");
	put_text("corpus/card_request/short",
		"{\"presented\":{\"kind\":\"card\",\"certificate\":\"MAA=\",\"challenge\":\"x\","
		"\"signature\":\"AA==\","
		"\"algorithm\":\"ES384\",\"pin\":\"0000\",\"holder_verification\":null}}");
	put_text("corpus/card_request/twice", "{\"presented\":{\"kind\":\"card\",\"kind\":\"card\"}}");

	struct crl_plan list = { .issuer = &g1,
		.entries = entries,
		.count = 3,
		.this_update = AUTHORITY_NOW,
		.next_update = AUTHORITY_NOW + 86400 };
	put_list("corpus/crl/whole", &list, false);
	put_list("corpus/crl/pem", &list, true);
	list.extension = "issuingDistributionPoint";
	list.value = "critical,DER:3003840101";
	put_list("corpus/crl/indirect", &list, false);
	list = (struct crl_plan){
		.issuer = &g2, .this_update = AUTHORITY_NOW, .next_update = AUTHORITY_NOW + 86400
	};
	put_list("corpus/crl/empty", &list, false);
	list.signer = &phone;
	put_list("corpus/crl/forged", &list, false);
	put_signed_cards(rsa.key, p256.key, p384.key);
	put_signed_lists(entries, 3);
	return 0;
}
