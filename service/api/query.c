#include "api/query.h"

#include <string.h>

#include "api/problems.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* No value when it is not decodable. */
static struct slice decode(struct arena *arena, struct slice raw)
{
	struct slice none = { NULL, 0 };
	char *out = arena_take(arena, raw.length + 1);
	size_t length = 0;
	if (out == NULL)
		return none;
	for (size_t i = 0; i < raw.length; i++) {
		char c = raw.at[i];
		if (c == '%') {
			int high = i + 2 < raw.length ? hex_value(raw.at[i + 1]) : -1;
			int low = i + 2 < raw.length ? hex_value(raw.at[i + 2]) : -1;
			if (high < 0 || low < 0 || high * 16 + low == 0)
				return none;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		out[length++] = c;
	}
	return (struct slice){ out, length };
}

static bool refuse(struct request *request, const char *detail)
{
	problem_answer(request, PROBLEM_INVALID_QUERY, detail);
	return false;
}

static bool take(struct request *request, struct slice part, const char *const names[], size_t count,
	struct slice values[])
{
	const char *sign = memchr(part.at, '=', part.length);
	if (sign == NULL)
		return refuse(request, "A parameter has no value.");
	struct slice name = decode(&request->arena, (struct slice){ part.at, (size_t)(sign - part.at) });
	struct slice value = decode(
		&request->arena, (struct slice){ sign + 1, part.length - (size_t)(sign - part.at) - 1 });
	if (name.at == NULL || value.at == NULL)
		return refuse(request, "A parameter is not properly percent-encoded.");
	for (size_t i = 0; i < count; i++) {
		if (!slice_is(name, names[i]))
			continue;
		if (values[i].at != NULL)
			return refuse(request, "A parameter is there twice.");
		values[i] = value;
		return true;
	}
	return refuse(request, "There is a parameter that this path does not know.");
}

bool query_read(struct request *request, const char *const names[], size_t count, struct slice values[])
{
	struct slice rest = request->query;
	for (size_t i = 0; i < count; i++)
		values[i] = (struct slice){ NULL, 0 };
	while (rest.length > 0) {
		const char *end = memchr(rest.at, '&', rest.length);
		struct slice part = { rest.at, end == NULL ? rest.length : (size_t)(end - rest.at) };
		if (part.length > 0 && !take(request, part, names, count, values))
			return false;
		size_t skip = end == NULL ? rest.length : part.length + 1;
		rest.at += skip;
		rest.length -= skip;
	}
	return true;
}
