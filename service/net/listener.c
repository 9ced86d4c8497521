#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define BACKLOG 4096

static enum outcome say(const char *where, const char *what)
{
	log_line(LOG_LEVEL_ERROR, "net", "%s: %s", where, what);
	return OUTCOME_UNAVAILABLE;
}

static void close_all(int listeners[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(listeners[i]);
}

static enum outcome resolve(const char *where, struct addrinfo **address)
{
	char host[256];
	const char *colon = strrchr(where, ':');
	size_t length = colon == NULL ? 0 : (size_t)(colon - where);
	const char *start = where;
	if (length >= 2 && where[0] == '[' && where[length - 1] == ']') {
		start++;
		length -= 2;
	}
	if (colon == NULL || length >= sizeof host)
		return say(where, "expected address:port or unix:/path");
	memcpy(host, start, length);
	host[length] = '\0';
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV
	};
	int failed = getaddrinfo(length == 0 ? NULL : host, colon + 1, &hints, address);
	return failed == 0 ? OUTCOME_OK : say(where, gai_strerror(failed));
}

static int open_socket(int family, const struct sockaddr *address, socklen_t length, bool reuse_port)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int one = 1;
	if (fd < 0)
		return -1;
	if ((family != AF_UNIX && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) ||
		(reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0) ||
		bind(fd, address, length) != 0 || listen(fd, BACKLOG) != 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static enum outcome open_tcp(const char *where, bool share, int listeners[], size_t count)
{
	struct addrinfo *address = NULL;
	enum outcome outcome = resolve(where, &address);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!share) {
		int alone = open_socket(address->ai_family, address->ai_addr, address->ai_addrlen, false);
		if (alone < 0) {
			outcome = say(where, strerror(errno));
			freeaddrinfo(address);
			return outcome;
		}
		close(alone);
	}
	for (size_t i = 0; i < count; i++) {
		listeners[i] = open_socket(address->ai_family, address->ai_addr, address->ai_addrlen, true);
		if (listeners[i] < 0) {
			outcome = say(where, strerror(errno));
			close_all(listeners, i);
			break;
		}
	}
	freeaddrinfo(address);
	return outcome;
}

/* A socket file that nobody listens on was left by a killed process. */
static bool is_left_over(const struct sockaddr_un *address, socklen_t length)
{
	struct stat status;
	if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return false;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return false;
	bool refused = connect(probe, (const struct sockaddr *)address, length) != 0 && errno == ECONNREFUSED;
	close(probe);
	return refused;
}

static enum outcome open_unix(const char *where, int listeners[], size_t count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = where + strlen("unix:");
	if (strlen(path) >= sizeof address.sun_path)
		return say(where, "the path is too long for a unix socket");
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (is_left_over(&address, sizeof address))
		(void)unlink(path);
	listeners[0] = open_socket(AF_UNIX, (const struct sockaddr *)&address, sizeof address, false);
	if (listeners[0] < 0)
		return say(where, strerror(errno));
	for (size_t i = 1; i < count; i++) {
		listeners[i] = fcntl(listeners[0], F_DUPFD_CLOEXEC, 0);
		if (listeners[i] < 0) {
			enum outcome outcome = say(where, strerror(errno));
			close_all(listeners, i);
			return outcome;
		}
	}
	return OUTCOME_OK;
}

enum outcome listeners_open(const char *where, bool share, int listeners[], size_t count)
{
	if (strncmp(where, "unix:", 5) == 0)
		return open_unix(where, listeners, count);
	return open_tcp(where, share, listeners, count);
}
