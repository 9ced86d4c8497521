/* Any bytes as a revocation list (R5.5). */
#include "target.h"

#include "trust/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct anchors *anchors = fuzz_anchors();
	struct revocation_index *index = NULL;
	size_t faults = 0;
	if (size == 0)
		return 0;
	MUST_HOLD(revocation_load(fuzz_file((struct slice){ (const char *)data, size }), anchors, &index,
			  &faults) == OUTCOME_OK);
	MUST_HOLD(faults <= 1);
	size_t lists = 0;
	for (size_t i = 0; i < anchors->count; i++) {
		const struct revocation_issuer *issuer = revocation_issuer_at(index, i);
		const struct anchor *anchor = &anchors->list[i];
		struct slice identifier = { (const char *)anchor->key_identifier,
			anchor->key_identifier_length };
		lists += issuer->next_update != 0;
		MUST_HOLD(issuer->entries <= size);
		enum revocation_state state =
			revocation_of(index, identifier, SLICE_LITERAL("\x0a\x01"), INT64_MAX);
		MUST_HOLD(state == REVOCATION_UNKNOWN || issuer->entries > 0);
	}
	MUST_HOLD(lists + faults == 1);
	revocation_free(index);
	return 0;
}
