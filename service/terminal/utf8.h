/* UTF-8, one character at a time: what the other files need to measure, clean and read text. */
#ifndef SHIKAKU_TERMINAL_UTF8_H
#define SHIKAKU_TERMINAL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX_BYTES 4

/* The first character of text (length bytes) into *character. Returns its bytes (1 to 4), or 0 when there is none: at the end,
 * and where the bytes are not UTF-8 (overlong forms, surrogates and values above U+10FFFF included). */
size_t utf8_next(const char *text, size_t length, uint32_t *character);

/* Writes a character's bytes and returns how many (1 to 4). The character is one that utf8_next can give. */
size_t utf8_write(uint32_t character, char bytes[UTF8_MAX_BYTES]);

bool utf8_is_valid(const char *text, size_t length);

#endif
