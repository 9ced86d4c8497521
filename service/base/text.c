#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct slice slice_of(const char *terminated)
{
	return (struct slice){ terminated, terminated == NULL ? 0 : strlen(terminated) };
}

bool slice_is(struct slice slice, const char *terminated)
{
	size_t length = strlen(terminated);
	return slice.at != NULL && slice.length == length && memcmp(slice.at, terminated, length) == 0;
}

bool slice_is_any_case(struct slice slice, const char *terminated)
{
	size_t length = strlen(terminated);
	return slice.at != NULL && slice.length == length && strncasecmp(slice.at, terminated, length) == 0;
}

size_t slice_characters(struct slice slice)
{
	size_t characters = 0;
	for (size_t i = 0; i < slice.length; i++)
		characters += ((unsigned char)slice.at[i] & 0xc0U) != 0x80U;
	return characters;
}

struct slice slice_trim(struct slice slice)
{
	while (slice.length > 0 && (slice.at[0] == ' ' || slice.at[0] == '\t')) {
		slice.at++;
		slice.length--;
	}
	while (slice.length > 0 && (slice.at[slice.length - 1] == ' ' || slice.at[slice.length - 1] == '\t'))
		slice.length--;
	return slice;
}

void text_open(struct text *text, struct arena *arena, size_t capacity, size_t max)
{
	*text = (struct text){ .arena = arena, .max = max };
	text->at = arena_take_raw(arena, capacity);
	text->capacity = capacity;
	text->failed = text->at == NULL;
}

bool text_make_room(struct text *text, size_t more)
{
	if (text->failed)
		return false;
	if (more <= text->capacity - text->length)
		return true;
	if (more > text->max - text->length) {
		text->failed = true;
		return false;
	}
	size_t capacity = text->capacity > text->max / 2 ? text->max : text->capacity * 2;
	if (capacity < text->length + more)
		capacity = text->length + more;
	char *at = arena_take_raw(text->arena, capacity);
	if (at == NULL) {
		text->failed = true;
		return false;
	}
	memcpy(at, text->at, text->length);
	text->at = at;
	text->capacity = capacity;
	return true;
}

void text_put_integer(struct text *text, int64_t number)
{
	char digits[21];
	size_t at = sizeof digits;
	uint64_t rest = number < 0 ? UINT64_C(0) - (uint64_t)number : (uint64_t)number;
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (number < 0)
		digits[--at] = '-';
	text_put(text, digits + at, sizeof digits - at);
}

void text_printf(struct text *text, const char *format, ...)
{
	char line[512];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof line) {
		text->failed = true;
		return;
	}
	text_put(text, line, (size_t)length);
}

struct slice text_slice(const struct text *text)
{
	return (struct slice){ text->at, text->length };
}

void text_hex(const uint8_t *bytes, size_t length, char *hex)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < length; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * length] = '\0';
}
