/* What one loop serves, and the way of a request through it: route, who asks, how often, decode, case, encode. */
#ifndef SHIKAKU_API_APPLICATION_H
#define SHIKAKU_API_APPLICATION_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/config.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "cases/check.h"
#include "cases/import_feed.h"
#include "cases/member_export.h"
#include "cases/principal.h"
#include "net/http.h"

#define ROUTES_MAX 64
#define STATUSES_COUNTED 22
#define PATH_PARAMETERS_MAX 4

struct application;
struct exchange;

/* What all loops of the process know of each other, for readiness. */
struct process_state {
	_Atomic int loops;
	_Atomic int loops_ready;
	_Atomic bool stopping;
};

/* Where a route's body goes that is not gathered; see struct body_sink. */
struct route_sink {
	bool (*take)(struct exchange *exchange, const char *piece, size_t length);
	void (*end)(struct exchange *exchange, bool complete);
};

/* One path and method. A later endpoint is a row like this, an SQL file, and its two functions. */
struct route {
	const char *method; /* NULL ends a table */
	const char *path; /* "/v1/things/{thing_id}": logs and metrics carry it as it stands here */
	size_t body_max;
	/* Decodes and begins. Answers now, or holds the request (request_hold) and answers later. */
	void (*start)(struct exchange *exchange);
	enum scope scope;
	enum scope other_scope; /* whose tokens may ask too; SCOPE_NONE: no others */
	bool body_optional; /* no body, and then no Content-Type, will do */
	/* Takes the body piece by piece, up to import_bytes_max. `start` is called before it has begun and calls request_take_more, then
	 * or later, or refuses. NULL: the body is gathered first. */
	const struct route_sink *sink;
	/* Media types of the body and of the answer, comma-separated; NULL: application/json. */
	const char *takes;
	const char *gives;
};

#define ROUTES_END \
	{ \
		.method = NULL \
	}

struct route_counts {
	struct histogram *latency;
	struct metric *by_status[STATUSES_COUNTED];
};

struct application {
	struct loop *loop;
	const struct config *config;
	struct process_state *process;
	struct store *store;
	struct principals *principals;
	struct hasher *hasher;
	struct trust *trust; /* what is believed at first; the caller's hold */
	const struct sealing_key *numbers_key; /* NULL: no individual number is accepted */
	struct cases cases;
	struct import_feeds imports;
	struct member_exports exports;
	bool reported_ready;
	struct turn_step step;
	struct metric *turns;
	struct metric *connections;
	struct metric *in_flight;
	struct http *http; /* set by who creates it */
	struct route_counts counts[ROUTES_MAX + 1]; /* the last: no route */
};

/* One request with what the application keeps beside it. */
struct exchange {
	struct application *application;
	struct request *request;
	const struct route *route; /* NULL: refused before one was found */
	size_t route_index;
	struct slice
		parameters[PATH_PARAMETERS_MAX]; /* the segments for the path's {names}, in order, decoded */
	struct principal principal;
	struct principal_waiter waiter;
	void *streaming; /* what the route keeps between `start` and its sink's calls */
};

/* `application` is filled by the caller up to `numbers_key`; this adds the rest. */
enum outcome MUST_CHECK application_open(struct application *application);
/* Nothing is served any more. False: a thread of ours still waits for a database that says nothing; the loop and the cases must stay as
 * they are, and the process can only end (_exit). */
bool application_close(struct application *application);
/* What http serves. */
struct http_application application_face(struct application *application);

#endif
