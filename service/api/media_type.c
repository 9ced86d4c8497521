#include "api/media_type.h"

#include <string.h>
#include <strings.h>

/* Takes what stands before the first `mark`, or the rest, off the text. */
static struct slice take_until(struct slice *text, char mark)
{
	const char *end = text->length == 0 ? NULL : memchr(text->at, mark, text->length);
	struct slice piece = { text->at, end == NULL ? text->length : (size_t)(end - text->at) };
	size_t skip = end == NULL ? text->length : piece.length + 1;
	text->at += skip;
	text->length -= skip;
	return slice_trim(piece);
}

static bool same(struct slice one, struct slice other)
{
	return one.length == other.length && strncasecmp(one.at, other.at, one.length) == 0;
}

static struct slice list_of(const char *types)
{
	return types == NULL ? SLICE_LITERAL("application/json") : slice_of(types);
}

static bool is_of(struct slice content_type, struct slice type)
{
	struct slice parameter = type;
	struct slice wanted = take_until(&parameter, ';');
	struct slice sent_parameter = content_type;
	bool has_parameter = memchr(content_type.at, ';', content_type.length) != NULL;
	if (!same(take_until(&sent_parameter, ';'), wanted))
		return false;
	sent_parameter = slice_trim(sent_parameter);
	if (parameter.length > 0)
		return same(sent_parameter, slice_trim(parameter));
	return !has_parameter || slice_is_any_case(sent_parameter, "charset=utf-8") ||
	       slice_is_any_case(sent_parameter, "charset=\"utf-8\"");
}

size_t media_type_find(struct slice content_type, const char *types)
{
	struct slice list = list_of(types);
	for (size_t index = 0; content_type.at != NULL && list.length > 0; index++) {
		if (is_of(content_type, take_until(&list, ',')))
			return index;
	}
	return MEDIA_TYPE_NONE;
}

static bool would_take(struct slice accepted, struct slice type)
{
	const char *slash = memchr(type.at, '/', type.length);
	size_t major = slash == NULL ? type.length : (size_t)(slash - type.at) + 1;
	return slice_is(accepted, "*/*") || same(accepted, type) ||
	       (accepted.length == major + 1 && accepted.at[major] == '*' &&
		       strncasecmp(accepted.at, type.at, major) == 0);
}

size_t media_type_choose(struct slice accept, const char *types)
{
	struct slice list = list_of(types);
	if (accept.at == NULL || accept.length == 0)
		return 0;
	for (size_t index = 0; list.length > 0; index++) {
		struct slice type = take_until(&list, ',');
		type = take_until(&type, ';');
		for (struct slice rest = accept; rest.length > 0;) {
			struct slice accepted = take_until(&rest, ',');
			if (would_take(take_until(&accepted, ';'), type))
				return index;
		}
	}
	return MEDIA_TYPE_NONE;
}
