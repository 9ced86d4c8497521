#include "api/routes.h"

#include <stdio.h>
#include <string.h>

static const struct route *const tables[] = {
	card_challenges_routes,
	eligibility_checks_routes,
	health_routes,
	contract_routes,
};

const struct route *route_at(size_t index)
{
	for (size_t table = 0; table < sizeof tables / sizeof *tables; table++) {
		for (const struct route *route = tables[table]; route->method != NULL; route++) {
			if (index-- == 0)
				return route;
		}
	}
	return NULL;
}

static bool takes(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void add_allowed(char *allow, size_t size, const char *method)
{
	size_t length = strlen(allow);
	(void)snprintf(allow + length, size - length, "%s%s%s", length == 0 ? "" : ", ", method,
		strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

const struct route *route_find(
	const char *method, struct slice path, size_t *index, char *allow, size_t allow_size)
{
	allow[0] = '\0';
	for (*index = 0;; (*index)++) {
		const struct route *route = route_at(*index);
		if (route == NULL)
			return NULL;
		if (!slice_is(path, route->path))
			continue;
		if (takes(route, method))
			return route;
		add_allowed(allow, allow_size, route->method);
	}
}
