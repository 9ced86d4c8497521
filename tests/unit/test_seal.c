/* A seal is a small PNG (R15), or it would fail where a paper is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/seal.h"

/* 1 by 1, grey. */
static const unsigned char dot[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D',
	'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, 'I', 'D', 'A', 'T',
	0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, 'I', 'E', 'N',
	'D', 0xae, 0x42, 0x60, 0x82 };

static bool is_seal(const unsigned char *bytes, size_t length)
{
	return seal_is_a_small_png((struct slice){ (const char *)bytes, length });
}

static void a_picture_is_a_seal(void **state)
{
	(void)state;
	assert_true(is_seal(dot, sizeof dot));
}

static void what_is_cut_off_or_goes_on_is_none(void **state)
{
	(void)state;
	unsigned char longer[sizeof dot + 1] = { 0 };
	memcpy(longer, dot, sizeof dot);
	for (size_t length = 0; length < sizeof dot; length++)
		assert_false(is_seal(dot, length));
	assert_false(is_seal(longer, sizeof longer));
	assert_false(is_seal(dot + 1, sizeof dot - 1));
}

static void a_picture_that_would_fill_the_memory_is_none(void **state)
{
	(void)state;
	static const struct {
		unsigned int side;
		bool taken;
	} lines[] = { { 0, false }, { 1, true }, { 2048, true }, { 2049, false }, { 0x80000001, false } };
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		for (size_t at = 16; at <= 20; at += 4) {
			unsigned char bytes[sizeof dot];
			memcpy(bytes, dot, sizeof dot);
			for (size_t k = 0; k < 4; k++)
				bytes[at + k] = (unsigned char)(lines[i].side >> (24 - 8 * k));
			assert_int_equal(is_seal(bytes, sizeof bytes), lines[i].taken);
		}
	}
}

static void a_file_of_64_kib_is_the_largest(void **state)
{
	(void)state;
	static unsigned char bytes[SEAL_BYTES_MAX + 1];
	const size_t tail = 12;
	memcpy(bytes, dot, sizeof dot - tail);
	memcpy(bytes + SEAL_BYTES_MAX - tail, dot + sizeof dot - tail, tail);
	assert_true(is_seal(bytes, SEAL_BYTES_MAX));
	memmove(bytes + SEAL_BYTES_MAX + 1 - tail, dot + sizeof dot - tail, tail);
	assert_false(is_seal(bytes, SEAL_BYTES_MAX + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_is_a_seal),
		cmocka_unit_test(what_is_cut_off_or_goes_on_is_none),
		cmocka_unit_test(a_picture_that_would_fill_the_memory_is_none),
		cmocka_unit_test(a_file_of_64_kib_is_the_largest),
	};
	return cmocka_run_group_tests_name("seal (R15)", tests, NULL, NULL);
}
