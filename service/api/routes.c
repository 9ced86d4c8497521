#include "api/routes.h"

#include <stdio.h>
#include <string.h>

static const struct route *const tables[] = {
	card_challenges_routes,
	eligibility_checks_routes,
	limit_queries_routes,
	card_suspensions_routes,
	limit_tables_routes,
	ceiling_months_routes,
	import_files_routes, /* before an import by its id: template.csv is none */
	members_export_routes,
	members_routes,
	insurers_routes,
	workplaces_routes,
	links_routes,
	jobs_routes,
	member_search_routes,
	statistics_routes,
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

/* Takes the first segment, up to "/" or the end, off `rest`, with the "/" before it. */
static struct slice take_segment(struct slice *rest)
{
	struct slice segment = { rest->at + 1, rest->length - 1 };
	const char *end = memchr(segment.at, '/', segment.length);
	if (end != NULL)
		segment.length = (size_t)(end - segment.at);
	rest->at += segment.length + 1;
	rest->length -= segment.length + 1;
	return segment;
}

static bool matches(const char *pattern, struct slice path, struct slice parameters[PATH_PARAMETERS_MAX])
{
	struct slice template = slice_of(pattern);
	size_t count = 0;
	while (template.length > 0 && path.length > 0 && *path.at == '/') {
		struct slice wanted = take_segment(&template);
		struct slice segment = take_segment(&path);
		if (wanted.length > 0 && wanted.at[0] == '{') {
			if (segment.length == 0 || count == PATH_PARAMETERS_MAX)
				return false;
			parameters[count++] = segment;
		} else if (wanted.length != segment.length ||
			   memcmp(wanted.at, segment.at, segment.length) != 0) {
			return false;
		}
	}
	return template.length == 0 && path.length == 0;
}

static void add_allowed(char *allow, size_t size, const char *method)
{
	size_t length = strlen(allow);
	(void)snprintf(allow + length, size - length, "%s%s%s", length == 0 ? "" : ", ", method,
		strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

const struct route *route_find(const char *method, struct slice path, size_t *index, char *allow,
	size_t allow_size, struct slice parameters[PATH_PARAMETERS_MAX])
{
	allow[0] = '\0';
	for (*index = 0;; (*index)++) {
		const struct route *route = route_at(*index);
		if (route == NULL)
			return NULL;
		if (!matches(route->path, path, parameters))
			continue;
		if (takes(route, method))
			return route;
		add_allowed(allow, allow_size, route->method);
	}
}
