/* Bounded text: slices that point, and builders that grow inside an arena up to a stated maximum. */
#ifndef SHIKAKU_BASE_TEXT_H
#define SHIKAKU_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/outcome.h"

/* Bytes that somebody else owns. `at` is NULL where there is no value (as SQL NULL), which is not the empty text. */
struct slice {
	const char *at;
	size_t length;
};

#define SLICE_LITERAL(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

struct slice slice_of(const char *terminated);
bool slice_is(struct slice slice, const char *terminated);
/* As slice_is, ASCII letters of either case alike. */
bool slice_is_any_case(struct slice slice, const char *terminated);
struct slice slice_trim(struct slice slice);
/* How many characters its UTF-8 has. */
size_t slice_characters(struct slice slice);

/* A builder. Once something did not fit `failed` stays set, so that a long answer is checked once, at its end. */
struct text {
	struct arena *arena;
	char *at;
	size_t length;
	size_t capacity;
	size_t max;
	bool failed;
};

/* An empty builder with room for `capacity` bytes at first and never more than `max`. */
void text_open(struct text *text, struct arena *arena, size_t capacity, size_t max);
/* Makes room for so many bytes more; false, with `failed` set, when that is not possible. */
bool text_make_room(struct text *text, size_t more);

/* Inline, because answers are made of some two hundred small pieces, most of them literals of known length. */
static inline void text_put(struct text *text, const char *bytes, size_t length)
{
	if (length == 0 || (length > text->capacity - text->length && !text_make_room(text, length)) ||
		text->failed)
		return;
	memcpy(text->at + text->length, bytes, length);
	text->length += length;
}

static inline void text_put_terminated(struct text *text, const char *terminated)
{
	text_put(text, terminated, strlen(terminated));
}

static inline void text_put_char(struct text *text, char c)
{
	text_put(text, &c, 1);
}

void text_put_integer(struct text *text, int64_t number);
void text_printf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
struct slice text_slice(const struct text *text);

/* Lower-case hexadecimal; `hex` has room for 2 * length + 1 bytes. */
void text_hex(const uint8_t *bytes, size_t length, char *hex);

#endif
