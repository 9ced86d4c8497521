/* Whether a genuine card may be used now: rules/certificate_status.c (R5.3–R5.6, R14). */
#include "vectors.h"

#include "rules/certificate_status.h"

#define SECOND INT64_C(1000000)
#define DAY (INT64_C(86400) * SECOND)
#define JAPAN_IS_AHEAD (INT64_C(9) * 3600 * SECOND)

/* The first microsecond of a day in Japan. */
static int64_t midnight(struct day day)
{
	return day.number * DAY - JAPAN_IS_AHEAD;
}

static int64_t last_microsecond(struct day day)
{
	return midnight(day) + DAY - 1;
}

/* A registered card whose certificate's last second is the last of that day in Japan, as cards have it. */
static struct card_facts card_until(struct day expires)
{
	return (struct card_facts){
		.medium = CARD_MEDIUM_CARD, .not_after = midnight(expires) + DAY - SECOND, .registered = true
	};
}

static void assert_decision(const struct card_facts *facts, int64_t now, bool usable, bool qualification_only,
	const char *reasons)
{
	struct card_decision decision = card_decide(facts, now);
	assert_string_equal(reasons_text(decision.reasons), reasons);
	assert_int_equal(decision.usable, usable);
	assert_int_equal(decision.qualification_only, qualification_only);
}

static void a_patient_with_an_expired_card_is_received_until_the_last_day_of_grace_R5_4(void **state)
{
	(void)state;
	struct vectors *vectors = vectors_open("grace.csv");
	while (vectors_next(vectors)) {
		struct day expires = vectors_get_day(vectors, "certificate_expires");
		struct day last = vectors_get_day(vectors, "last_day_of_grace");
		struct optional_day got = { .known = true, .day = certificate_last_day_of_grace(expires) };
		vectors_expect(vectors, day_compare(got.day, last) == 0, "the last day is %s", day_text(got));

		struct card_facts card = card_until(expires);
		struct card_decision before = card_decide(&card, last_microsecond(day_plus(last, -1)));
		struct card_decision on = card_decide(&card, last_microsecond(last));
		struct card_decision after = card_decide(&card, midnight(day_plus(last, 1)));
		vectors_expect(vectors, before.usable && before.qualification_only, "the day before: %s",
			reasons_text(before.reasons));
		vectors_expect(vectors, on.usable && on.qualification_only, "23:59:59.999999 of it: %s",
			reasons_text(on.reasons));
		vectors_expect(vectors, !after.usable && !after.qualification_only, "the day after: %s",
			reasons_text(after.reasons));
	}
	vectors_finish(vectors);
}

static void grace_is_named_and_ends_at_midnight_in_japan_R5_4(void **state)
{
	(void)state;
	struct card_facts card = card_until(vector_day("2026-05-15"));
	struct day last = vector_day("2026-08-31");
	assert_decision(&card, midnight(vector_day("2026-05-16")), true, true, "certificate_in_grace");
	assert_decision(&card, last_microsecond(last), true, true, "certificate_in_grace");
	assert_decision(&card, last_microsecond(last) + 1, false, false, "certificate_expired");
}

/* 2026-08-31T15:00Z is 1 September in Japan: the month of the expiry, so the end of grace, follows Japan's date. */
static void the_month_of_expiry_is_that_of_japan_R5_4(void **state)
{
	(void)state;
	struct card_facts card = { .medium = CARD_MEDIUM_CARD,
		.not_after = midnight(vector_day("2026-09-01")),
		.registered = true };
	assert_decision(
		&card, last_microsecond(vector_day("2026-12-31")), true, true, "certificate_in_grace");
	assert_decision(&card, midnight(vector_day("2027-01-01")), false, false, "certificate_expired");
	card.not_after -= SECOND;
	assert_decision(
		&card, last_microsecond(vector_day("2026-11-30")), true, true, "certificate_in_grace");
	assert_decision(&card, midnight(vector_day("2026-12-01")), false, false, "certificate_expired");
}

static void a_certificate_is_whole_until_its_last_second_is_over_R5_4(void **state)
{
	(void)state;
	struct day expires = vector_day("2026-05-15");
	struct card_facts card = card_until(expires);
	assert_decision(&card, card.not_after, true, false, "certificate_expires_soon");
	assert_decision(&card, card.not_after + SECOND - 1, true, false, "certificate_expires_soon");
	assert_decision(&card, card.not_after + SECOND, true, true, "certificate_in_grace");
	/* One that expires in the middle of a day is in grace from then on, not from midnight. */
	card.not_after = midnight(expires) + DAY / 2;
	assert_decision(&card, card.not_after + SECOND - 1, true, false, "certificate_expires_soon");
	assert_decision(&card, card.not_after + SECOND, true, true, "certificate_in_grace");
}

static void a_phone_has_no_grace_R5_4(void **state)
{
	(void)state;
	struct card_facts phone = card_until(vector_day("2026-05-15"));
	phone.medium = CARD_MEDIUM_PHONE;
	assert_decision(&phone, phone.not_after + SECOND - 1, true, false, "certificate_expires_soon");
	assert_decision(&phone, phone.not_after + SECOND, false, false, "certificate_expired");
	assert_decision(&phone, midnight(vector_day("2026-08-31")), false, false, "certificate_expired");
}

static void assert_notice_from(const char *expires, const char *first)
{
	struct card_facts card = card_until(vector_day(expires));
	int64_t from = midnight(vector_day(first));
	assert_decision(&card, from - 1, true, false, "none");
	assert_decision(&card, from, true, false, "certificate_expires_soon");
	assert_decision(&card, card.not_after, true, false, "certificate_expires_soon");
}

static void a_patient_is_told_to_renew_from_three_months_before_R5_4(void **state)
{
	(void)state;
	assert_notice_from("2026-05-15", "2026-02-15");
	assert_notice_from("2026-05-31", "2026-02-28");
	assert_notice_from("2028-05-31", "2028-02-29");
	assert_notice_from("2027-01-31", "2026-10-31");
	assert_notice_from("2026-12-31", "2026-09-30");
	struct card_facts phone = card_until(vector_day("2026-05-31"));
	phone.medium = CARD_MEDIUM_PHONE;
	assert_decision(&phone, midnight(vector_day("2026-02-28")), true, false, "certificate_expires_soon");
}

/* Every mixture of what may be wrong: never two reasons, and always the first in the order of the rule. */
static void a_card_that_may_not_be_used_has_one_reason_the_gravest_R5_3(void **state)
{
	(void)state;
	struct day expires = vector_day("2026-05-15");
	int64_t times[] = { midnight(vector_day("2025-06-01")), midnight(vector_day("2026-06-01")),
		midnight(vector_day("2026-09-01")) };
	for (int mixture = 0; mixture < 64; mixture++) {
		struct card_facts card = card_until(expires);
		card.revoked = mixture & 1;
		card.suspended = mixture & 2;
		card.registered = mixture & 4;
		card.self_information_stopped = mixture & 8;
		card.revocation_unknown = mixture & 16;
		card.medium = mixture & 32 ? CARD_MEDIUM_PHONE : CARD_MEDIUM_CARD;
		for (int i = 0; i < 3; i++) {
			bool ended = i == 2 || (i == 1 && card.medium == CARD_MEDIUM_PHONE);
			bool known = card.registered && !card.self_information_stopped;
			if (card.revoked)
				assert_decision(&card, times[i], false, false, "card_revoked");
			else if (card.suspended)
				assert_decision(&card, times[i], false, false, "card_suspended");
			else if (ended)
				assert_decision(&card, times[i], false, false, "certificate_expired");
			else if (!known)
				assert_decision(&card, times[i], false, false, "card_not_registered");
			else
				assert_true(card_decide(&card, times[i]).usable);
		}
	}
}

/* Whoever asks about a hidden person must learn nothing that they would not learn about an unregistered one. */
static void a_protected_persons_card_looks_like_an_unregistered_one_at_every_time_R14(void **state)
{
	(void)state;
	static const char *const days[] = { "2025-06-01", "2026-04-01", "2026-05-15", "2026-06-01",
		"2026-08-31", "2026-09-01" };
	for (int mixture = 0; mixture < 16; mixture++) {
		struct card_facts hidden = card_until(vector_day("2026-05-15"));
		hidden.revoked = mixture & 1;
		hidden.suspended = mixture & 2;
		hidden.revocation_unknown = mixture & 4;
		hidden.medium = mixture & 8 ? CARD_MEDIUM_PHONE : CARD_MEDIUM_CARD;
		struct card_facts unregistered = hidden;
		hidden.self_information_stopped = true;
		unregistered.registered = false;
		for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
			int64_t now = midnight(vector_day(days[i]));
			struct card_decision a = card_decide(&hidden, now);
			struct card_decision b = card_decide(&unregistered, now);
			assert_false(a.usable);
			assert_int_equal(a.usable, b.usable);
			assert_int_equal(a.qualification_only, b.qualification_only);
			assert_int_equal(a.reasons.bits, b.reasons.bits);
		}
	}
}

static void a_card_that_no_list_vouches_for_is_never_silently_good_R5_5(void **state)
{
	(void)state;
	struct card_facts card = card_until(vector_day("2026-05-15"));
	card.revocation_unknown = true;
	assert_decision(&card, midnight(vector_day("2025-06-01")), true, false, "revocation_unknown");
	assert_decision(&card, midnight(vector_day("2026-05-15")), true, false,
		"certificate_expires_soon revocation_unknown");
	assert_decision(&card, midnight(vector_day("2026-05-16")), true, true,
		"certificate_in_grace revocation_unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_patient_with_an_expired_card_is_received_until_the_last_day_of_grace_R5_4),
		TEST(grace_is_named_and_ends_at_midnight_in_japan_R5_4),
		TEST(the_month_of_expiry_is_that_of_japan_R5_4),
		TEST(a_certificate_is_whole_until_its_last_second_is_over_R5_4),
		TEST(a_phone_has_no_grace_R5_4),
		TEST(a_patient_is_told_to_renew_from_three_months_before_R5_4),
		TEST(a_card_that_may_not_be_used_has_one_reason_the_gravest_R5_3),
		TEST(a_protected_persons_card_looks_like_an_unregistered_one_at_every_time_R14),
		TEST(a_card_that_no_list_vouches_for_is_never_silently_good_R5_5),
	};
	return cmocka_run_group_tests_name("certificate_status", tests, NULL, NULL);
}
