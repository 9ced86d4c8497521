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

/* Everything points into the request's arena or to what outlives it. */
struct response {
	int status; /* 0: not answered yet */
	const char *content_type;
	struct slice body;
	struct response_header headers[RESPONSE_HEADERS_MAX];
	size_t header_count;
	bool close; /* the connection is closed after the answer */
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

#endif
