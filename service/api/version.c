#include "api/version.h"

#include <inttypes.h>

#include "api/problems.h"

/* Quotes around 16 hexadecimal digits. */
#define ETAG_SIZE 20
#define DIGITS_MAX 15 /* what an int64_t surely holds */

void version_add_etag(struct request *request, int64_t version)
{
	struct text etag;
	text_open(&etag, &request->arena, ETAG_SIZE, ETAG_SIZE);
	text_printf(&etag, "\"%" PRIx64 "\"", (uint64_t)version);
	text_put_char(&etag, '\0');
	if (!etag.failed)
		request_add_header(request, "ETag", etag.at);
}

static bool read_hexadecimal(struct slice digits, int64_t *number)
{
	*number = 0;
	if (digits.length == 0 || digits.length > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		char c = digits.at[i];
		if (c >= '0' && c <= '9')
			*number = *number * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			*number = *number * 16 + (c - 'a' + 10);
		else
			return false;
	}
	return true;
}

bool version_read_if_match(struct request *request, struct wanted_version *wanted)
{
	struct slice said = request->if_match;
	*wanted = (struct wanted_version){ .must_exist = said.at != NULL };
	if (said.at == NULL || slice_is(said, "*"))
		return true;
	if (said.length > 2 && said.at[0] == '"' && said.at[said.length - 1] == '"' &&
		read_hexadecimal((struct slice){ said.at + 1, said.length - 2 }, &wanted->version)) {
		wanted->is_known = true;
		return true;
	}
	problem_answer(request, PROBLEM_PRECONDITION_FAILED, NULL);
	return false;
}
