/* One text for each value: what is decoded and encoded again is the same text. */
#include "target.h"

#include <string.h>

#include <openssl/evp.h>

#include "trust/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct slice bytes;
	arena_open(&arena, (size_t)256 * 1024);
	enum outcome outcome =
		base64_decode(&arena, (struct slice){ size == 0 ? "" : (const char *)data, size }, &bytes);
	MUST_HOLD(outcome == OUTCOME_OK || outcome == OUTCOME_INVALID || outcome == OUTCOME_NO_MEMORY);
	if (outcome == OUTCOME_OK) {
		MUST_HOLD(bytes.length >= 1 && (bytes.length + 2) / 3 * 4 == size);
		unsigned char *text = arena_take_raw(&arena, size + 1);
		if (text != NULL) {
			int length =
				EVP_EncodeBlock(text, (const unsigned char *)bytes.at, (int)bytes.length);
			MUST_HOLD((size_t)length == size && memcmp(text, data, size) == 0);
		}
	} else {
		MUST_HOLD(bytes.at == NULL && bytes.length == 0);
	}
	arena_close(&arena);
	arena_free_spares();
	return 0;
}
