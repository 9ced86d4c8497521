/* Which endpoint a request is for, and what its header says of it: found by a second matching of paths, and each header read again
 * in another way. Input: lines: method, path, Content-Type, Accept, Authorization, Idempotency-Key ("-": none); then the body. */
#include "target.h"

#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "api/idempotency.h"
#include "api/routes.h"
#include "net/connection.h"
#include "trust/digest.h"

#define INPUT_MAX 4096

/* A copy with a NUL behind it, as the HTTP library gives paths and values. "-": no value. */
static struct slice take_line(struct arena *arena, struct slice *rest)
{
	const char *end = rest->length == 0 ? NULL : memchr(rest->at, '\n', rest->length);
	size_t length = end == NULL ? rest->length : (size_t)(end - rest->at);
	struct slice line = { rest->at, length };
	size_t skip = end == NULL ? length : length + 1;
	rest->at += skip;
	rest->length -= skip;
	if (slice_is(line, "-"))
		return (struct slice){ NULL, 0 };
	/* NUL characters never come so far. */
	const char *nul = length == 0 ? NULL : memchr(line.at, '\0', length);
	line.length = nul == NULL ? length : (size_t)(nul - line.at);
	line.at = arena_copy(arena, line.at, line.length);
	MUST_HOLD(line.at != NULL);
	return line;
}

/* Compared from both ends of a name in braces, with no segments taken apart. */
static bool is_path(const char *template, const char *path)
{
	while (*template != '\0') {
		if (*template == '{') {
			size_t length = strcspn(path, "/");
			if (length == 0)
				return false;
			path += length;
			template = strchr(template, '}') + 1;
		} else if (*template ++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

/* The route there must be; NULL, with the count of other methods, when there is none. */
static const struct route *expected_route(const char *method, const char *path, size_t *others)
{
	*others = 0;
	for (size_t i = 0; route_at(i) != NULL; i++) {
		const struct route *route = route_at(i);
		if (!is_path(route->path, path))
			continue;
		if (strcmp(method, route->method) == 0 ||
			(strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0))
			return route;
		(*others)++;
	}
	return NULL;
}

static void look_at_parameters(const struct exchange *exchange, struct slice path)
{
	size_t names = 0;
	for (const char *at = exchange->route->path; (at = strchr(at, '{')) != NULL; at++)
		names++;
	for (size_t i = 0; i < PATH_PARAMETERS_MAX && i < names; i++) {
		struct slice one = exchange->parameters[i];
		MUST_HOLD(
			one.length >= 1 && one.at > path.at && one.at + one.length <= path.at + path.length);
		MUST_HOLD(one.at[-1] == '/' && memchr(one.at, '/', one.length) == NULL);
	}
}

static bool has_token(struct slice authorization)
{
	const char *at = authorization.at;
	if (at == NULL || strncasecmp(at, "bearer ", 7) != 0)
		return false;
	return at[7 + strspn(at + 7, " \t")] != '\0';
}

/* Whether one of the types, between commas, holds. */
static bool is_any_of(
	const char *types, bool (*is)(struct slice sent, const char *name, size_t length), struct slice sent)
{
	if (types == NULL)
		types = "application/json";
	while (*types != '\0') {
		types += strspn(types, " ,");
		size_t length = strcspn(types, ",");
		if (is(sent, types, length))
			return true;
		types += length;
	}
	return false;
}

static bool is_of_type(struct slice type, const char *name, size_t name_length)
{
	if (type.at == NULL)
		return false;
	const char *at = type.at + strspn(type.at, " \t");
	if (strncasecmp(at, name, name_length) != 0)
		return false;
	at += name_length;
	at += strspn(at, " \t");
	if (*at == '\0')
		return true;
	if (*at++ != ';')
		return false;
	at += strspn(at, " \t");
	size_t length = strlen(at);
	while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
		length--;
	return (length == 13 && strncasecmp(at, "charset=utf-8", length) == 0) ||
	       (length == 15 && strncasecmp(at, "charset=\"utf-8\"", length) == 0);
}

/* One of a list's members, before its parameters, is it or all of it. */
static bool is_acceptable(struct slice accept, const char *name, size_t name_length)
{
	char whole[64];
	char major[64];
	size_t slash = strcspn(name, "/");
	const char *const taken[] = { "*/*", major, whole };
	const char *at = accept.at;
	MUST_HOLD(name_length < sizeof whole && slash < name_length);
	(void)snprintf(whole, sizeof whole, "%.*s", (int)strcspn(name, ",;"), name);
	(void)snprintf(major, sizeof major, "%.*s/*", (int)slash, name);
	if (at == NULL || *at == '\0')
		return true;
	for (;;) {
		size_t length = strcspn(at, ",;");
		struct slice one = slice_trim((struct slice){ at, length });
		for (size_t i = 0; i < 3; i++) {
			if (slice_is_any_case(one, taken[i]))
				return true;
		}
		at += strcspn(at, ",");
		if (*at == '\0')
			return false;
		at++;
	}
}

static void look_at_accepting(struct request *request, size_t body_max)
{
	const struct exchange *exchange = request->application;
	size_t others = 0;
	const struct route *route = expected_route(request->method, request->path.at, &others);
	int status = request->response.status;
	MUST_HOLD(exchange->route == route);
	if (route == NULL) {
		MUST_HOLD(status == (others > 0 ? 405 : 404) && body_max == 0);
		MUST_HOLD((strcmp(request->response.headers[0].name, "Allow") == 0) == (others > 0));
		return;
	}
	MUST_HOLD(route_at(exchange->route_index) == route && body_max == route->body_max);
	look_at_parameters(exchange, request->path);
	int expected = 0;
	if (route->scope != SCOPE_NONE && !has_token(request->authorization))
		expected = 401;
	else if (route->body_max > 0 && !route->body_optional &&
		 !is_any_of(route->takes, is_of_type, request->content_type))
		expected = 415;
	else if ((route->body_max > 0 || route->gives != NULL) &&
		 !is_any_of(route->gives, is_acceptable, request->accept))
		expected = 406;
	MUST_HOLD(status == expected);
}

static void look_at_key(struct request *request, struct hasher *hasher)
{
	struct application application = { .hasher = hasher };
	struct exchange exchange = { .application = &application, .request = request, .route = route_at(0) };
	struct idempotency idempotency = { .given = false };
	struct slice key = request->idempotency_key;
	bool good = key.length >= 1 && key.length <= 255;
	for (size_t i = 0; i < key.length; i++)
		good = good && key.at[i] > 0x20 && key.at[i] < 0x7f;
	request->response = (struct response){ .status = 0 };
	bool read = idempotency_read(&exchange, &idempotency);
	MUST_HOLD(read == (key.at == NULL || good));
	MUST_HOLD((request->response.status == 0) == read);
	MUST_HOLD(!read || idempotency.given == (key.at != NULL));
	if (!read || !idempotency.given)
		return;
	uint8_t digest[SHA256_SIZE];
	MUST_HOLD(EVP_Digest(key.at, key.length, digest, NULL, EVP_sha256(), NULL) == 1);
	MUST_HOLD(memcmp(digest, idempotency.key_digest, SHA256_SIZE) == 0);
	/* Another body is another request. */
	struct idempotency other = { .given = false };
	struct slice body = request->body;
	if (body.length == 0)
		return;
	request->body.length--;
	MUST_HOLD(idempotency_read(&exchange, &other));
	MUST_HOLD(memcmp(other.key_digest, idempotency.key_digest, SHA256_SIZE) == 0 &&
		  memcmp(other.request_digest, idempotency.request_digest, SHA256_SIZE) != 0);
	request->body = body;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hasher *hasher;
	struct application application = { .hasher = NULL };
	struct connection connection = { .phase = PHASE_BODY };
	struct request request = { .connection = &connection };
	struct slice rest = { size == 0 ? "" : (const char *)data, size };
	if (size > INPUT_MAX)
		return -1;
	if (hasher == NULL)
		MUST_HOLD(hasher_create(&hasher) == OUTCOME_OK);
	fuzz_silence();
	arena_open(&request.arena, (size_t)1024 * 1024);
	struct slice method = take_line(&request.arena, &rest);
	request.method = method.at == NULL ? "" : method.at;
	request.path = take_line(&request.arena, &rest);
	if (request.path.at == NULL)
		request.path = SLICE_LITERAL("");
	request.content_type = take_line(&request.arena, &rest);
	request.accept = take_line(&request.arena, &rest);
	request.authorization = take_line(&request.arena, &rest);
	request.idempotency_key = take_line(&request.arena, &rest);
	request.body = rest;
	struct http_application face = application_face(&application);
	size_t others = 0;
	const struct route *route = expected_route(request.method, request.path.at, &others);
	/* Who asks for what goes piece by piece is found out at once, and nobody is here to do that. */
	if (route == NULL || route->sink == NULL)
		look_at_accepting(&request, face.accept(face.owner, &request));
	look_at_key(&request, hasher);
	arena_close(&request.arena);
	arena_free_spares();
	return 0;
}
