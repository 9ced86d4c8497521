#include "api/card_fields.h"

#include "trust/base64.h"

#define CERTIFICATE_TEXT_MAX 8192
#define SIGNATURE_TEXT_MAX 1024
#define CHALLENGE_TEXT_MAX 200

enum { KIND, CERTIFICATE, CHALLENGE, SIGNATURE, ALGORITHM, HOLDER_VERIFICATION, CARD_FIELDS };

/* There is no field for a PIN, so one that holds it is refused as unknown (R5.6). */
static const struct field card_fields[CARD_FIELDS] = {
	[KIND] = { "kind", FIELD_TEXT, true },
	[CERTIFICATE] = { "certificate", FIELD_TEXT, true },
	[CHALLENGE] = { "challenge", FIELD_TEXT, true },
	[SIGNATURE] = { "signature", FIELD_TEXT, true },
	[ALGORITHM] = { "algorithm", FIELD_TEXT, true },
	[HOLDER_VERIFICATION] = { "holder_verification", FIELD_TEXT, false },
};

static struct slice decode_base64(struct arena *arena, const json_t *value, const char *pointer,
	size_t longest, const char *expected, struct field_errors *errors)
{
	struct slice bytes = { NULL, 0 };
	struct slice text = decode_text(value, pointer, errors);
	if (text.at == NULL)
		return bytes;
	if (text.length > longest) {
		field_errors_add(errors, pointer, FIELD_TOO_LONG, expected);
		return bytes;
	}
	switch (base64_decode(arena, text, &bytes)) {
	case OUTCOME_OK:
		break;
	case OUTCOME_NO_MEMORY:
		errors->no_memory = true;
		break;
	default:
		field_errors_add(errors, pointer, FIELD_WRONG_FORM,
			"expected base64 of the standard alphabet, with padding, on one line");
	}
	return bytes;
}

static struct slice decode_challenge(const json_t *value, struct field_errors *errors)
{
	static const char pointer[] = "/presented/challenge";
	struct slice text = decode_text(value, pointer, errors);
	if (text.at != NULL && (text.length < 1 || text.length > CHALLENGE_TEXT_MAX))
		field_errors_add(errors, pointer, text.length < 1 ? FIELD_WRONG_FORM : FIELD_TOO_LONG,
			"expected the challenge as it was issued");
	return text;
}

void decode_card_shown(
	struct arena *arena, json_t *presented, struct card_shown *shown, struct field_errors *errors)
{
	static const char *const algorithms[] = {
		[SIGNATURE_RS256] = "RS256", [SIGNATURE_ES256] = "ES256", [SIGNATURE_ES384] = "ES384"
	};
	static const char *const verifications[] = { "face", "pin", "visual" };
	json_t *values[CARD_FIELDS];
	decode_fields(arena, presented, "/presented", card_fields, CARD_FIELDS, values, errors);
	shown->certificate = decode_base64(arena, values[CERTIFICATE], "/presented/certificate",
		CERTIFICATE_TEXT_MAX, "expected at most 8192 characters", errors);
	shown->challenge = decode_challenge(values[CHALLENGE], errors);
	shown->signature = decode_base64(arena, values[SIGNATURE], "/presented/signature", SIGNATURE_TEXT_MAX,
		"expected at most 1024 characters", errors);
	shown->algorithm = (enum signature_algorithm)decode_code(values[ALGORITHM], "/presented/algorithm",
		algorithms, 3, SIGNATURE_RS256, "expected RS256, ES256 or ES384", errors);
	(void)decode_code(values[HOLDER_VERIFICATION], "/presented/holder_verification", verifications, 3, 0,
		"expected face, pin or visual", errors);
}

enum problem problem_of_card_refusal(enum card_refusal refusal)
{
	switch (refusal) {
	case CARD_REFUSAL_CHALLENGE_EXPIRED:
		return PROBLEM_CHALLENGE_EXPIRED;
	case CARD_REFUSAL_CHALLENGE_REUSED:
		return PROBLEM_CHALLENGE_REUSED;
	case CARD_REFUSAL_SIGNATURE_INVALID:
		return PROBLEM_CARD_SIGNATURE_INVALID;
	case CARD_REFUSAL_CERTIFICATE_MALFORMED:
		return PROBLEM_CARD_CERTIFICATE_MALFORMED;
	case CARD_REFUSAL_CERTIFICATE_UNTRUSTED:
		return PROBLEM_CARD_CERTIFICATE_UNTRUSTED;
	case CARD_REFUSAL_CERTIFICATE_WRONG_PURPOSE:
		return PROBLEM_CARD_CERTIFICATE_WRONG_PURPOSE;
	case CARD_REFUSAL_CERTIFICATE_NOT_YET_VALID:
		return PROBLEM_CARD_CERTIFICATE_NOT_YET_VALID;
	case CARD_REFUSAL_REVOCATION_UNAVAILABLE:
		return PROBLEM_REVOCATION_UNAVAILABLE;
	case CARD_REFUSAL_REGISTER_UNAVAILABLE:
		return PROBLEM_REGISTER_UNAVAILABLE;
	case CARD_REFUSAL_NONE:
	case CARD_REFUSAL_COUNT:
		break;
	}
	return PROBLEM_INTERNAL;
}
