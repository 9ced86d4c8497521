/* One event loop: file descriptors, timers, an inbox for other threads, and the steps of a turn. Everything but
 * loop_post and loop_stop belongs to the loop's own thread. */
#ifndef SHIKAKU_BASE_LOOP_H
#define SHIKAKU_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/outcome.h"

#define LOOP_NEVER INT64_MAX

struct loop;

/* What to call when a descriptor is ready. Lives in its owner; unwatch before it goes. */
struct watch {
	int fd;
	void (*ready)(void *owner, uint32_t events);
	void *owner;
};

/* A time-out. Lives in its owner; a zeroed one is not set. */
struct timer {
	int64_t due; /* monotonic microseconds */
	bool set;
	struct timer *previous;
	struct timer *next;
	void (*expired)(void *owner);
	void *owner;
};

/* A step of every turn, after the descriptors were read. It returns the monotonic time by which it wants to be called again,
 * or LOOP_NEVER. Steps run in the order in which they were added. */
struct turn_step {
	int64_t (*run)(void *owner);
	void *owner;
	struct turn_step *next;
};

/* Its memory is the poster's, who keeps it until it has run or the loop is gone. */
struct task {
	void (*run)(void *owner);
	void *owner;
	struct task *next;
	bool posted;
};

enum outcome MUST_CHECK loop_create(struct loop **created);
/* Nothing is watched, no timer is set and no thread posts any more. */
void loop_destroy(struct loop *loop);

/* The time of this turn. */
struct clock_reading loop_now(const struct loop *loop);

/* `events` as of epoll. */
enum outcome MUST_CHECK loop_watch(struct loop *loop, struct watch *watch, uint32_t events);
enum outcome MUST_CHECK loop_rewatch(struct loop *loop, struct watch *watch, uint32_t events);
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Sets or moves a timer; `due` in monotonic microseconds. Few are set at a time, so they are kept in a sorted list. */
void loop_set_timer(struct loop *loop, struct timer *timer, int64_t due);
void loop_clear_timer(struct loop *loop, struct timer *timer);

void loop_add_step(struct loop *loop, struct turn_step *step);

/* Calls task->run(task->owner) in the loop's thread, in a later turn; once, however often it is posted until then. Any thread.
 * Takes no memory: a loop can always be told to stop or to take other anchors. */
void loop_post(struct loop *loop, struct task *task);

/* Turns until loop_stop. */
void loop_run(struct loop *loop);
/* Any thread. */
void loop_stop(struct loop *loop);

/* How many turns there were. */
int64_t loop_turns(const struct loop *loop);

#endif
