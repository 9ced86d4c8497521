#include "net/request.h"

#include "net/connection.h"

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

void request_answer(struct request *request, int status, const char *content_type, struct slice body)
{
	if (!request_is_awaited(request))
		return;
	request->response.status = status;
	request->response.content_type = content_type;
	request->response.body = body;
	struct connection *connection = request->connection;
	if (connection->phase == PHASE_WAITING) {
		connection_enter(connection, PHASE_SENDING);
		connection->connections->resume(connection->connections->owner, connection);
	}
}
