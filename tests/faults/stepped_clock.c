/* LD_PRELOAD: the wall clock runs off by as many microseconds as stand in the file $STEPPED_CLOCK, from one reading to the next. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000

static _Atomic int64_t *offset;

__attribute__((constructor)) static void open_offset(void)
{
	int fd = open(getenv("STEPPED_CLOCK"), O_RDONLY | O_CLOEXEC);
	void *mapped = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
		abort();
	close(fd);
	offset = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	/* Other libraries ask before our turn to be loaded: then nothing is mapped yet. */
	int failed = (int)syscall(SYS_clock_gettime, clock, now);
	if (failed != 0 || offset == NULL || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
		return failed;
	int64_t wall = (int64_t)now->tv_sec * SECOND + now->tv_nsec / 1000 + atomic_load(offset);
	now->tv_sec = wall / SECOND;
	now->tv_nsec = wall % SECOND * 1000 + now->tv_nsec % 1000;
	return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &precise) != 0)
		return -1;
	*now = (struct timeval){ .tv_sec = precise.tv_sec, .tv_usec = precise.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *stored)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	if (stored != NULL)
		*stored = now.tv_sec;
	return now.tv_sec;
}
