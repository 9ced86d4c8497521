#include "api/application.h"

#include <stdio.h>
#include <string.h>

#include "api/media_type.h"
#include "api/problems.h"
#include "api/routes.h"
#include "base/log.h"
#include "cases/resident_register.h"

static const int statuses_counted[STATUSES_COUNTED - 1] = { 200, 201, 202, 204, 304, 400, 401, 403, 404, 405,
	406, 409, 412, 413, 415, 422, 428, 429, 431, 500, 503 };

static struct exchange *exchange_of(struct request *request)
{
	return request->application;
}

static void count_route(struct application *application, size_t index, const struct route *route)
{
	char labels[160];
	const char *method = route == NULL ? "-" : route->method;
	const char *path = route == NULL ? "-" : route->path;
	struct route_counts *counts = &application->counts[index];
	(void)snprintf(labels, sizeof labels, "method=\"%s\",route=\"%s\"", method, path);
	counts->latency = metrics_histogram(HISTOGRAM_LATENCY, "shikaku_request_seconds",
		"From a request's header to the end of its answer.", labels);
	for (size_t i = 0; i < STATUSES_COUNTED; i++) {
		char status[8] = "other";
		if (i < STATUSES_COUNTED - 1)
			(void)snprintf(status, sizeof status, "%d", statuses_counted[i]);
		(void)snprintf(labels, sizeof labels, "method=\"%s\",route=\"%s\",status=\"%s\"", method,
			path, status);
		counts->by_status[i] =
			metrics_counter("shikaku_requests_total", "Requests answered.", labels);
	}
}

static int64_t publish_state(void *owner)
{
	struct application *application = owner;
	bool ready = store_trouble(application->store) == NULL;
	if (ready != application->reported_ready) {
		application->reported_ready = ready;
		atomic_fetch_add(&application->process->loops_ready, ready ? 1 : -1);
	}
	metric_add(application->turns, 1);
	metric_set(application->connections, (int64_t)http_connections(application->http));
	metric_set(application->in_flight, (int64_t)http_in_flight(application->http));
	return LOOP_NEVER;
}

enum outcome application_open(struct application *application)
{
	const struct config *config = application->config;
	const struct cases_settings settings = {
		.challenge_lives = config->challenge_ttl * MICROSECONDS,
		.revocation_hard = strcmp(config->revocation, "hard") == 0,
	};
	enum outcome outcome = cases_open(&application->cases, &settings, application->store,
		application->hasher, application->trust, application->numbers_key);
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = register_line_open(&application->cases.register_line, application->loop, config);
	if (outcome != OUTCOME_OK)
		return outcome;
	application->imports = (struct import_feeds){ .loop = application->loop,
		.database_url = config->database_url,
		.numbers_key = application->numbers_key,
		.most = (int)config->imports_max };
	application->exports = (struct member_exports){ .loop = application->loop,
		.database_url = config->database_url,
		.most = (int)config->imports_max };
	for (size_t i = 0; i < ROUTES_MAX && route_at(i) != NULL; i++)
		count_route(application, i, route_at(i));
	count_route(application, ROUTES_MAX, NULL);
	application->turns = metrics_counter("shikaku_loop_turns_total", "Turns of the event loops.", "");
	application->connections = metrics_gauge("shikaku_connections", "Client connections.", "");
	application->in_flight =
		metrics_gauge("shikaku_requests_in_flight", "Requests that are worked on.", "");
	application->step = (struct turn_step){ .run = publish_state, .owner = application };
	loop_add_step(application->loop, &application->step);
	return OUTCOME_OK;
}

bool application_close(struct application *application)
{
	bool imports_ended = import_feeds_close(&application->imports);
	bool exports_ended = member_exports_close(&application->exports);
	if (!imports_ended || !exports_ended)
		return false;
	cases_close(&application->cases);
	return true;
}

static void refuse_route(struct request *request, const char *allow)
{
	if (allow[0] == '\0') {
		problem_answer(request, PROBLEM_NO_SUCH_PATH, NULL);
		return;
	}
	const char *kept = arena_copy(&request->arena, allow, strlen(allow));
	if (kept == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	request_add_header(request, "Allow", kept);
	problem_answer(request, PROBLEM_METHOD_NOT_ALLOWED, NULL);
}

/* The token of "Authorization: Bearer …"; no value when the header is missing or of another kind. */
static struct slice bearer_of(struct slice authorization)
{
	struct slice nothing = { NULL, 0 };
	if (authorization.length < 8 || strncasecmp(authorization.at, "Bearer ", 7) != 0)
		return nothing;
	return slice_trim((struct slice){ authorization.at + 7, authorization.length - 7 });
}

static bool takes_body_of(const struct exchange *exchange)
{
	return media_type_find(exchange->request->content_type, exchange->route->takes) != MEDIA_TYPE_NONE;
}

static bool gives_what_is_accepted(const struct exchange *exchange)
{
	return media_type_choose(exchange->request->accept, exchange->route->gives) != MEDIA_TYPE_NONE;
}

static bool has_wrong_body(const struct exchange *exchange)
{
	const struct request *request = exchange->request;
	return exchange->route->body_optional && request->body.length > 0 && !takes_body_of(exchange);
}

/* Nobody's token has SCOPE_NONE. */
static bool may_ask(const struct exchange *exchange)
{
	enum scope scope = exchange->principal.scope;
	return scope == exchange->route->scope || scope == exchange->route->other_scope;
}

static void take_turn(struct exchange *exchange)
{
	int64_t wait = 0;
	int64_t now = loop_now(exchange->application->loop).monotonic;
	if (!may_ask(exchange)) {
		problem_answer(exchange->request, PROBLEM_SCOPE_MISSING, NULL);
	} else if (!rate_limit_take(exchange->principal.limit, now, &wait)) {
		log_security("limited token=%lld owner=%s", (long long)exchange->principal.token_id,
			exchange->principal.owner);
		problem_answer_later(exchange->request, PROBLEM_RATE_LIMITED, NULL,
			(wait + MICROSECONDS - 1) / MICROSECONDS);
	} else if (has_wrong_body(exchange)) {
		problem_answer(exchange->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
	} else {
		exchange->route->start(exchange);
	}
}

static void principal_found(
	struct principal_waiter *waiter, enum outcome outcome, const struct principal *principal)
{
	struct exchange *exchange = (struct exchange *)((char *)waiter - offsetof(struct exchange, waiter));
	struct request *request = exchange->request;
	if (outcome == OUTCOME_OK) {
		exchange->principal = *principal;
		if (request_is_awaited(request))
			take_turn(exchange);
	} else if (outcome == OUTCOME_NOT_FOUND) {
		problem_answer(request, PROBLEM_TOKEN_INVALID, NULL);
	} else {
		problem_answer(request, PROBLEM_DATABASE_UNAVAILABLE, NULL);
	}
	request_let_go(request);
}

static void start_request(void *owner, struct request *request)
{
	struct application *application = owner;
	struct exchange *exchange = exchange_of(request);
	if (exchange->route->scope == SCOPE_NONE) {
		exchange->route->start(exchange);
		return;
	}
	struct slice token = bearer_of(request->authorization);
	uint8_t digest[SHA256_SIZE];
	hasher_begin(application->hasher);
	hasher_add(application->hasher, token.at, token.length);
	hasher_end(application->hasher, digest);
	request_hold(request);
	exchange->waiter.found = principal_found;
	principals_find(application->principals, digest, loop_now(application->loop), &exchange->waiter);
}

static bool take_piece(void *owner, const char *piece, size_t length)
{
	struct exchange *exchange = owner;
	return exchange->route->sink->take(exchange, piece, length);
}

static void end_of_pieces(void *owner, bool complete)
{
	struct exchange *exchange = owner;
	exchange->route->sink->end(exchange, complete);
}

/* Who asks is found out before anything is read of a body of any size. */
static size_t begin_streaming(struct exchange *exchange)
{
	struct request *request = exchange->request;
	const struct body_sink sink = { .take = take_piece, .end = end_of_pieces, .owner = exchange };
	request_sink_body(request, &sink);
	if (request->response.status == 0)
		start_request(exchange->application, request);
	return (size_t)exchange->application->config->import_bytes_max;
}

static size_t accept_request(void *owner, struct request *request)
{
	struct application *application = owner;
	struct exchange *exchange = arena_take(&request->arena, sizeof *exchange);
	if (exchange == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return 0;
	}
	exchange->application = application;
	exchange->request = request;
	request->application = exchange;
	char allow[64];
	exchange->route = route_find(request->method, request->path, &exchange->route_index, allow,
		sizeof allow, exchange->parameters);
	if (exchange->route == NULL) {
		refuse_route(request, allow);
		return 0;
	}
	if (exchange->route->scope != SCOPE_NONE && bearer_of(request->authorization).length == 0) {
		/* Before anything is read of the body. */
		problem_answer(request, PROBLEM_TOKEN_MISSING, NULL);
	} else if (exchange->route->body_max > 0 || exchange->route->sink != NULL) {
		if (!exchange->route->body_optional && !takes_body_of(exchange))
			problem_answer(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
		else if (!gives_what_is_accepted(exchange))
			problem_answer(request, PROBLEM_NOT_ACCEPTABLE, NULL);
	} else if (exchange->route->gives != NULL && !gives_what_is_accepted(exchange)) {
		problem_answer(request, PROBLEM_NOT_ACCEPTABLE, NULL);
	}
	return exchange->route->sink == NULL ? exchange->route->body_max : begin_streaming(exchange);
}

static void refuse_request(
	void *owner, struct request *request, enum http_refusal refusal, const char *detail)
{
	(void)owner;
	switch (refusal) {
	case HTTP_REFUSAL_MALFORMED:
		problem_answer(request, PROBLEM_BAD_REQUEST, detail);
		return;
	case HTTP_REFUSAL_HEADER_TOO_LARGE:
		problem_answer(request, PROBLEM_HEADER_TOO_LARGE, NULL);
		return;
	case HTTP_REFUSAL_BODY_TOO_LARGE:
		problem_answer(request, PROBLEM_BODY_TOO_LARGE, NULL);
		return;
	case HTTP_REFUSAL_OVERLOADED:
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	case HTTP_REFUSAL_LATE:
		problem_answer(request, PROBLEM_DEADLINE_EXCEEDED, NULL);
		return;
	case HTTP_REFUSAL_STOPPING:
		problem_answer(request, PROBLEM_STOPPING, NULL);
		return;
	}
}

static void request_ended(void *owner, struct request *request)
{
	struct application *application = owner;
	const struct exchange *exchange = request->application;
	size_t index = exchange == NULL || exchange->route == NULL ? ROUTES_MAX : exchange->route_index;
	const struct route_counts *counts = &application->counts[index];
	size_t status = 0;
	while (status < STATUSES_COUNTED - 1 && statuses_counted[status] != request->response.status)
		status++;
	metric_add(counts->by_status[status], 1);
	histogram_add(counts->latency, loop_now(application->loop).monotonic - request->received.monotonic);
	if (request->response.status >= 500)
		log_line(LOG_LEVEL_WARNING, "api", "request=%s route=%s status=%d", request->id_text,
			exchange == NULL || exchange->route == NULL ? "-" : exchange->route->path,
			request->response.status);
}

struct http_application application_face(struct application *application)
{
	return (struct http_application){
		.owner = application,
		.accept = accept_request,
		.start = start_request,
		.refuse = refuse_request,
		.ended = request_ended,
	};
}
