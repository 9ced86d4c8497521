#include "target.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

void must_hold(int holds, const char *what)
{
	if (!holds) {
		(void)fprintf(stderr, "does not hold: %s\n", what);
		abort();
	}
}

void fuzz_silence(void)
{
	static bool silent;
	log_set_level(LOG_LEVEL_ERROR + 1);
	if (!silent)
		MUST_HOLD(log_open_security("/dev/null") == OUTCOME_OK);
	silent = true;
}

const char *fuzz_file(struct slice content)
{
	static char path[64];
	static int fd = -1;
	if (fd < 0) {
		fd = memfd_create("list", MFD_CLOEXEC);
		MUST_HOLD(fd >= 0);
		(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	MUST_HOLD(ftruncate(fd, 0) == 0);
	MUST_HOLD(pwrite(fd, content.at, content.length, 0) == (ssize_t)content.length);
	return path;
}

const struct anchors *fuzz_anchors(void)
{
	static struct anchors anchors;
	char paths[ANCHOR_USES][4096];
	static const char *const names[ANCHOR_USES] = { "card", "phone", "signing" };
	if (anchors.count > 0)
		return &anchors;
	const char *folder = getenv("FUZZ_ANCHORS");
	struct anchor_settings settings = { .policies = { "1.2.392.200149.8.5.1.3.30" } };
	for (int use = 0; use < ANCHOR_USES; use++) {
		(void)snprintf(paths[use], sizeof paths[use], "%s/%s.pem",
			folder != NULL ? folder : "tests/fuzz/anchors", names[use]);
		settings.paths[use] = paths[use];
	}
	MUST_HOLD(anchors_load(&settings, &anchors) == OUTCOME_OK);
	MUST_HOLD(anchors.count == 4);
	fuzz_silence();
	return &anchors;
}
