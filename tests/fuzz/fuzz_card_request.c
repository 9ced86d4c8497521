/* Any bytes as the body of a request that shows a card, or keys typed from a document. */
#include "target.h"

#include <string.h>

#include "api/card_fields.h"
#include "api/decode.h"
#include "api/typed_keys.h"
#include "base/arena.h"
#include "base/json.h"
#include "trust/certificate.h"

static void look_at_card(struct arena *arena, json_t *presented)
{
	struct field_errors errors = { .count = 0 };
	struct card_shown shown = { .challenge = { NULL, 0 } };
	decode_card_shown(arena, presented, &shown, &errors);
	if (errors.count > 0)
		return;
	MUST_HOLD(shown.certificate.at != NULL && shown.certificate.length <= 6144);
	MUST_HOLD(shown.signature.at != NULL && shown.signature.length <= 768);
	MUST_HOLD(shown.challenge.length >= 1 && shown.challenge.length <= 200);
	MUST_HOLD(shown.algorithm >= SIGNATURE_RS256 && shown.algorithm <= SIGNATURE_ES384);
	struct certificate certificate;
	const struct anchor *issuer = NULL;
	if (certificate_read(arena, shown.certificate, &certificate) == OUTCOME_OK)
		(void)certificate_judge(&certificate, fuzz_anchors(), &issuer);
}

static void look_at_keys(struct arena *arena, const json_t *presented)
{
	struct field_errors errors = { .count = 0 };
	char insurer_number[INSURER_NUMBER_DIGITS + 1] = "";
	struct day born;
	decode_insurer_number(json_object_get(presented, "insurer_number"), "/presented/insurer_number",
		&errors, insurer_number);
	MUST_HOLD(strlen(insurer_number) == 0 || strlen(insurer_number) == INSURER_NUMBER_DIGITS);
	(void)decode_key(arena, json_object_get(presented, "symbol"), "/presented/symbol", &errors);
	(void)decode_key(arena, json_object_get(presented, "number"), "/presented/number", &errors);
	struct slice branch = decode_branch(
		arena, json_object_get(presented, "branch_number"), "/presented/branch_number", &errors);
	MUST_HOLD(branch.at == NULL || branch.length == 2);
	(void)decode_day(json_object_get(presented, "birth_date"), "/presented/birth_date", &errors, &born);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	json_t *object = NULL;
	enum json_fault fault = JSON_FAULT_NONE;
	arena_open(&arena, 1024 * 1024);
	if (json_read_object(&arena, (struct slice){ (const char *)data, size }, &object, &fault, NULL) ==
		OUTCOME_OK) {
		json_t *presented = json_object_get(object, "presented");
		const char *kind = json_string_value(json_object_get(presented, "kind"));
		if (json_is_object(presented) && kind != NULL && strcmp(kind, "card") == 0)
			look_at_card(&arena, presented);
		/* decode_fields lets only texts come as far as this. */
		else if (json_is_object(presented)) {
			const char *name;
			json_t *value;
			void *next;
			bool texts = true;
			json_object_foreach_safe(presented, next, name, value) texts &= json_is_string(value);
			if (texts)
				look_at_keys(&arena, presented);
		}
	}
	arena_close(&arena);
	return 0;
}
