#include "api/idempotency.h"

#include "api/problems.h"

static bool is_key(struct slice key)
{
	for (size_t i = 0; i < key.length; i++) {
		if (key.at[i] < '!' || key.at[i] > '~')
			return false;
	}
	return key.length >= 1 && key.length <= IDEMPOTENCY_KEY_MAX;
}

bool idempotency_read(struct exchange *exchange, struct idempotency *idempotency)
{
	struct request *request = exchange->request;
	struct hasher *hasher = exchange->application->hasher;
	struct slice key = request->idempotency_key;
	idempotency->given = key.at != NULL;
	if (!idempotency->given)
		return true;
	if (!is_key(key)) {
		problem_answer(request, PROBLEM_INVALID_IDEMPOTENCY_KEY,
			"Idempotency-Key, at most once, is 1 to 255 visible ASCII characters.");
		return false;
	}
	idempotency->route = slice_of(exchange->route->path);
	hasher_begin(hasher);
	hasher_add(hasher, key.at, key.length);
	hasher_end(hasher, idempotency->key_digest);
	hasher_begin(hasher);
	hasher_add_number(hasher, request->path.length);
	hasher_add(hasher, request->path.at, request->path.length);
	hasher_add(hasher, request->body.at, request->body.length);
	hasher_end(hasher, idempotency->request_digest);
	return true;
}

void idempotency_note_replay(struct request *request)
{
	request_add_header(request, "Idempotent-Replayed", "true");
}
