/* Listening sockets. On TCP each loop gets its own on the same port (SO_REUSEPORT), so that the kernel spreads connections; a
 * unix path cannot be bound twice, there every loop gets the same one. */
#ifndef SHIKAKU_NET_LISTENER_H
#define SHIKAKU_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outcome.h"

/* Opens `count` non-blocking listeners for "address:port", "[address]:port" or "unix:/path". Unless `share`, a port that
 * another process serves is an error: two services would share it silently. On failure a log line says why, and none is
 * open. A unix path that nobody serves any more is replaced. */
enum outcome MUST_CHECK listeners_open(const char *where, bool share, int listeners[], size_t count);

#endif
