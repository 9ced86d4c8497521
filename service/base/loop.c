#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

#define EVENTS_A_WAIT 64

struct loop {
	int epoll;
	struct watch inbox_watch;
	struct clock_reading now;
	struct timer *timers; /* by due, the earliest first */
	struct turn_step *steps;
	pthread_mutex_t inbox_lock;
	struct task *inbox; /* newest first */
	atomic_bool stopping;
	int64_t turns;
	/* The events of this turn: what is unwatched must not be called by an event that was read before. */
	struct epoll_event events[EVENTS_A_WAIT];
	int event_count;
};

static struct task *oldest_first(struct task *newest_first)
{
	struct task *turned = NULL;
	while (newest_first != NULL) {
		struct task *next = newest_first->next;
		newest_first->next = turned;
		turned = newest_first;
		newest_first = next;
	}
	return turned;
}

static void run_tasks(struct loop *loop, struct task *first)
{
	while (first != NULL) {
		struct task *task = first;
		first = task->next;
		/* It may be posted again before it has run to its end. */
		pthread_mutex_lock(&loop->inbox_lock);
		task->posted = false;
		pthread_mutex_unlock(&loop->inbox_lock);
		task->run(task->owner);
	}
}

static void read_inbox(void *owner, uint32_t events)
{
	struct loop *loop = owner;
	(void)events;
	uint64_t count = 0;
	ssize_t got = read(loop->inbox_watch.fd, &count, sizeof count);
	(void)got;
	pthread_mutex_lock(&loop->inbox_lock);
	struct task *newest_first = loop->inbox;
	loop->inbox = NULL;
	pthread_mutex_unlock(&loop->inbox_lock);
	run_tasks(loop, oldest_first(newest_first));
}

enum outcome loop_create(struct loop **created)
{
	struct loop *loop = calloc(1, sizeof *loop);
	*created = NULL;
	if (loop == NULL)
		return OUTCOME_NO_MEMORY;
	pthread_mutex_init(&loop->inbox_lock, NULL);
	loop->now = clock_read();
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->inbox_watch = (struct watch){
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = read_inbox, .owner = loop
	};
	if (loop->epoll < 0 || loop->inbox_watch.fd < 0 ||
		loop_watch(loop, &loop->inbox_watch, EPOLLIN) != OUTCOME_OK) {
		loop_destroy(loop);
		return OUTCOME_UNAVAILABLE;
	}
	*created = loop;
	return OUTCOME_OK;
}

void loop_destroy(struct loop *loop)
{
	if (loop == NULL)
		return;
	if (loop->inbox_watch.fd >= 0)
		close(loop->inbox_watch.fd);
	if (loop->epoll >= 0)
		close(loop->epoll);
	pthread_mutex_destroy(&loop->inbox_lock);
	free(loop);
}

struct clock_reading loop_now(const struct loop *loop)
{
	return loop->now;
}

static enum outcome control(struct loop *loop, int operation, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	if (epoll_ctl(loop->epoll, operation, watch->fd, &event) != 0)
		return OUTCOME_UNAVAILABLE;
	return OUTCOME_OK;
}

enum outcome loop_watch(struct loop *loop, struct watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_ADD, watch, events);
}

enum outcome loop_rewatch(struct loop *loop, struct watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	/* It may be closed already, which is as good. */
	(void)control(loop, EPOLL_CTL_DEL, watch, 0);
	for (int i = 0; i < loop->event_count; i++) {
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
	}
}

void loop_clear_timer(struct loop *loop, struct timer *timer)
{
	if (!timer->set)
		return;
	timer->set = false;
	if (timer->previous != NULL)
		timer->previous->next = timer->next;
	else
		loop->timers = timer->next;
	if (timer->next != NULL)
		timer->next->previous = timer->previous;
	timer->previous = NULL;
	timer->next = NULL;
}

void loop_set_timer(struct loop *loop, struct timer *timer, int64_t due)
{
	loop_clear_timer(loop, timer);
	struct timer *previous = NULL;
	struct timer *next = loop->timers;
	while (next != NULL && next->due <= due) {
		previous = next;
		next = next->next;
	}
	timer->due = due;
	timer->set = true;
	timer->previous = previous;
	timer->next = next;
	if (previous != NULL)
		previous->next = timer;
	else
		loop->timers = timer;
	if (next != NULL)
		next->previous = timer;
}

static void run_timers(struct loop *loop)
{
	while (loop->timers != NULL && loop->timers->due <= loop->now.monotonic) {
		struct timer *timer = loop->timers;
		loop_clear_timer(loop, timer);
		timer->expired(timer->owner);
	}
}

void loop_add_step(struct loop *loop, struct turn_step *step)
{
	struct turn_step **at = &loop->steps;
	while (*at != NULL)
		at = &(*at)->next;
	step->next = NULL;
	*at = step;
}

static void wake(struct loop *loop)
{
	const uint64_t one = 1;
	ssize_t written = write(loop->inbox_watch.fd, &one, sizeof one);
	(void)written; /* a full counter wakes as well */
}

void loop_post(struct loop *loop, struct task *task)
{
	pthread_mutex_lock(&loop->inbox_lock);
	if (!task->posted) {
		task->posted = true;
		task->next = loop->inbox;
		loop->inbox = task;
	}
	pthread_mutex_unlock(&loop->inbox_lock);
	wake(loop);
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stopping, true);
	wake(loop);
}

/* Milliseconds for epoll, rounded up: waking early would spin. */
static int wait_milliseconds(const struct loop *loop, int64_t due)
{
	if (loop->timers != NULL && loop->timers->due < due)
		due = loop->timers->due;
	if (due == LOOP_NEVER)
		return -1;
	int64_t now = clock_read().monotonic;
	if (due <= now)
		return 0;
	int64_t milliseconds = (due - now + 999) / 1000;
	return milliseconds > 60000 ? 60000 : (int)milliseconds;
}

void loop_run(struct loop *loop)
{
	int64_t due = 0;
	while (!atomic_load_explicit(&loop->stopping, memory_order_relaxed)) {
		int count =
			epoll_wait(loop->epoll, loop->events, EVENTS_A_WAIT, wait_milliseconds(loop, due));
		if (count < 0 && errno != EINTR) {
			log_line(LOG_LEVEL_ERROR, "loop", "epoll_wait failed: error %d", errno);
			return;
		}
		loop->event_count = count < 0 ? 0 : count;
		loop->now = clock_read();
		loop->turns++;
		for (int i = 0; i < loop->event_count; i++) {
			struct watch *watch = loop->events[i].data.ptr;
			if (watch != NULL)
				watch->ready(watch->owner, loop->events[i].events);
		}
		loop->event_count = 0;
		run_timers(loop);
		due = LOOP_NEVER;
		for (struct turn_step *step = loop->steps; step != NULL; step = step->next) {
			int64_t wanted = step->run(step->owner);
			if (wanted < due)
				due = wanted;
		}
	}
}

int64_t loop_turns(const struct loop *loop)
{
	return loop->turns;
}
