/* DER in as few lines as a test can trust: one element after the other. */
#ifndef SHIKAKU_TESTS_FUZZ_DER_H
#define SHIKAKU_TESTS_FUZZ_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct der {
	const uint8_t *at;
	size_t length;
};

struct der_element {
	uint8_t tag;
	struct der whole;
	struct der content;
};

/* Takes the next element off `rest`; false at its end, and where there is none. */
bool der_take(struct der *rest, struct der_element *element);

/* As der_take, of this tag only; anything else is left where it is. */
bool der_take_tag(struct der *rest, uint8_t tag, struct der_element *element);

bool der_is(struct der bytes, const char *expected, size_t length);
#define DER_IS(bytes, literal) der_is((bytes), (literal), sizeof(literal) - 1)

#endif
