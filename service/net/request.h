/* One HTTP request on its way, and its answer. Two parties hold it: the connection it came by, and whoever still waits for
 * something on its behalf (a question to the database). It is freed when both have let go, so that neither a client that
 * leaves nor a late result meets freed memory. Belongs to one loop's thread. */
#ifndef SHIKAKU_NET_REQUEST_H
#define SHIKAKU_NET_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"

#define RESPONSE_HEADERS_MAX 6

struct connection;

struct response_header {
	const char *name;
	const char *value;
};

/* Takes a body of any size piece by piece, instead of having it gathered. */
struct body_sink {
	/* The next piece. It is taken in any case; false: no room for more, so that no more comes until request_take_more, but for what
	 * has been read already, BODY_READ_AHEAD bytes at most. */
	bool (*take)(void *owner, const char *piece, size_t length);
	/* Once, behind the last piece. `complete`: that was all, and the request waits to be answered if it is not yet. Else the client
	 * left, was too slow or sent too much, or the request was answered before. */
	void (*end)(void *owner, bool complete);
	void *owner;
};
#define BODY_READ_AHEAD ((size_t)16 * 1024)

/* Gives an answer of any size piece by piece. */
struct body_source {
	/* Puts up to `size` bytes into `room`; how many. 0: there is nothing now, request_give_more will tell. */
	ptrdiff_t (*give)(void *owner, char *room, size_t size);
	/* Once: no more is wanted. */
	void (*end)(void *owner);
	void *owner;
};
#define BODY_SOURCE_END ((ptrdiff_t)-1)
#define BODY_SOURCE_BROKEN ((ptrdiff_t)-2) /* the client is to see that the answer is not whole */

/* Everything points into the request's arena or to what outlives it. */
struct response {
	int status; /* 0: not answered yet */
	const char *content_type;
	struct slice body;
	struct response_header headers[RESPONSE_HEADERS_MAX];
	size_t header_count;
	bool close; /* the connection is closed after the answer */
	struct body_source source; /* instead of `body`, where `give` is set */
};

struct request {
	struct arena arena;
	struct clock_reading received; /* the turn in which its header was complete */
	uint8_t id[UUID_BYTES];
	char id_text[UUID_TEXT_SIZE];
	const char *method;
	struct slice path; /* decoded, without a query */
	struct slice query; /* as it came, behind the "?"; no value where there is none */
	bool bad_target; /* its path cannot be; judged with the header */
	struct slice authorization;
	struct slice content_type;
	struct slice accept;
	struct slice content_encoding;
	struct slice if_match; /* the empty text where there are several, as below */
	struct slice idempotency_key;
	struct slice body;
	struct response response;
	void *application; /* what the application keeps with it */

	/* net's own */
	struct connection *connection; /* NULL when the client is gone */
	int holders;
	size_t body_max;
	char *body_bytes; /* what `body` points to */
	size_t body_capacity;
	size_t body_bytes_held; /* what its body took of the loop's bound */
	uint64_t body_seen;
	const char *target_end; /* where the HTTP library's target ends, until the header is judged */
	bool discarding; /* answered already, the rest of the body is thrown away */
	struct body_sink sink; /* where `take` is set */
	bool streams; /* to the sink, which is gone once it was told the end */
	bool has_body;
	bool held; /* its sink does not want its body yet, or not more of it now */
	bool body_begun; /* the sink was given, or will be given, its first piece */
};

/* A new request of this connection, held by it; it lies in its own arena. NULL when memory is short. */
struct request *request_create(struct connection *connection);

/* As the second party. Each hold needs one request_let_go. */
enum body_step {
	BODY_TAKEN,
	BODY_TOO_LARGE, /* longer than body_max; the rest will be discarded */
	BODY_WITHOUT_ROOM, /* the loop's bound, or memory; the rest will be discarded */
	BODY_DISCARDED, /* the request was answered already */
};

/* Appends a piece to the body. `held_by_all` counts what the bodies of this loop hold together, of which they give back
 * `body_bytes_held` at the request's end. */
enum body_step MUST_CHECK request_take_body(
	struct request *request, const char *piece, size_t length, size_t *held_by_all);

void request_hold(struct request *request);
void request_let_go(struct request *request);

/* Whether a client still waits for the answer. */
bool request_is_awaited(const struct request *request);

/* Adds a header to the answer; `name` and `value` live as long as the request. More than fit are left out, which a
 * programming error alone can cause. */
void request_add_header(struct request *request, const char *name, const char *value);

/* Answers, once; a second answer, and one that nobody waits for, is thrown away. `content_type` is a literal, `body` lives
 * as long as the request. */
void request_answer(struct request *request, int status, const char *content_type, struct slice body);

/* While the application accepts it: the body, which accept's result bounds, goes to this sink instead of being gathered, and
 * http_application.start is not called. Nothing is read of it before request_take_more. A request that is answered before its body's end
 * is answered at once. */
void request_sink_body(struct request *request, const struct body_sink *sink);
/* The sink has room (again). In the loop's thread; harmless where nobody waits. */
void request_take_more(struct request *request);

/* As request_answer, with a body from `source`, which lives until its `end`. Its length is not told. */
void request_answer_from(
	struct request *request, int status, const char *content_type, const struct body_source *source);
/* The source has something (again), or has ended. In the loop's thread; harmless where nobody waits. */
void request_give_more(struct request *request);

#endif
