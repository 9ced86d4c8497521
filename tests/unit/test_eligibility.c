/* Whether a person is covered on the day of care: rules/eligibility.c (R3, R4). */
#include "vectors.h"

#include "rules/eligibility.h"

#define TARO 1
#define HANAKO 2

static bool is_same(struct optional_day a, struct optional_day b)
{
	return a.known == b.known && (!a.known || day_compare(a.day, b.day) == 0);
}

static void cover_follows_from_dates_and_ages_R3_1_R3_2_R3_3(void **state)
{
	(void)state;
	static const char *const schemes[] = { "employees", "national", "late_elderly" };
	struct vectors *vectors = vectors_open_own("covers.csv");
	while (vectors_next(vectors)) {
		struct membership membership = {
			.person = TARO,
			.scheme = (enum scheme)vectors_get_word(vectors, "scheme", schemes, 3),
			.born = vectors_get_day(vectors, "birth_date"),
			.acquired_on = vectors_get_day(vectors, "acquired_on"),
			.lost_on = vectors_get_optional_day(vectors, "lost_on"),
			.dependent = vectors_get_bool(vectors, "dependent"),
			.insured_born = vectors_get_optional_day(vectors, "insured_birth_date"),
			.insured_lost_on = vectors_get_optional_day(vectors, "insured_lost_on"),
		};
		struct cover cover = cover_on(&membership, vectors_get_day(vectors, "visit_date"));
		bool covers = vectors_get_bool(vectors, "covers");
		struct optional_day ends_on = vectors_get_optional_day(vectors, "ends_on");
		struct reason_set reasons = vectors_get_reasons(vectors, "reasons");
		const char *shows = vectors_get(vectors, "shows");
		vectors_expect(
			vectors, cover.covers == covers, "%s: should%s cover", shows, covers ? "" : " not");
		vectors_expect(vectors, is_same(cover.ends_on, ends_on), "%s: should end on %s, got %s",
			shows, day_text(ends_on), day_text(cover.ends_on));
		vectors_expect(vectors, cover.reasons.bits == reasons.bits, "%s: expected %s, got %s", shows,
			reasons_text(reasons), reasons_text(cover.reasons));
	}
	vectors_finish(vectors);
}

/* A grown-up's membership in 協会けんぽ, until further notice where `lost_on` is NULL. */
static struct membership membership_of(int64_t person, const char *acquired_on, const char *lost_on)
{
	struct membership membership = {
		.person = person,
		.scheme = SCHEME_EMPLOYEES,
		.born = vector_day("1980-05-17"),
		.acquired_on = vector_day(acquired_on),
	};
	if (lost_on != NULL)
		membership.lost_on = vector_known_day(lost_on);
	return membership;
}

static void assert_reasons(struct reason_set reasons, const char *expected)
{
	assert_string_equal(reasons_text(reasons), expected);
}

static void a_visit_on_the_loss_day_is_not_covered_R3_1(void **state)
{
	(void)state;
	struct membership taro = membership_of(TARO, "2020-04-01", "2026-11-22");
	struct eligibility before = eligibility_by_keys(&taro, 1, NULL, 0, vector_day("2026-11-21"));
	assert_int_equal(before.validity, VALIDITY_VALID);
	assert_true(before.identified);
	assert_true(before.cover.covers);
	assert_reasons(before.reasons, "none");

	struct eligibility after = eligibility_by_keys(&taro, 1, NULL, 0, vector_day("2026-11-22"));
	assert_int_equal(after.validity, VALIDITY_INVALID);
	assert_true(after.identified);
	assert_false(after.cover.covers);
	assert_reasons(after.reasons, "membership_ended");
	assert_string_equal(day_text(after.cover.ends_on), "2026-11-22");
}

static void a_patient_who_turned_75_is_told_of_the_new_insurer_R3_2_R4(void **state)
{
	(void)state;
	struct membership old = membership_of(TARO, "2010-04-01", NULL);
	old.born = vector_day("1951-11-22");
	struct membership late_elderly = { .person = TARO,
		.scheme = SCHEME_LATE_ELDERLY,
		.born = old.born,
		.acquired_on = vector_day("2026-11-22") };
	struct eligibility eligibility =
		eligibility_by_keys(&old, 1, &late_elderly, 1, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_INVALID_NEWER_EXISTS);
	assert_reasons(eligibility.reasons, "moved_to_late_elderly");
	assert_int_equal(eligibility_by_keys(&old, 1, &late_elderly, 1, vector_day("2026-11-21")).validity,
		VALIDITY_VALID);
}

static void a_number_that_matches_nobody_is_no_cover_R4(void **state)
{
	(void)state;
	struct membership stranger = membership_of(HANAKO, "2020-04-01", NULL);
	struct eligibility eligibility = eligibility_by_keys(NULL, 0, &stranger, 1, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_NOT_FOUND);
	assert_false(eligibility.identified);
	assert_false(eligibility.cover.covers);
	assert_reasons(eligibility.reasons, "none");
}

static void twins_are_never_taken_for_one_another_R4(void **state)
{
	(void)state;
	struct membership matches[3] = { membership_of(TARO, "2020-04-01", NULL),
		membership_of(TARO, "2010-04-01", "2019-04-01"), membership_of(HANAKO, "2020-04-01", NULL) };
	struct eligibility eligibility = eligibility_by_keys(matches, 3, NULL, 0, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_MULTIPLE);
	assert_false(eligibility.identified);
	assert_false(eligibility.cover.covers);
	assert_reasons(eligibility.reasons, "none");
}

static void a_twin_is_not_chosen_even_when_only_one_of_them_is_covered_R4(void **state)
{
	(void)state;
	struct membership matches[2] = { membership_of(TARO, "2020-04-01", NULL),
		membership_of(HANAKO, "2010-04-01", "2019-04-01") };
	struct eligibility eligibility = eligibility_by_keys(matches, 2, NULL, 0, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_MULTIPLE);
	assert_false(eligibility.identified);
}

/* Of memberships of one person the one at `expected` is meant, in whatever order they are given. */
static void assert_chosen(const struct membership *matches, size_t count, size_t expected, const char *visit,
	enum validity validity, const char *reasons)
{
	struct membership turned[4];
	assert_in_range(count, 1, 4);
	for (size_t turn = 0; turn < count; turn++) {
		for (size_t i = 0; i < count; i++)
			turned[(i + turn) % count] = matches[i];
		for (int mirrored = 0; mirrored < 2; mirrored++) {
			size_t at = (expected + turn) % count;
			if (mirrored) {
				for (size_t i = 0; i < count / 2; i++) {
					struct membership other = turned[i];
					turned[i] = turned[count - 1 - i];
					turned[count - 1 - i] = other;
				}
				at = count - 1 - at;
			}
			struct eligibility eligibility =
				eligibility_by_keys(turned, count, NULL, 0, vector_day(visit));
			assert_true(eligibility.identified);
			assert_int_equal(eligibility.chosen, at);
			assert_int_equal(eligibility.validity, validity);
			assert_reasons(eligibility.reasons, reasons);
			struct cover cover = cover_on(&turned[at], vector_day(visit));
			assert_int_equal(eligibility.cover.covers, cover.covers);
			assert_int_equal(eligibility.cover.reasons.bits, cover.reasons.bits);
			assert_string_equal(day_text(eligibility.cover.ends_on), day_text(cover.ends_on));
		}
	}
}

static void a_patient_who_came_back_to_the_insurer_is_covered_by_the_new_period_R4(void **state)
{
	(void)state;
	struct membership matches[3] = { membership_of(TARO, "2010-04-01", "2015-04-01"),
		membership_of(TARO, "2020-04-01", NULL), membership_of(TARO, "2016-04-01", "2018-04-01") };
	assert_chosen(matches, 3, 1, "2026-11-22", VALIDITY_VALID, "none");
	assert_chosen(matches, 3, 0, "2012-01-01", VALIDITY_VALID, "none");
	assert_chosen(matches, 3, 2, "2016-04-01", VALIDITY_VALID, "none");
}

static void a_patient_between_two_periods_is_answered_with_the_one_ended_last_R4(void **state)
{
	(void)state;
	struct membership matches[4] = { membership_of(TARO, "2010-04-01", "2015-04-01"),
		membership_of(TARO, "2027-04-01", NULL), membership_of(TARO, "2016-04-01", "2018-04-01"),
		membership_of(TARO, "2028-04-01", NULL) };
	assert_chosen(matches, 4, 2, "2026-11-22", VALIDITY_INVALID, "membership_ended");
	assert_chosen(matches, 4, 0, "2015-06-01", VALIDITY_INVALID, "membership_ended");
}

static void a_patient_before_every_period_is_answered_with_the_one_starting_next_R4(void **state)
{
	(void)state;
	struct membership matches[3] = { membership_of(TARO, "2028-04-01", NULL),
		membership_of(TARO, "2027-04-01", "2028-03-01"), membership_of(TARO, "2029-04-01", NULL) };
	assert_chosen(matches, 3, 1, "2026-11-22", VALIDITY_INVALID, "membership_not_started");
}

/* Ended last means by every rule, not by what was registered: the insured person may have left before. */
static void the_one_ended_last_counts_by_the_end_that_the_rules_find_R3_3(void **state)
{
	(void)state;
	struct membership matches[2] = { membership_of(TARO, "2012-04-01", NULL),
		membership_of(TARO, "2010-04-01", "2018-04-01") };
	matches[0].dependent = true;
	matches[0].insured_lost_on = vector_known_day("2015-04-01");
	assert_chosen(matches, 2, 1, "2026-11-22", VALIDITY_INVALID, "membership_ended");
}

static void of_two_that_ended_together_the_one_acquired_last_is_answered_R4(void **state)
{
	(void)state;
	struct membership matches[2] = { membership_of(TARO, "2010-04-01", "2018-04-01"),
		membership_of(TARO, "2016-04-01", "2018-04-01") };
	assert_chosen(matches, 2, 1, "2026-11-22", VALIDITY_INVALID, "membership_ended");
}

static void of_two_that_cover_the_one_acquired_last_is_answered_and_said_so_R4_1(void **state)
{
	(void)state;
	struct membership matches[3] = { membership_of(TARO, "2010-04-01", NULL),
		membership_of(TARO, "2020-04-01", "2027-01-01"), membership_of(TARO, "2015-04-01", NULL) };
	struct eligibility eligibility = eligibility_by_keys(matches, 3, NULL, 0, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_VALID);
	assert_int_equal(eligibility.chosen, 1);
	assert_reasons(eligibility.reasons, "overlapping_membership");
	assert_reasons(eligibility.cover.reasons, "none");
	/* Acquired last decides, not ended last; and an overlap on another day is none. */
	assert_chosen(matches, 2, 1, "2026-11-22", VALIDITY_VALID, "overlapping_membership");
	assert_chosen(matches, 2, 0, "2019-01-01", VALIDITY_VALID, "none");
}

static void a_patient_with_a_new_job_is_not_sent_away_as_without_cover_R4(void **state)
{
	(void)state;
	struct membership old = membership_of(TARO, "2010-04-01", "2026-10-01");
	struct membership siblings[2] = { membership_of(TARO, "2005-04-01", "2010-04-01"),
		membership_of(TARO, "2026-10-01", NULL) };
	struct eligibility eligibility = eligibility_by_keys(&old, 1, siblings, 2, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_INVALID_NEWER_EXISTS);
	assert_true(eligibility.identified);
	assert_int_equal(eligibility.chosen, 0);
	assert_false(eligibility.cover.covers);
	assert_reasons(eligibility.reasons, "membership_ended");
}

static void assert_no_newer_one(struct membership sibling)
{
	struct membership old = membership_of(TARO, "2010-04-01", "2026-10-01");
	struct eligibility eligibility = eligibility_by_keys(&old, 1, &sibling, 1, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_INVALID);
	assert_reasons(eligibility.reasons, "membership_ended");
}

static void a_newer_membership_counts_only_where_it_covers_the_day_R4(void **state)
{
	(void)state;
	assert_no_newer_one(membership_of(TARO, "2026-12-01", NULL));
	assert_no_newer_one(membership_of(TARO, "2026-10-01", "2026-11-22"));
}

static void an_older_membership_of_another_insurer_is_not_called_newer_R4(void **state)
{
	(void)state;
	assert_no_newer_one(membership_of(TARO, "2009-04-01", NULL));
	assert_no_newer_one(membership_of(TARO, "2010-04-01", NULL));
}

static void the_membership_of_another_person_is_no_newer_one_R4(void **state)
{
	(void)state;
	assert_no_newer_one(membership_of(HANAKO, "2026-10-01", NULL));
}

static void a_valid_answer_does_not_tell_of_other_insurers_R4(void **state)
{
	(void)state;
	struct membership match = membership_of(TARO, "2010-04-01", NULL);
	struct membership sibling = membership_of(TARO, "2026-10-01", NULL);
	struct eligibility eligibility =
		eligibility_by_keys(&match, 1, &sibling, 1, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_VALID);
	assert_reasons(eligibility.reasons, "none");
}

/* What a card's person is told, whatever the order in which their memberships are found. */
static void assert_by_card(const struct membership *memberships, size_t count, size_t expected,
	const char *visit, enum validity validity, const char *reasons)
{
	struct membership turned[4];
	assert_in_range(count, 1, 4);
	for (size_t turn = 0; turn < 2 * count; turn++) {
		for (size_t i = 0; i < count; i++)
			turned[turn < count ? (i + turn) % count : (2 * count - 1 - i + turn) % count] =
				memberships[i];
		struct eligibility eligibility = eligibility_by_card(turned, count, vector_day(visit));
		assert_int_equal(eligibility.validity, validity);
		assert_reasons(eligibility.reasons, reasons);
		assert_int_equal(eligibility.identified, validity != VALIDITY_MULTIPLE);
		if (validity == VALIDITY_MULTIPLE) {
			assert_false(eligibility.cover.covers);
			continue;
		}
		const struct membership *chosen = &turned[eligibility.chosen];
		assert_int_equal(day_compare(chosen->acquired_on, memberships[expected].acquired_on), 0);
		assert_string_equal(day_text(chosen->lost_on), day_text(memberships[expected].lost_on));
		assert_int_equal(eligibility.cover.covers, cover_on(chosen, vector_day(visit)).covers);
	}
}

static void a_card_is_answered_with_the_membership_that_covers_the_day_R4_1(void **state)
{
	(void)state;
	struct membership memberships[3] = { membership_of(TARO, "2010-04-01", "2020-04-01"),
		membership_of(TARO, "2020-04-01", "2026-10-01"), membership_of(TARO, "2026-10-01", NULL) };
	assert_by_card(memberships, 1, 0, "2015-01-01", VALIDITY_VALID, "none");
	assert_by_card(memberships, 3, 0, "2020-03-31", VALIDITY_VALID, "none");
	assert_by_card(memberships, 3, 1, "2020-04-01", VALIDITY_VALID, "none");
	assert_by_card(memberships, 3, 2, "2026-11-22", VALIDITY_VALID, "none");
}

static void a_card_with_a_loss_reported_late_is_answered_with_the_newer_insurer_R4_1(void **state)
{
	(void)state;
	struct membership memberships[4] = { membership_of(TARO, "2010-04-01", NULL),
		membership_of(TARO, "2020-04-01", NULL), membership_of(TARO, "2022-04-01", "2026-11-22"),
		membership_of(TARO, "2026-12-01", NULL) };
	assert_by_card(memberships, 4, 2, "2026-11-21", VALIDITY_VALID, "overlapping_membership");
	assert_by_card(memberships, 4, 1, "2026-11-22", VALIDITY_VALID, "overlapping_membership");
	assert_by_card(memberships, 4, 3, "2026-12-01", VALIDITY_VALID, "overlapping_membership");
	assert_by_card(memberships, 4, 0, "2020-03-31", VALIDITY_VALID, "none");
}

/* Nobody could say which of the two insurers pays. */
static void a_card_with_two_that_began_on_one_day_is_not_guessed_R4_1(void **state)
{
	(void)state;
	struct membership memberships[3] = { membership_of(TARO, "2020-04-01", NULL),
		membership_of(TARO, "2020-04-01", "2027-04-01"), membership_of(TARO, "2010-04-01", NULL) };
	assert_by_card(memberships, 2, 0, "2026-11-22", VALIDITY_MULTIPLE, "none");
	assert_by_card(memberships, 3, 0, "2026-11-22", VALIDITY_MULTIPLE, "none");
	/* Not where one of them does not cover the day any more, nor where both are older than the one that is answered. */
	assert_by_card(memberships, 3, 0, "2027-04-01", VALIDITY_VALID, "overlapping_membership");
	memberships[2].acquired_on = vector_day("2021-04-01");
	assert_by_card(memberships, 3, 2, "2026-11-22", VALIDITY_VALID, "overlapping_membership");
}

static void a_card_without_cover_is_answered_with_the_one_ended_last_R4_1(void **state)
{
	(void)state;
	struct membership memberships[4] = { membership_of(TARO, "2010-04-01", "2018-04-01"),
		membership_of(TARO, "2012-04-01", "2015-04-01"), membership_of(TARO, "2027-04-01", NULL),
		membership_of(TARO, "2009-04-01", "2011-04-01") };
	assert_by_card(memberships, 4, 0, "2026-11-22", VALIDITY_INVALID, "membership_ended");
	assert_by_card(memberships + 1, 2, 0, "2026-11-22", VALIDITY_INVALID, "membership_ended");
}

/* They ended together, so neither covers: equal acquisition dates are told apart only where both cover. */
static void a_card_with_two_ended_alike_is_invalid_and_not_multiple_R4_1(void **state)
{
	(void)state;
	struct membership memberships[2] = { membership_of(TARO, "2020-04-01", "2026-04-01"),
		membership_of(TARO, "2020-04-01", "2026-04-01") };
	assert_by_card(memberships, 2, 0, "2026-11-22", VALIDITY_INVALID, "membership_ended");
}

static void a_card_before_every_membership_is_answered_with_the_one_starting_next_R4_1(void **state)
{
	(void)state;
	struct membership memberships[3] = { membership_of(TARO, "2028-04-01", NULL),
		membership_of(TARO, "2027-04-01", "2028-03-01"), membership_of(TARO, "2029-04-01", NULL) };
	assert_by_card(memberships, 3, 1, "2026-11-22", VALIDITY_INVALID, "membership_not_started");
}

static void a_card_of_somebody_who_turned_75_is_answered_with_the_new_insurer_R3_2_R4_1(void **state)
{
	(void)state;
	struct membership memberships[2] = { membership_of(TARO, "2010-04-01", NULL),
		membership_of(TARO, "2026-11-22", NULL) };
	memberships[0].born = vector_day("1951-11-22");
	memberships[1].born = memberships[0].born;
	memberships[1].scheme = SCHEME_LATE_ELDERLY;
	assert_by_card(memberships, 2, 0, "2026-11-21", VALIDITY_VALID, "none");
	assert_by_card(memberships, 2, 1, "2026-11-22", VALIDITY_VALID, "none");
	assert_by_card(memberships, 1, 0, "2026-11-22", VALIDITY_INVALID, "moved_to_late_elderly");
}

static void a_card_of_somebody_without_any_membership_says_so_R4(void **state)
{
	(void)state;
	struct eligibility eligibility = eligibility_by_card(NULL, 0, vector_day("2026-11-22"));
	assert_int_equal(eligibility.validity, VALIDITY_NOT_FOUND);
	assert_false(eligibility.identified);
	assert_false(eligibility.cover.covers);
	assert_reasons(eligibility.reasons, "no_membership");
}

static void a_program_that_knows_the_national_codes_understands_ours_R4(void **state)
{
	(void)state;
	static const char *const codes[] = { "valid", "invalid", "invalid_newer_exists", "not_found",
		"multiple" };
	for (int national = 1; national <= 5; national++)
		assert_string_equal(validity_code((enum validity)national), codes[national - 1]);
	assert_string_equal(validity_code(VALIDITY_NOT_JUDGED), "not_judged");
	assert_string_equal(validity_code((enum validity)6), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cover_follows_from_dates_and_ages_R3_1_R3_2_R3_3),
		TEST(a_visit_on_the_loss_day_is_not_covered_R3_1),
		TEST(a_patient_who_turned_75_is_told_of_the_new_insurer_R3_2_R4),
		TEST(a_number_that_matches_nobody_is_no_cover_R4),
		TEST(twins_are_never_taken_for_one_another_R4),
		TEST(a_twin_is_not_chosen_even_when_only_one_of_them_is_covered_R4),
		TEST(a_patient_who_came_back_to_the_insurer_is_covered_by_the_new_period_R4),
		TEST(a_patient_between_two_periods_is_answered_with_the_one_ended_last_R4),
		TEST(a_patient_before_every_period_is_answered_with_the_one_starting_next_R4),
		TEST(the_one_ended_last_counts_by_the_end_that_the_rules_find_R3_3),
		TEST(of_two_that_ended_together_the_one_acquired_last_is_answered_R4),
		TEST(of_two_that_cover_the_one_acquired_last_is_answered_and_said_so_R4_1),
		TEST(a_patient_with_a_new_job_is_not_sent_away_as_without_cover_R4),
		TEST(a_newer_membership_counts_only_where_it_covers_the_day_R4),
		TEST(an_older_membership_of_another_insurer_is_not_called_newer_R4),
		TEST(the_membership_of_another_person_is_no_newer_one_R4),
		TEST(a_valid_answer_does_not_tell_of_other_insurers_R4),
		TEST(a_card_is_answered_with_the_membership_that_covers_the_day_R4_1),
		TEST(a_card_with_a_loss_reported_late_is_answered_with_the_newer_insurer_R4_1),
		TEST(a_card_with_two_that_began_on_one_day_is_not_guessed_R4_1),
		TEST(a_card_without_cover_is_answered_with_the_one_ended_last_R4_1),
		TEST(a_card_with_two_ended_alike_is_invalid_and_not_multiple_R4_1),
		TEST(a_card_before_every_membership_is_answered_with_the_one_starting_next_R4_1),
		TEST(a_card_of_somebody_who_turned_75_is_answered_with_the_new_insurer_R3_2_R4_1),
		TEST(a_card_of_somebody_without_any_membership_says_so_R4),
		TEST(a_program_that_knows_the_national_codes_understands_ours_R4),
	};
	return cmocka_run_group_tests_name("eligibility", tests, NULL, NULL);
}
