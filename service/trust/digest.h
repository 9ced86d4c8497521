/* SHA-256, secrets and their text form. */
#ifndef SHIKAKU_TRUST_DIGEST_H
#define SHIKAKU_TRUST_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"

#define SHA256_SIZE 32

/* One hasher a loop, used for one digest at a time. */
struct hasher;

enum outcome MUST_CHECK hasher_create(struct hasher **created);
void hasher_destroy(struct hasher *hasher);

/* Starts a digest, adds to it, ends it. Takes no memory and cannot fail. */
void hasher_begin(struct hasher *hasher);
void hasher_add(struct hasher *hasher, const void *bytes, size_t length);
void hasher_add_number(struct hasher *hasher, uint64_t number);
void hasher_end(struct hasher *hasher, uint8_t digest[SHA256_SIZE]);

/* The digest of some bytes, for who needs one only. */
void digest_once(const void *bytes, size_t length, uint8_t digest[SHA256_SIZE]);

/* A new bearer token: "skk_" and 256 random bits in base64url. */
#define TOKEN_TEXT_SIZE 48
enum outcome MUST_CHECK token_make(char token[TOKEN_TEXT_SIZE]);

#endif
