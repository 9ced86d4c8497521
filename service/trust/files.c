#include "trust/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define PATH_LONGEST 4096

static enum outcome cannot_read(const char *path, const char *why)
{
	log_line(LOG_LEVEL_ERROR, "trust", "%s cannot be read: %s", path, why);
	return OUTCOME_UNAVAILABLE;
}

/* Mapped, because a revocation list may have tens of megabytes. */
static enum outcome take_file(const char *path, size_t max,
	enum outcome (*take)(void *owner, const char *path, struct slice content), void *owner)
{
	struct stat state;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cannot_read(path, strerror(errno));
	enum outcome outcome = OUTCOME_OK;
	if (fstat(fd, &state) != 0 || !S_ISREG(state.st_mode)) {
		outcome = cannot_read(path, "not a file");
	} else if ((uint64_t)state.st_size > max) {
		outcome = cannot_read(path, "too large");
	} else if (state.st_size == 0) {
		outcome = take(owner, path, (struct slice){ "", 0 }); /* nothing that could be mapped */
	} else {
		size_t length = (size_t)state.st_size;
		void *content = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
		if (content == MAP_FAILED) {
			outcome = cannot_read(path, strerror(errno));
		} else {
			outcome = take(owner, path, (struct slice){ content, length });
			(void)munmap(content, length);
		}
	}
	close(fd);
	return outcome;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

enum outcome files_each(const char *path, size_t max,
	enum outcome (*take)(void *owner, const char *path, struct slice content), void *owner)
{
	struct stat state;
	struct dirent **entries = NULL;
	if (stat(path, &state) != 0)
		return cannot_read(path, strerror(errno));
	if (!S_ISDIR(state.st_mode))
		return take_file(path, max, take, owner);
	int count = scandir(path, &entries, is_shown, alphasort);
	if (count < 0)
		return cannot_read(path, strerror(errno));
	enum outcome outcome = OUTCOME_OK;
	for (int i = 0; i < count; i++) {
		char whole[PATH_LONGEST];
		int length = snprintf(whole, sizeof whole, "%s/%s", path, entries[i]->d_name);
		if (outcome == OUTCOME_OK)
			outcome = length < 0 || (size_t)length >= sizeof whole
					  ? cannot_read(path, "the name is too long")
					  : take_file(whole, max, take, owner);
		free(entries[i]);
	}
	free(entries);
	return outcome;
}
