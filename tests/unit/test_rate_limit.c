/* Typed keys can be guessed: a token asks as often as it may, not once more, and not once less: cases/rate_limit.c. */
#include "vectors.h"

#include <pthread.h>
#include <stdlib.h>

#include "cases/rate_limit.h"

/* Some time of a machine that has run for days. */
#define NOW INT64_C(345678901234)
#define SECOND INT64_C(1000000)

static int close_limits(void **state)
{
	(void)state;
	rate_limits_close();
	return 0;
}

static bool take(struct rate_limit *limit, int64_t now)
{
	int64_t wait = -1;
	bool taken = rate_limit_take(limit, now, &wait);
	assert_true(taken ? wait == 0 : wait > 0);
	return taken;
}

static int64_t wait_of(struct rate_limit *limit, int64_t now)
{
	int64_t wait = -1;
	assert_false(rate_limit_take(limit, now, &wait));
	return wait;
}

static void a_waiting_room_full_of_people_is_asked_for_at_once(void **state)
{
	(void)state;
	struct rate_limit *limit = rate_limit_of(1, 10, 50);
	for (int i = 0; i < 50; i++)
		assert_true(take(limit, NOW));
	assert_false(take(limit, NOW));
	assert_false(take(limit, NOW));
}

static void a_machine_that_has_just_started_limits_as_any_other(void **state)
{
	(void)state;
	struct rate_limit *limit = rate_limit_of(1, 10, 3);
	for (int i = 0; i < 3; i++)
		assert_true(take(limit, 0));
	assert_false(take(limit, 0));
	assert_false(take(limit, 99999));
	assert_true(take(limit, 100000));
}

static void one_comes_back_with_every_interval_to_the_microsecond(void **state)
{
	(void)state;
	struct rate_limit *limit = rate_limit_of(1, 4, 2);
	assert_true(take(limit, NOW));
	assert_true(take(limit, NOW));
	for (int64_t i = 1; i <= 8; i++) {
		assert_false(take(limit, NOW + i * SECOND / 4 - 1));
		assert_true(take(limit, NOW + i * SECOND / 4));
		assert_false(take(limit, NOW + i * SECOND / 4));
	}
}

static void a_refused_request_costs_nothing(void **state)
{
	(void)state;
	struct rate_limit *limit = rate_limit_of(1, 1, 1);
	assert_true(take(limit, NOW));
	for (int i = 0; i < 1000; i++)
		assert_false(take(limit, NOW + SECOND - 1));
	assert_true(take(limit, NOW + SECOND));
}

static void a_quiet_hour_gives_the_whole_burst_and_no_more(void **state)
{
	(void)state;
	struct rate_limit *limit = rate_limit_of(1, 100, 5);
	for (int i = 0; i < 5; i++)
		assert_true(take(limit, NOW));
	for (int i = 0; i < 5; i++)
		assert_true(take(limit, NOW + 3600 * SECOND));
	assert_false(take(limit, NOW + 3600 * SECOND));
}

static void who_waits_as_long_as_told_is_served(void **state)
{
	(void)state;
	static const int64_t rates[] = { 1, 3, 7, 10, 999, 1000, 300000, 1000000 };
	static const int64_t bursts[] = { 1, 2, 1000 };
	for (size_t rate = 0; rate < sizeof rates / sizeof *rates; rate++) {
		for (size_t burst = 0; burst < sizeof bursts / sizeof *bursts; burst++) {
			struct rate_limit *limit =
				rate_limit_of(1 + (int64_t)(rate * 10 + burst), rates[rate], bursts[burst]);
			int64_t now = NOW;
			while (take(limit, now))
				;
			for (int i = 0; i < 20; i++) {
				now += wait_of(limit, now);
				assert_true(take(limit, now));
				while (take(limit, now))
					;
			}
		}
	}
}

/* Of whole seconds a microsecond too many makes one more in Retry-After. */
static void nobody_is_told_to_wait_longer_than_needed(void **state)
{
	(void)state;
	static const int64_t rates[] = { 1, 2, 3, 7, 10, 1000 };
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		struct rate_limit *limit = rate_limit_of(1 + (int64_t)i, rates[i], 1);
		assert_true(take(limit, NOW));
		int64_t wait = wait_of(limit, NOW);
		if (wait > 1 && take(limit, NOW + wait - 1))
			fail_msg("at %d a second %d us were named, one less was enough", (int)rates[i],
				(int)wait);
	}
	struct rate_limit *limit = rate_limit_of(100, 1, 1);
	assert_true(take(limit, NOW));
	assert_true(wait_of(limit, NOW) == SECOND);
}

static void a_rate_is_kept_over_a_long_time_also_where_it_does_not_divide_a_second(void **state)
{
	(void)state;
	static const int64_t rates[] = { 3, 7, 300, 70000 };
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		struct rate_limit *limit = rate_limit_of(1 + (int64_t)i, rates[i], 1);
		int64_t taken = 0;
		int64_t step = SECOND / rates[i] / 4 + 1;
		/* Asked for all the time during ten seconds. */
		for (int64_t now = NOW; now<NOW + 10 * SECOND; now += rates[i]> 1000 ? 1 : step)
			taken += take(limit, now);
		assert_true(taken <= 10 * rates[i] + 1);
		assert_true(taken >= 10 * rates[i] * 3 / 4); /* the steps miss a part of an interval each */
	}
}

static void each_token_has_its_own_limit_and_keeps_it(void **state)
{
	(void)state;
	struct rate_limit *one = rate_limit_of(1, 1, 1);
	struct rate_limit *two = rate_limit_of(2, 1, 1);
	assert_true(one != two);
	assert_true(take(one, NOW));
	assert_true(take(two, NOW));
	/* Asked for again, as each loop does, it is the same and as empty as it was. */
	assert_ptr_equal(rate_limit_of(1, 1, 1), one);
	assert_false(take(rate_limit_of(1, 1, 1), NOW));
}

static void a_changed_rate_holds_from_the_next_request(void **state)
{
	(void)state;
	struct rate_limit *limit = rate_limit_of(1, 1, 1);
	assert_true(take(limit, NOW));
	limit = rate_limit_of(1, 10, 5);
	assert_true(take(limit, NOW + SECOND));
	int more = 0;
	while (take(limit, NOW + SECOND))
		more++;
	assert_int_equal(more, 4);
}

static void a_limit_that_makes_no_sense_still_lets_one_through_and_not_all(void **state)
{
	(void)state;
	static const int64_t wrong[] = { 0, -1, INT64_MIN };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct rate_limit *limit = rate_limit_of(1 + (int64_t)i, wrong[i], wrong[i]);
		assert_true(take(limit, NOW));
		assert_false(take(limit, NOW));
	}
}

static void the_largest_limit_that_can_be_stored_does_not_overflow(void **state)
{
	(void)state;
	struct rate_limit *slow = rate_limit_of(1, 1, 1000000);
	struct rate_limit *fast = rate_limit_of(2, 1000000, 1000000);
	for (int i = 0; i < 1000000; i++) {
		assert_true(take(slow, NOW));
		assert_true(take(fast, NOW));
	}
	assert_false(take(slow, NOW));
	assert_false(take(fast, NOW));
	assert_true(take(fast, NOW + 1));
	assert_false(take(slow, NOW + SECOND - 1));
	assert_true(take(slow, NOW + SECOND));
}

struct taker {
	struct rate_limit *limit;
	int taken;
};

static void *take_all(void *owner)
{
	struct taker *taker = owner;
	for (int i = 0; i < 20000; i++) {
		int64_t wait = 0;
		taker->taken += rate_limit_take(taker->limit, NOW + i / 100, &wait);
	}
	return NULL;
}

/* From NOW to NOW + 199 us, at one a microsecond: the burst and 199 more. */
static void two_loops_together_take_exactly_what_one_token_may(void **state)
{
	(void)state;
	struct rate_limit *limit = rate_limit_of(1, 1000000, 5000);
	struct taker takers[2] = { { .limit = limit }, { .limit = limit } };
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, take_all, &takers[0]), 0);
	take_all(&takers[1]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(takers[0].taken + takers[1].taken, 5000 + 199);
}

int main(void)
{
#define LIMIT_TEST(function) cmocka_unit_test_teardown(function, close_limits)
	const struct CMUnitTest tests[] = {
		LIMIT_TEST(a_waiting_room_full_of_people_is_asked_for_at_once),
		LIMIT_TEST(a_machine_that_has_just_started_limits_as_any_other),
		LIMIT_TEST(one_comes_back_with_every_interval_to_the_microsecond),
		LIMIT_TEST(a_refused_request_costs_nothing),
		LIMIT_TEST(a_quiet_hour_gives_the_whole_burst_and_no_more),
		LIMIT_TEST(who_waits_as_long_as_told_is_served),
		LIMIT_TEST(nobody_is_told_to_wait_longer_than_needed),
		LIMIT_TEST(a_rate_is_kept_over_a_long_time_also_where_it_does_not_divide_a_second),
		LIMIT_TEST(each_token_has_its_own_limit_and_keeps_it),
		LIMIT_TEST(a_changed_rate_holds_from_the_next_request),
		LIMIT_TEST(a_limit_that_makes_no_sense_still_lets_one_through_and_not_all),
		LIMIT_TEST(the_largest_limit_that_can_be_stored_does_not_overflow),
		LIMIT_TEST(two_loops_together_take_exactly_what_one_token_may),
	};
	return cmocka_run_group_tests_name("rate_limit", tests, NULL, NULL);
}
