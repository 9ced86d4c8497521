#include "api/cursor.h"

#include "api/spelled_value.h"

/* Before the id; another list order would take another sign, so that old cursors are refused. */
#define SIGN '1'

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct bits {
	unsigned int held;
	int count;
};

static void put_byte(struct text *out, struct bits *bits, unsigned char byte)
{
	bits->held = bits->held << 8 | byte;
	bits->count += 8;
	while (bits->count >= 6) {
		bits->count -= 6;
		text_put_char(out, alphabet[bits->held >> bits->count & 63]);
	}
}

void cursor_put(struct text *out, struct slice last_id)
{
	struct bits bits = { .count = 0 };
	put_byte(out, &bits, SIGN);
	for (size_t i = 0; i < last_id.length; i++)
		put_byte(out, &bits, (unsigned char)last_id.at[i]);
	if (bits.count > 0)
		text_put_char(out, alphabet[bits.held << (6 - bits.count) & 63]);
}

/* One text for each value: bits set behind the last byte are refused. */
static bool decode(struct slice cursor, char *bytes, size_t *length)
{
	struct bits bits = { .count = 0 };
	*length = 0;
	for (size_t i = 0; i < cursor.length; i++) {
		const char *found = cursor.at[i] == '\0' ? NULL : strchr(alphabet, cursor.at[i]);
		if (found == NULL)
			return false;
		bits.held = bits.held << 6 | (unsigned int)(found - alphabet);
		bits.count += 6;
		if (bits.count >= 8) {
			bits.count -= 8;
			bytes[(*length)++] = (char)(bits.held >> bits.count & 255);
		}
	}
	return bits.count < 6 && (bits.held & ((1u << bits.count) - 1)) == 0;
}

bool cursor_read(struct arena *arena, struct slice cursor, struct slice *last_id)
{
	size_t length = 0;
	char *bytes = cursor.length > CURSOR_TEXT_MAX ? NULL : arena_take(arena, cursor.length + 1);
	if (bytes == NULL || !decode(cursor, bytes, &length) || length < 2 || bytes[0] != SIGN)
		return false;
	return spell_text_like(arena, (struct slice){ bytes + 1, length - 1 }, MEMBER_MEMBER_ID, last_id);
}
