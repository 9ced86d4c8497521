/* UUID version 7 (RFC 9562): unique, and in the order of time, so that an index on them grows at its end. */
#ifndef SHIKAKU_BASE_UUID_H
#define SHIKAKU_BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_BYTES 16
/* With the terminating NUL. */
#define UUID_TEXT_SIZE 37

/* `wall` in microseconds since 1970. The random part comes from the kernel, in advance for some calls (per thread). */
void uuid_make(int64_t wall, uint8_t uuid[UUID_BYTES]);
void uuid_format(const uint8_t uuid[UUID_BYTES], char text[UUID_TEXT_SIZE]);
/* Reads the form that uuid_format writes, letters of either case, any version. False for everything else. */
bool uuid_parse(const char *text, size_t length, uint8_t uuid[UUID_BYTES]);

#endif
