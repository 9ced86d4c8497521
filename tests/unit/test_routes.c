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
		/* A second scope comes after a first, and is another. */
		assert_true(route_at(i)->other_scope == SCOPE_NONE ||
			    (!open && route_at(i)->other_scope != route_at(i)->scope));
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

static void what_stands_for_a_name_reaches_the_endpoint(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *template, *parameter;
	} cases[] = {
		{ "GET", "/v1/card-suspensions/019ab0c2-5d6e-7c1a-9f3b-2d4e6f708192",
			"/v1/card-suspensions/{suspension_id}", "019ab0c2-5d6e-7c1a-9f3b-2d4e6f708192" },
		{ "HEAD", "/v1/card-suspensions/x", "/v1/card-suspensions/{suspension_id}", "x" },
		{ "GET", "/v1/card-suspensions/lift", "/v1/card-suspensions/{suspension_id}", "lift" },
		{ "POST", "/v1/card-suspensions/{/lift", "/v1/card-suspensions/{suspension_id}/lift", "{" },
		{ "POST", "/v1/card-suspensions", "/v1/card-suspensions", NULL },
		{ "DELETE", "/v1/limit-tables/2027-08", "/v1/limit-tables/{month}", "2027-08" },
		{ "POST", "/v1/limit-tables", "/v1/limit-tables", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice parameters[PATH_PARAMETERS_MAX] = { { NULL, 0 } };
		size_t index = 0;
		char allow[64];
		const struct route *route = route_find(
			cases[i].method, slice_of(cases[i].path), &index, allow, sizeof allow, parameters);
		assert_non_null(route);
		assert_string_equal(route->path, cases[i].template);
		assert_ptr_equal(route_at(index), route);
		if (cases[i].parameter == NULL)
			assert_null(parameters[0].at);
		else
			assert_true(slice_is(parameters[0], cases[i].parameter));
		assert_null(parameters[1].at);
	}
}

static void a_name_stands_for_exactly_one_segment(void **state)
{
	(void)state;
	static const char *const paths[] = { "/v1/card-suspensions/", "/v1/card-suspensions//lift",
		"/v1/card-suspensions/a/", "/v1/card-suspensions/a/b/lift", "/v1/card-suspensions/a/lift/",
		"/v1/card-suspensions/a/lif", "/v1/card-suspensions/a/lifts", "/v1/card-suspensionsa/a",
		"/v1//card-suspensions/a", "v1/card-suspensions/a", "/v1/card-suspensions/a//lift" };
	size_t index = 0;
	char allow[64];
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		assert_null(find("POST", paths[i], &index, allow));
		assert_string_equal(allow, "");
		assert_null(find("GET", paths[i], &index, allow));
		assert_string_equal(allow, "");
	}
}

static void a_wrong_method_at_a_name_is_told_the_right_ones(void **state)
{
	(void)state;
	size_t index = 0;
	char allow[64];
	assert_null(find("DELETE", "/v1/card-suspensions/a", &index, allow));
	assert_string_equal(allow, "GET, HEAD");
	assert_null(find("GET", "/v1/card-suspensions/a/lift", &index, allow));
	assert_string_equal(allow, "POST");
	assert_null(find("GET", "/v1/card-suspensions", &index, allow));
	assert_string_equal(allow, "POST");
}

static void a_path_with_names_fits_what_keeps_them(void **state)
{
	(void)state;
	for (size_t i = 0; route_at(i) != NULL; i++) {
		size_t names = 0;
		for (const char *c = route_at(i)->path; *c != '\0'; c++) {
			if (*c != '{')
				continue;
			names++;
			assert_true(c[-1] == '/'); /* a name is a whole segment */
			const char *end = strchr(c, '}');
			assert_non_null(end);
			assert_true(end[1] == '\0' || end[1] == '/');
		}
		assert_true(names <= PATH_PARAMETERS_MAX);
	}
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
		TEST(what_stands_for_a_name_reaches_the_endpoint),
		TEST(a_name_stands_for_exactly_one_segment),
		TEST(a_wrong_method_at_a_name_is_told_the_right_ones),
		TEST(a_path_with_names_fits_what_keeps_them),
		TEST(a_small_room_for_the_methods_is_not_overrun),
	};
	return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
