/* HTTP/1.1 on one loop: connections, bodies, absolute deadlines, bounds. The only door to libmicrohttpd. */
#ifndef SHIKAKU_NET_HTTP_H
#define SHIKAKU_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/outcome.h"
#include "net/request.h"

struct http;

/* Why net wants a request refused before, or instead of, the application's own answer. */
enum http_refusal {
	HTTP_REFUSAL_MALFORMED,
	HTTP_REFUSAL_HEADER_TOO_LARGE,
	HTTP_REFUSAL_BODY_TOO_LARGE,
	HTTP_REFUSAL_OVERLOADED,
	HTTP_REFUSAL_LATE,
	HTTP_REFUSAL_STOPPING,
};

/* What is served. All calls come from the loop's thread. */
struct http_application {
	void *owner;
	/* The header is complete: how many bytes of body may follow. May answer already (a path that does not exist). */
	size_t (*accept)(void *owner, struct request *request);
	/* The body is complete. Answers now, or holds the request and answers later. */
	void (*start)(void *owner, struct request *request);
	/* Answers with the refusal's document; `detail` is an English sentence or NULL. */
	void (*refuse)(void *owner, struct request *request, enum http_refusal refusal, const char *detail);
	/* The answer is out, or the client is gone. For counting; the request may not be answered any more. */
	void (*ended)(void *owner, struct request *request);
};

struct http_limits {
	size_t connections_max;
	size_t in_flight_max;
	int64_t idle_timeout; /* microseconds, all of them absolute spans */
	int64_t body_timeout;
	int64_t answer_timeout;
	int64_t send_timeout;
};

/* Serves on `listener`, a listening non-blocking socket, which http owns from here on (closed on failure too). `loop` and
 * `application` outlive it. */
enum outcome MUST_CHECK http_create(struct http **created, struct loop *loop, int listener,
	const struct http_limits *limits, const struct http_application *application);

/* Takes what waits to be accepted, closes the listener, then closes each connection after its answer. */
void http_begin_drain(struct http *http);
/* From here on the application is asked nothing: what waits, and what still comes, is answered with HTTP_REFUSAL_STOPPING. */
void http_stop(struct http *http);
/* Requests that are not answered to their last byte yet. */
size_t http_in_flight(const struct http *http);
/* Those, and while draining the connections that may still be sending their request. */
size_t http_unfinished(const struct http *http);
size_t http_connections(const struct http *http);

/* Ends, after http_stop. Who holds a request still may answer it later; nobody hears it. */
void http_destroy(struct http *http);

#endif
