#include "base/process.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

/* Both: a kernel whose core_pattern is a pipe passes the limit by, and a process that may be dumped may be traced. */
void process_keep_to_itself(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		log_line(LOG_LEVEL_WARNING, "process", "cores cannot be forbidden: %s", strerror(errno));
}
