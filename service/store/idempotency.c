#include "store/idempotency.h"

static void put_digest(struct parameters *parameters, bool given, const uint8_t *digest)
{
	if (given)
		parameters_bytes(parameters, digest, IDEMPOTENCY_DIGEST_SIZE);
	else
		parameters_null(parameters);
}

void idempotency_bind(struct parameters *parameters, struct lane_question *const questions[], size_t count,
	const struct idempotency *(*of)(struct lane_question *question))
{
	parameters_array(parameters, PARAMETER_TEXT, count);
	for (size_t i = 0; i < count; i++) {
		if (of(questions[i])->given)
			parameters_text(parameters, slice_of(of(questions[i])->route));
		else
			parameters_null(parameters);
	}
	parameters_array(parameters, PARAMETER_BYTES, count);
	for (size_t i = 0; i < count; i++)
		put_digest(parameters, of(questions[i])->given, of(questions[i])->key_digest);
	parameters_array(parameters, PARAMETER_BYTES, count);
	for (size_t i = 0; i < count; i++)
		put_digest(parameters, of(questions[i])->given, of(questions[i])->request_digest);
}
