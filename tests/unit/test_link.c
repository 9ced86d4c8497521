/* Whose number it is, by what agrees with the resident register: rules/link.c (R8.1). */
#include "vectors.h"

#include <string.h>

#include "rules/link.h"

static struct link_judgement judge(unsigned agreeing)
{
	bool agrees[LINK_ATTRIBUTES];
	for (unsigned i = 0; i < LINK_ATTRIBUTES; i++)
		agrees[i] = (agreeing >> i & 1U) != 0;
	return link_judge(agrees);
}

#define DECIDING (1U << LINK_NAME | 1U << LINK_BIRTH_DATE | 1U << LINK_ADDRESS)
#define ALL ((1U << LINK_ATTRIBUTES) - 1)

static void name_birth_date_and_address_decide_alone_R8_1(void **state)
{
	(void)state;
	for (unsigned agreeing = 0; agreeing <= ALL; agreeing++)
		assert_true(judge(agreeing).linked == ((agreeing & DECIDING) == DECIDING));
}

static void what_differs_is_a_mismatch_or_a_warning_and_never_both_R8_1(void **state)
{
	(void)state;
	for (unsigned agreeing = 0; agreeing <= ALL; agreeing++) {
		struct link_judgement judgement = judge(agreeing);
		for (unsigned i = 0; i < LINK_ATTRIBUTES; i++) {
			bool differs = (agreeing >> i & 1U) == 0;
			assert_true(judgement.mismatched[i] == (differs && !judgement.linked));
			assert_true(judgement.warned[i] == (differs && judgement.linked));
		}
	}
}

static void attributes_are_called_as_in_the_contract(void **state)
{
	(void)state;
	static const char *const codes[LINK_ATTRIBUTES] = { "name", "birth_date", "address", "name_kana",
		"sex" };
	for (int i = 0; i < LINK_ATTRIBUTES; i++)
		assert_string_equal(link_attribute_code((enum link_attribute)i), codes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(name_birth_date_and_address_decide_alone_R8_1),
		TEST(what_differs_is_a_mismatch_or_a_warning_and_never_both_R8_1),
		TEST(attributes_are_called_as_in_the_contract),
	};
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
