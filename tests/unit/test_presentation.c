/* What was shown, and what the desk does next: rules/presentation.c, rules/reasons.c (R6, R14). */
#include "vectors.h"

#include <string.h>

#include "rules/presentation.h"

static const char *const kinds[] = { "card", "qualification_notice", "portal_record",
	"eligibility_certificate", "insurance_card" };
static const char *const settings[] = { "standard", "school" };

static struct presentation shown_in(const struct vectors *vectors)
{
	return (struct presentation){
		.kind = (enum presented_kind)(PRESENTED_CARD + vectors_get_word(vectors, "kind", kinds, 5)),
		.setting = (enum setting)vectors_get_word(vectors, "setting", settings, 2),
		.with_card = vectors_get_bool(vectors, "with_card"),
	};
}

static void what_was_shown_is_accepted_as_the_law_says_R6_R6_1_R14(void **state)
{
	(void)state;
	static const char *const cards[] = { "none_known", "usable", "suspended", "revoked" };
	static const char *const certificates[] = { "none", "issued", "returned", "revoked" };
	struct vectors *vectors = vectors_open_own("presentations.csv");
	while (vectors_next(vectors)) {
		struct presentation shown = shown_in(vectors);
		struct presenter presenter = {
			.registered = vectors_get_bool(vectors, "registered"),
			.self_information_stopped = vectors_get_bool(vectors, "self_information_stopped"),
			.cards = (enum cards_state)vectors_get_word(vectors, "cards", cards, 4),
			.certificate = (enum certificate_state)vectors_get_word(
				vectors, "certificate", certificates, 4),
			.certificate_valid_until =
				vectors_get_optional_day(vectors, "certificate_valid_until"),
		};
		struct acceptance acceptance =
			presentation_on(&shown, &presenter, vectors_get_day(vectors, "visit_date"));
		bool accepted = vectors_get_bool(vectors, "accepted");
		struct reason_set reasons = vectors_get_reasons(vectors, "reasons");
		const char *shows = vectors_get(vectors, "shows");
		vectors_expect(vectors, acceptance.accepted == accepted, "%s: should%s be accepted", shows,
			accepted ? "" : " not");
		vectors_expect(vectors, acceptance.reasons.bits == reasons.bits, "%s: expected %s, got %s",
			shows, reasons_text(reasons), reasons_text(acceptance.reasons));
	}
	vectors_finish(vectors);
}

static void the_desk_is_told_what_to_do_next_R6_2(void **state)
{
	(void)state;
	/* By enum validity; none: the card may not be used, so no membership was judged (R5.3). */
	static const char *const validities[] = { "none", "valid", "invalid", "invalid_newer_exists",
		"not_found", "multiple" };
	struct vectors *vectors = vectors_open_own("next_actions.csv");
	while (vectors_next(vectors)) {
		struct presentation shown = shown_in(vectors);
		int validity = vectors_get_word(vectors, "validity", validities, VALIDITY_MULTIPLE + 1);
		struct next_action_set got = next_actions(&shown, (enum validity)validity,
			vectors_get_bool(vectors, "accepted"), vectors_get_reasons(vectors, "reasons"));
		struct next_action_set expected = vectors_get_next_actions(vectors, "next_actions");
		vectors_expect(vectors, got.bits == expected.bits, "%s: expected %s, got %s",
			vectors_get(vectors, "shows"), next_actions_text(expected), next_actions_text(got));
	}
	vectors_finish(vectors);
}

static const enum setting both_settings[] = { SETTING_STANDARD, SETTING_SCHOOL };

/* Whoever asks about a hidden person must learn nothing that they would not learn about an unregistered one. */
static void a_protected_person_looks_like_an_unregistered_one_in_every_case_R14(void **state)
{
	(void)state;
	static const char *const visits[] = { "2025-12-01", "2026-01-15", "2026-11-22" };
	for (int kind = PRESENTED_QUALIFICATION_NOTICE; kind <= PRESENTED_INSURANCE_CARD; kind++) {
		for (int i = 0; i < 2 * 2 * 4 * 4 * 3; i++) {
			struct presentation shown = { (enum presented_kind)kind, both_settings[i % 2],
				i / 2 % 2 };
			struct presenter hidden = { .registered = true,
				.self_information_stopped = true,
				.cards = (enum cards_state)(i / 4 % 4),
				.certificate = (enum certificate_state)(i / 16 % 4) };
			struct presenter unregistered = hidden;
			unregistered.registered = false;
			unregistered.self_information_stopped = false;
			struct day visit = vector_day(visits[i / 64]);
			struct acceptance a = presentation_on(&shown, &hidden, visit);
			struct acceptance b = presentation_on(&shown, &unregistered, visit);
			assert_int_equal(a.accepted, b.accepted);
			assert_int_equal(a.reasons.bits, b.reasons.bits);
		}
	}
}

static void nobody_is_sent_away_without_a_word_what_to_do_R6_2(void **state)
{
	(void)state;
	for (int kind = PRESENTED_CARD; kind <= PRESENTED_INSURANCE_CARD; kind++) {
		for (int validity = 0; validity <= VALIDITY_MULTIPLE; validity++) {
			for (int with_card = 0; with_card < 2; with_card++) {
				struct presentation shown = { (enum presented_kind)kind, SETTING_STANDARD,
					with_card };
				struct reason_set none = { 0 };
				struct next_action_set actions =
					next_actions(&shown, (enum validity)validity, false, none);
				assert_true(next_action_in(actions, NEXT_ACTION_CHARGE_FULL_AMOUNT));
				shown.setting = SETTING_SCHOOL;
				actions = next_actions(&shown, (enum validity)validity, false, none);
				assert_false(next_action_in(actions, NEXT_ACTION_CHARGE_FULL_AMOUNT));
				actions = next_actions(&shown, (enum validity)validity, true, none);
				assert_int_equal(actions.bits, 0);
			}
		}
	}
}

/* A card that may not be used is refused before, by its own proof (R5.3): whoever comes as far as this holds one that may. What is
 * known of the person's other cards does not matter. */
static void a_card_that_was_proved_is_accepted_whatever_else_is_known_R6(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * 2 * 2 * 4 * 4; i++) {
		struct presentation shown = { PRESENTED_CARD, both_settings[i % 2], false };
		struct presenter presenter = { .registered = i / 2 % 2,
			.self_information_stopped = i / 4 % 2,
			.cards = (enum cards_state)(i / 8 % 4),
			.certificate = (enum certificate_state)(i / 32) };
		struct acceptance acceptance = presentation_on(&shown, &presenter, vector_day("2026-11-22"));
		assert_true(acceptance.accepted);
		assert_int_equal(acceptance.reasons.bits, 0);
	}
}

/* `checks.reasons` keeps bits for years: a code that moved would make old evidence say something else. */
static void a_recorded_reason_keeps_its_meaning_R13_2(void **state)
{
	(void)state;
	static const char *const codes[] = { "membership_ended", "membership_not_started",
		"moved_to_late_elderly", "insured_moved_to_late_elderly", "insurer_number_check_digit",
		"overlapping_membership", "no_membership", "future_visit_date", "link_not_confirmed",
		"elderly_ratio_not_registered", "card_required_with_document", "card_not_registered",
		"card_revoked", "card_suspended", "certificate_not_on_record", "certificate_not_current",
		"insurance_card_ended", "tolerated_until_2026_03_31", "certificate_expired",
		"certificate_in_grace", "certificate_expires_soon", "revocation_unknown" };
	const int count = sizeof codes / sizeof *codes;
	assert_true(count <= REASON_COUNT);
	for (int bit = 0; bit < count; bit++)
		assert_string_equal(reason_code((enum reason)bit), codes[bit]);
}

static void next_actions_are_read_in_the_order_of_the_rule_R6_2(void **state)
{
	(void)state;
	static const char *const codes[] = { "register_card_now", "use_face", "unlock_pin_at_municipality",
		"ask_for_eligibility_certificate", "show_notice_or_portal_record", "renew_certificate",
		"contact_insurer", "accept_declaration", "charge_full_amount" };
	assert_int_equal(NEXT_ACTION_COUNT, sizeof codes / sizeof *codes);
	for (int bit = 0; bit < NEXT_ACTION_COUNT; bit++)
		assert_string_equal(next_action_code((enum next_action)bit), codes[bit]);
}

/* A reception reads these words aloud: a whole Japanese sentence each, and no two alike. */
static void every_reason_and_action_has_japanese_words_of_its_own_R6_2(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *words = reason_words((enum reason)i);
		assert_non_null(strstr(words, "。"));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(words, reason_words((enum reason)j));
			assert_string_not_equal(reason_code((enum reason)i), reason_code((enum reason)j));
		}
	}
	for (int i = 0; i < NEXT_ACTION_COUNT; i++) {
		const char *words = next_action_words((enum next_action)i);
		assert_non_null(strstr(words, "。"));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(words, next_action_words((enum next_action)j));
			assert_string_not_equal(
				next_action_code((enum next_action)i), next_action_code((enum next_action)j));
		}
	}
}

/* A record written by a newer service may hold bits that this one does not know. */
static void a_code_of_a_newer_service_does_not_crash_the_reader(void **state)
{
	(void)state;
	assert_string_equal(reason_code(REASON_COUNT), "unknown");
	assert_string_equal(reason_words(REASON_COUNT), "");
	assert_string_equal(next_action_code(NEXT_ACTION_COUNT), "unknown");
	assert_string_equal(next_action_words(NEXT_ACTION_COUNT), "");
}

static void a_recorded_presentation_keeps_its_meaning_R13_2(void **state)
{
	(void)state;
	assert_int_equal(PRESENTED_KINDS, 6);
	for (int kind = 1; kind < PRESENTED_KINDS; kind++)
		assert_string_equal(presented_kind_codes[kind], kinds[kind - 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_shown_is_accepted_as_the_law_says_R6_R6_1_R14),
		TEST(the_desk_is_told_what_to_do_next_R6_2),
		TEST(a_protected_person_looks_like_an_unregistered_one_in_every_case_R14),
		TEST(nobody_is_sent_away_without_a_word_what_to_do_R6_2),
		TEST(a_card_that_was_proved_is_accepted_whatever_else_is_known_R6),
		TEST(a_recorded_reason_keeps_its_meaning_R13_2),
		TEST(next_actions_are_read_in_the_order_of_the_rule_R6_2),
		TEST(every_reason_and_action_has_japanese_words_of_its_own_R6_2),
		TEST(a_code_of_a_newer_service_does_not_crash_the_reader),
		TEST(a_recorded_presentation_keeps_its_meaning_R13_2),
	};
	return cmocka_run_group_tests_name("presentation", tests, NULL, NULL);
}
