/* Every path finds its endpoint, and whoever asks in the wrong way is told the right one: api/routes.c. */
#include "vectors.h"

#include <string.h>

#include "api/routes.h"

static const struct route *find(const char *method, const char *path, size_t *index, char allow[64])
{
	memset(allow, '?', 64);
	struct slice parameters[PATH_PARAMETERS_MAX] = { { NULL, 0 } };
	const struct route *route = route_find(method, slice_of(path), index, allow, 64, parameters);
	assert_non_null(memchr(allow, '\0', 64));
	return route;
}

static void every_endpoint_is_found_by_its_method_and_path(void **state)
{
	(void)state;
	size_t count = 0;
	char allow[64];
	for (const struct route *route = route_at(0); route != NULL; route = route_at(++count)) {
		size_t index = 0;
		assert_ptr_equal(find(route->method, route->path, &index, allow), route);
		assert_true(index == count);
		assert_non_null(route->start);
		assert_true(route->path[0] == '/');
		/* Only what takes a body says how much of it. */
		assert_true(strcmp(route->method, "GET") != 0 || route->body_max == 0);
	}
	assert_true(count >= 4);
	assert_true(count <= ROUTES_MAX);
	assert_null(route_at(count + 1));
}

static void no_two_endpoints_stand_at_one_place(void **state)
{
	(void)state;
	for (size_t a = 0; route_at(a) != NULL; a++) {
		for (size_t b = 0; b < a; b++)
			assert_true(strcmp(route_at(a)->method, route_at(b)->method) != 0 ||
				    strcmp(route_at(a)->path, route_at(b)->path) != 0);
	}
}

static void personal_answers_need_a_token(void **state)
{
	(void)state;
	static const char *const open_to_all[] = { "/healthz", "/readyz", "/openapi.yaml",
		"/.well-known/jwks.json" };
	for (size_t i = 0; route_at(i) != NULL; i++) {
		bool open = false;
		for (size_t path = 0; path < sizeof open_to_all / sizeof *open_to_all; path++)
			open = open || strcmp(route_at(i)->path, open_to_all[path]) == 0;
		if ((route_at(i)->scope == SCOPE_NONE) != open)
			fail_msg("%s %s", route_at(i)->method, route_at(i)->path);
	}
}

static void head_finds_what_get_finds(void **state)
{
	(void)state;
	for (size_t i = 0; route_at(i) != NULL; i++) {
		size_t index = 0;
		char allow[64];
		if (strcmp(route_at(i)->method, "GET") != 0)
			continue;
		assert_ptr_equal(find("HEAD", route_at(i)->path, &index, allow), route_at(i));
		assert_true(index == i);
	}
	size_t index = 0;
	char allow[64];
	assert_null(find("HEAD", "/v1/eligibility-checks", &index, allow));
	assert_string_equal(allow, "POST");
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
	(void)state;
	static const char *const methods[] = { "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
		"post", "Post", "POSTS", "POS", "" };
	size_t count = 0;
	size_t index = 0;
	char allow[64];
	while (route_at(count) != NULL)
		count++;
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		assert_null(find(methods[i], "/v1/eligibility-checks", &index, allow));
		assert_string_equal(allow, "POST");
		assert_true(index == count); /* counted where no route is */
	}
	assert_null(find("POST", "/healthz", &index, allow));
	assert_string_equal(allow, "GET, HEAD");
	assert_null(find("get", "/openapi.yaml", &index, allow));
	assert_string_equal(allow, "GET, HEAD");
}

static void a_path_that_is_none_is_not_found_and_allows_nothing(void **state)
{
	(void)state;
	static const char *const paths[] = { "", "/", "*", "/v1", "/v1/", "/v1/eligibility-checks/",
		"/v1/eligibility-check", "/v1/eligibility-checks/1", "//v1/eligibility-checks",
		"/V1/eligibility-checks", "/v1/eligibility-checks?a", "v1/eligibility-checks", "/healthz ",
		"/healthz/", "/healthzz", "/health", "/v1/../healthz", "/metrics" };
	size_t index = 0;
	char allow[64];
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		assert_null(find("GET", paths[i], &index, allow));
		assert_string_equal(allow, "");
		assert_null(find("POST", paths[i], &index, allow));
		assert_string_equal(allow, "");
	}
	struct slice none[PATH_PARAMETERS_MAX];
	assert_null(route_find("GET", (struct slice){ "/healthz\0", 9 }, &index, allow, sizeof allow, none));
	assert_string_equal(allow, "");
	assert_null(route_find("GET", (struct slice){ NULL, 0 }, &index, allow, sizeof allow, none));
}

static void a_small_room_for_the_methods_is_not_overrun(void **state)
{
	(void)state;
	size_t index = 0;
	char allow[] = "????????";
	for (size_t size = 1; size < 8; size++) {
		memset(allow, '?', sizeof allow - 1);
		struct slice none[PATH_PARAMETERS_MAX];
		assert_null(route_find("POST", SLICE_LITERAL("/healthz"), &index, allow, size, none));
		assert_true(strlen(allow) < size);
		for (size_t beyond = size; beyond < sizeof allow - 1; beyond++)
			assert_int_equal(allow[beyond], '?');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_endpoint_is_found_by_its_method_and_path),
		TEST(no_two_endpoints_stand_at_one_place),
		TEST(personal_answers_need_a_token),
		TEST(head_finds_what_get_finds),
		TEST(a_wrong_method_is_told_the_right_ones),
		TEST(a_path_that_is_none_is_not_found_and_allows_nothing),
		TEST(a_small_room_for_the_methods_is_not_overrun),
	};
	return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
