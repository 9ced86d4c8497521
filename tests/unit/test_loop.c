/* The turn of a loop: what is due comes in order, what was taken back never comes: base/loop.c. */
#include "vectors.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/loop.h"

/* A loop that is never woken would wait for ever. */
#define SECONDS_UNTIL_A_HANG_FAILS 30

static struct loop *loop;
static char story[64];

static struct task tasks[1100];
static size_t posted;

static int begin(void **state)
{
	(void)state;
	memset(tasks, 0, sizeof tasks);
	posted = 0;
	memset(story, 0, sizeof story);
	alarm(SECONDS_UNTIL_A_HANG_FAILS);
	return loop_create(&loop) == OUTCOME_OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	alarm(0);
	loop_destroy(loop);
	return 0;
}

static void tell(char what)
{
	size_t length = strlen(story);
	assert_true(length + 1 < sizeof story);
	story[length] = what;
}

/* Each time a task of its own. */
static void post(void (*run)(void *owner), void *owner)
{
	assert_true(posted < sizeof tasks / sizeof *tasks);
	tasks[posted] = (struct task){ .run = run, .owner = owner };
	loop_post(loop, &tasks[posted++]);
}

struct letter {
	struct timer timer;
	char what;
	struct letter *clears; /* NULL: none */
	struct letter *sets;
	int64_t due;
};

static void letter_expired(void *owner)
{
	struct letter *letter = owner;
	assert_false(letter->timer.set);
	tell(letter->what);
	if (letter->clears != NULL)
		loop_clear_timer(loop, &letter->clears->timer);
	if (letter->sets != NULL)
		loop_set_timer(loop, &letter->sets->timer, letter->sets->due);
	if (letter->what == '.')
		loop_stop(loop);
}

static void prepare(struct letter letters[], const char *names)
{
	for (size_t i = 0; names[i] != '\0'; i++) {
		letters[i] = (struct letter){ .what = names[i] };
		letters[i].timer.expired = letter_expired;
		letters[i].timer.owner = &letters[i];
	}
}

static void time_outs_come_in_the_order_in_which_they_are_due(void **state)
{
	(void)state;
	static const size_t orders[][5] = { { 0, 1, 2, 3, 4 }, { 4, 3, 2, 1, 0 }, { 2, 4, 0, 3, 1 },
		{ 1, 0, 4, 2, 3 } };
	for (size_t order = 0; order < sizeof orders / sizeof *orders; order++) {
		struct letter letters[6];
		memset(story, 0, sizeof story);
		prepare(letters, "abcde.");
		int64_t now = loop_now(loop).monotonic;
		for (size_t i = 0; i < 5; i++) {
			size_t letter = orders[order][i];
			loop_set_timer(loop, &letters[letter].timer, now - 100 + (int64_t)letter);
		}
		loop_set_timer(loop, &letters[5].timer, now);
		loop_run(loop);
		assert_string_equal(story, "abcde.");
		loop_destroy(loop);
		assert_int_equal(loop_create(&loop), OUTCOME_OK);
	}
}

static void equal_time_outs_come_in_the_order_in_which_they_were_set(void **state)
{
	(void)state;
	struct letter letters[4];
	prepare(letters, "abc.");
	int64_t due = loop_now(loop).monotonic;
	loop_set_timer(loop, &letters[2].timer, due);
	loop_set_timer(loop, &letters[0].timer, due);
	loop_set_timer(loop, &letters[1].timer, due);
	loop_set_timer(loop, &letters[3].timer, due + 1);
	loop_run(loop);
	assert_string_equal(story, "cab.");
}

static void a_time_out_that_was_taken_back_does_not_come(void **state)
{
	(void)state;
	struct letter letters[5];
	prepare(letters, "abcd.");
	int64_t due = loop_now(loop).monotonic - 10;
	for (int i = 0; i < 5; i++)
		loop_set_timer(loop, &letters[i].timer, due + i);
	loop_clear_timer(loop, &letters[0].timer); /* the first */
	loop_clear_timer(loop, &letters[2].timer); /* one between */
	loop_clear_timer(loop, &letters[2].timer); /* twice is once */
	letters[1].clears = &letters[3]; /* by one that is due in the same turn */
	loop_run(loop);
	assert_string_equal(story, "b.");
	for (int i = 0; i < 5; i++)
		assert_false(letters[i].timer.set);
}

static void a_time_out_that_was_moved_comes_once_and_at_its_new_time(void **state)
{
	(void)state;
	struct letter letters[4];
	prepare(letters, "abc.");
	int64_t now = loop_now(loop).monotonic;
	loop_set_timer(loop, &letters[0].timer, now - 30);
	loop_set_timer(loop, &letters[1].timer, now - 20);
	loop_set_timer(loop, &letters[2].timer, now + 3600 * MICROSECONDS);
	loop_set_timer(loop, &letters[3].timer, now);
	loop_set_timer(loop, &letters[0].timer, now - 10); /* behind b */
	loop_set_timer(loop, &letters[2].timer, now - 40); /* before all */
	loop_run(loop);
	assert_string_equal(story, "cba.");
}

static void a_time_out_may_set_the_next_one(void **state)
{
	(void)state;
	struct letter letters[3];
	prepare(letters, "ab.");
	int64_t now = loop_now(loop).monotonic;
	letters[0].sets = &letters[1];
	letters[1].due = now - 5;
	letters[1].sets = &letters[2];
	letters[2].due = now + 1;
	loop_set_timer(loop, &letters[0].timer, now - 10);
	loop_run(loop);
	assert_string_equal(story, "ab.");
}

static void what_is_due_much_later_does_not_come_now(void **state)
{
	(void)state;
	struct letter letters[2];
	prepare(letters, "x.");
	loop_set_timer(loop, &letters[0].timer, LOOP_NEVER);
	loop_set_timer(loop, &letters[1].timer, loop_now(loop).monotonic + 2000);
	loop_run(loop);
	assert_string_equal(story, ".");
	assert_true(loop_now(loop).monotonic >= letters[1].timer.due);
	loop_clear_timer(loop, &letters[0].timer);
}

static void task_a(void *owner)
{
	(void)owner;
	tell('a');
}

static void task_stop(void *owner)
{
	(void)owner;
	tell('.');
	loop_stop(loop);
}

static void task_posts(void *owner)
{
	(void)owner;
	tell('p');
	post(task_stop, NULL);
	tell('q'); /* not called from within */
}

static pthread_t loop_thread;

static void task_in_the_loops_thread(void *owner)
{
	assert_true(pthread_equal(pthread_self(), loop_thread));
	*(int *)owner += 1;
}

static int64_t step_never(void *owner)
{
	int *turns = owner;
	*turns += 1;
	return LOOP_NEVER;
}

static int done_by_tasks;

static void *post_from_elsewhere(void *owner)
{
	(void)owner;
	for (int i = 0; i < 1000; i++)
		post(task_in_the_loops_thread, &done_by_tasks);
	post(task_stop, NULL);
	return NULL;
}

/* The loop has nothing to wait for but the other thread. */
static void another_thread_wakes_the_loop_and_every_task_is_done_in_it(void **state)
{
	(void)state;
	pthread_t thread;
	int turns = 0;
	struct turn_step step = { .run = step_never, .owner = &turns };
	loop_add_step(loop, &step);
	loop_thread = pthread_self();
	done_by_tasks = 0;
	assert_int_equal(pthread_create(&thread, NULL, post_from_elsewhere, NULL), 0);
	loop_run(loop);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(done_by_tasks, 1000);
	assert_string_equal(story, ".");
	assert_true(turns >= 1);
	assert_true(loop_turns(loop) == turns);
}

static void *stop_from_elsewhere(void *owner)
{
	(void)owner;
	loop_stop(loop);
	return NULL;
}

static void another_thread_stops_a_loop_that_waits_for_nothing(void **state)
{
	(void)state;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, stop_from_elsewhere, NULL), 0);
	loop_run(loop);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void tasks_are_done_in_the_order_in_which_they_came(void **state)
{
	(void)state;
	post(task_a, NULL);
	post(task_posts, NULL);
	post(task_a, NULL);
	assert_string_equal(story, "");
	loop_run(loop);
	assert_string_equal(story, "apqa.");
}

static void a_task_that_nobody_waits_for_any_more_is_not_done(void **state)
{
	(void)state;
	post(task_a, NULL);
	loop_destroy(loop);
	assert_string_equal(story, "");
	assert_int_equal(loop_create(&loop), OUTCOME_OK);
}

static struct task again = { .posted = false };
static int times_again;

static void task_again(void *owner)
{
	(void)owner;
	tell('g');
	if (++times_again == 1)
		loop_post(loop, &again);
	else
		post(task_stop, NULL);
}

static void a_task_is_done_once_however_often_it_is_posted_and_may_post_itself(void **state)
{
	(void)state;
	again = (struct task){ .run = task_again };
	times_again = 0;
	for (int i = 0; i < 3; i++)
		loop_post(loop, &again);
	post(task_a, NULL);
	loop_run(loop);
	assert_string_equal(story, "gag.");
}

struct wire {
	struct watch watch;
	int ends[2];
	struct wire *unwatches;
	char what;
};

static void wire_ready(void *owner, uint32_t events)
{
	struct wire *wire = owner;
	char byte = 0;
	assert_true((events & (EPOLLIN | EPOLLHUP)) != 0);
	assert_int_equal(read(wire->ends[0], &byte, 1), 1);
	tell(wire->what);
	if (wire->unwatches != NULL)
		loop_unwatch(loop, &wire->unwatches->watch);
	post(task_stop, NULL);
}

static void open_wire(struct wire *wire, char what)
{
	assert_int_equal(pipe(wire->ends), 0);
	wire->watch = (struct watch){ .fd = wire->ends[0], .ready = wire_ready, .owner = wire };
	wire->what = what;
	wire->unwatches = NULL;
	assert_int_equal(loop_watch(loop, &wire->watch, EPOLLIN), OUTCOME_OK);
	assert_int_equal(write(wire->ends[1], "x", 1), 1);
}

static void close_wire(struct wire *wire)
{
	close(wire->ends[0]);
	close(wire->ends[1]);
}

/* Both are ready in one turn; whichever is called first takes the other back, whose owner may be freed already. */
static void what_is_unwatched_in_a_turn_is_not_called_in_it(void **state)
{
	(void)state;
	struct wire wires[2];
	open_wire(&wires[0], 'w');
	open_wire(&wires[1], 'w');
	wires[0].unwatches = &wires[1];
	wires[1].unwatches = &wires[0];
	loop_run(loop);
	assert_string_equal(story, "w.");
	close_wire(&wires[0]);
	close_wire(&wires[1]);
}

static void what_unwatches_itself_is_not_called_again(void **state)
{
	(void)state;
	struct wire wire;
	open_wire(&wire, 'w');
	assert_int_equal(write(wire.ends[1], "y", 1), 1); /* still readable after the first call */
	wire.unwatches = &wire;
	loop_run(loop);
	assert_string_equal(story, "w.");
	close_wire(&wire);
}

static void only_what_is_asked_for_is_told(void **state)
{
	(void)state;
	struct wire wire;
	open_wire(&wire, 'w');
	assert_int_equal(loop_rewatch(loop, &wire.watch, 0), OUTCOME_OK);
	post(task_stop, NULL);
	loop_run(loop);
	assert_string_equal(story, ".");
	loop_unwatch(loop, &wire.watch);
	close_wire(&wire);
	assert_int_equal(loop_watch(loop, &wire.watch, EPOLLIN), OUTCOME_UNAVAILABLE); /* closed */
}

static int64_t step_a(void *owner)
{
	(void)owner;
	tell('a');
	return LOOP_NEVER;
}

static int64_t step_b(void *owner)
{
	int *turns = owner;
	tell('b');
	if (++*turns == 3)
		loop_stop(loop);
	return loop_now(loop).monotonic; /* at once: the loop has nothing else to wake it */
}

static void steps_run_in_their_order_and_again_when_they_want_to(void **state)
{
	(void)state;
	int turns = 0;
	struct turn_step steps[] = { { .run = step_a }, { .run = step_b, .owner = &turns } };
	loop_add_step(loop, &steps[0]);
	loop_add_step(loop, &steps[1]);
	loop_run(loop);
	assert_string_equal(story, "ababab");
	assert_true(loop_turns(loop) == 3);
}

int main(void)
{
#define LOOP_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		LOOP_TEST(time_outs_come_in_the_order_in_which_they_are_due),
		LOOP_TEST(equal_time_outs_come_in_the_order_in_which_they_were_set),
		LOOP_TEST(a_time_out_that_was_taken_back_does_not_come),
		LOOP_TEST(a_time_out_that_was_moved_comes_once_and_at_its_new_time),
		LOOP_TEST(a_time_out_may_set_the_next_one),
		LOOP_TEST(what_is_due_much_later_does_not_come_now),
		LOOP_TEST(another_thread_wakes_the_loop_and_every_task_is_done_in_it),
		LOOP_TEST(another_thread_stops_a_loop_that_waits_for_nothing),
		LOOP_TEST(tasks_are_done_in_the_order_in_which_they_came),
		LOOP_TEST(a_task_that_nobody_waits_for_any_more_is_not_done),
		LOOP_TEST(a_task_is_done_once_however_often_it_is_posted_and_may_post_itself),
		LOOP_TEST(what_is_unwatched_in_a_turn_is_not_called_in_it),
		LOOP_TEST(what_unwatches_itself_is_not_called_again),
		LOOP_TEST(only_what_is_asked_for_is_told),
		LOOP_TEST(steps_run_in_their_order_and_again_when_they_want_to),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
