/* Gives every file of a folder to a fuzz target, without a fuzzer: what was found once stays found. Each in a process of its own,
 * so that one that crashes is named and the others are still looked at. */
#include "target.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* An exact piece of memory, so that a sanitizer sees a byte read too far. False where the file cannot be read. */
static bool give(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		return false;
	long size = ftell(file);
	rewind(file);
	uint8_t *data = size < 0 ? NULL : malloc(size == 0 ? 1 : (size_t)size);
	bool whole = data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size;
	(void)fclose(file);
	if (whole)
		(void)LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	return whole;
}

static bool passes(const char *path)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		exit(give(path) ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	int passed = 0;
	int failed = 0;
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	if (folder == NULL) {
		(void)fprintf(stderr, "usage: %s FOLDER (one that can be read)\n", argv[0]);
		return 2;
	}
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		if (passes(path)) {
			passed++;
		} else {
			(void)fprintf(stderr, "failed: %s\n", path);
			failed++;
		}
	}
	(void)closedir(folder);
	const char *name = strrchr(argv[1], '/');
	printf("fuzz corpus %s: %d passed, %d failed\n", name == NULL ? argv[1] : name + 1, passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
