#include "trust/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define PATH_LONGEST 4096

static enum outcome cannot_read(const char *path, const char *why)
{
	log_line(LOG_LEVEL_ERROR, "trust", "%s cannot be read: %s", path, why);
	return OUTCOME_UNAVAILABLE;
}

/* Not mapped: a file that somebody writes over while it is read would end the process. */
static bool read_whole(int fd, char *to, size_t length)
{
	size_t have = 0;
	while (have < length) {
		ssize_t got = read(fd, to + have, length - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	return true;
}

static enum outcome take_open_file(const char *path, int fd, size_t length,
	enum outcome (*take)(void *owner, const char *path, struct slice content), void *owner)
{
	char *content = malloc(length == 0 ? 1 : length);
	if (content == NULL)
		return OUTCOME_NO_MEMORY;
	enum outcome outcome = read_whole(fd, content, length)
				       ? take(owner, path, (struct slice){ content, length })
				       : cannot_read(path, "it changed meanwhile");
	free(content);
	return outcome;
}

static enum outcome take_file(const char *path, size_t max,
	enum outcome (*take)(void *owner, const char *path, struct slice content), void *owner)
{
	struct stat state;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cannot_read(path, strerror(errno));
	enum outcome outcome = OUTCOME_OK;
	if (fstat(fd, &state) != 0 || !S_ISREG(state.st_mode))
		outcome = cannot_read(path, "not a file");
	else if ((uint64_t)state.st_size > max)
		outcome = cannot_read(path, "too large");
	else
		outcome = take_open_file(path, fd, (size_t)state.st_size, take, owner);
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
