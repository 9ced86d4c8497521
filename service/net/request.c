#include "net/request.h"

#include <string.h>

#include "net/connection.h"

/* All bodies of a loop together. */
#define BODY_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define BODY_FIRST_BYTES ((size_t)1024)

/* A body of 64 KiB, all brackets, is a tree of 5 MiB. */
#define REQUEST_MEMORY_MAX ((size_t)8 * 1024 * 1024)

struct request *request_create(struct connection *connection)
{
	struct arena arena;
	arena_open(&arena, REQUEST_MEMORY_MAX);
	struct request *request = arena_take(&arena, sizeof *request);
	if (request == NULL)
		return NULL;
	request->arena = arena;
	request->connection = connection;
	request->holders = 1;
	return request;
}

/* Room for so many bytes; the smaller piece stays in the arena. */
static bool make_room(struct request *request, size_t length, size_t *held_by_all)
{
	if (length <= request->body_capacity)
		return true;
	size_t capacity = request->body_capacity == 0 ? BODY_FIRST_BYTES : request->body_capacity * 2;
	if (capacity < length)
		capacity = length;
	char *larger =
		capacity <= BODY_BYTES_MAX - *held_by_all ? arena_take_raw(&request->arena, capacity) : NULL;
	if (larger == NULL)
		return false;
	request->body_bytes_held += capacity;
	*held_by_all += capacity;
	if (request->body.length > 0)
		memcpy(larger, request->body_bytes, request->body.length);
	request->body_bytes = larger;
	request->body.at = larger;
	request->body_capacity = capacity;
	return true;
}

enum body_step request_take_body(
	struct request *request, const char *piece, size_t length, size_t *held_by_all)
{
	enum body_step step = BODY_TAKEN;
	request->body_seen += length;
	if (request->discarding)
		return BODY_DISCARDED;
	if (request->body_seen > request->body_max)
		step = BODY_TOO_LARGE;
	else if (!make_room(request, request->body.length + length, held_by_all))
		step = BODY_WITHOUT_ROOM;
	request->discarding = step != BODY_TAKEN;
	if (step != BODY_TAKEN)
		return step;
	memcpy(request->body_bytes + request->body.length, piece, length);
	request->body.length += length;
	return step;
}

void request_hold(struct request *request)
{
	request->holders++;
}

void request_let_go(struct request *request)
{
	if (--request->holders > 0)
		return;
	struct arena arena = request->arena; /* the request itself lies in it */
	arena_close(&arena);
}

bool request_is_awaited(const struct request *request)
{
	return request->connection != NULL && request->response.status == 0;
}

void request_add_header(struct request *request, const char *name, const char *value)
{
	struct response *response = &request->response;
	if (response->header_count < RESPONSE_HEADERS_MAX)
		response->headers[response->header_count++] = (struct response_header){ name, value };
}

/* It was suspended; what follows depends on what it has become. */
static void go_on(struct request *request, enum phase next)
{
	struct connection *connection = request->connection;
	connection_enter(connection, next);
	connection->connections->resume(connection->connections->owner, connection);
}

static void answer(struct request *request, int status, const char *content_type)
{
	request->response.status = status;
	request->response.content_type = content_type;
	request->held = false;
	if (request->connection->phase == PHASE_WAITING)
		go_on(request, PHASE_SENDING);
	else if (request->connection->phase == PHASE_HELD)
		go_on(request, PHASE_STREAMING);
}

void request_answer(struct request *request, int status, const char *content_type, struct slice body)
{
	if (!request_is_awaited(request))
		return;
	request->response.body = body;
	answer(request, status, content_type);
}

void request_answer_from(
	struct request *request, int status, const char *content_type, const struct body_source *source)
{
	if (!request_is_awaited(request)) {
		source->end(source->owner);
		return;
	}
	request->response.source = *source;
	answer(request, status, content_type);
}

void request_sink_body(struct request *request, const struct body_sink *sink)
{
	request->sink = *sink;
	request->held = true;
}

void request_take_more(struct request *request)
{
	request->held = false;
	if (request->connection != NULL && request->connection->phase == PHASE_HELD &&
		request->response.status == 0)
		go_on(request, PHASE_STREAMING);
}

void request_give_more(struct request *request)
{
	if (request->connection != NULL && request->connection->phase == PHASE_HELD &&
		request->response.source.give != NULL)
		go_on(request, PHASE_FLOWING);
}
