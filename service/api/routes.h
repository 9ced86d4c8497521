/* The route tables of all resources. */
#ifndef SHIKAKU_API_ROUTES_H
#define SHIKAKU_API_ROUTES_H

#include "api/application.h"

#define KIB ((size_t)1024)

extern const struct route card_challenges_routes[];
extern const struct route eligibility_checks_routes[];
extern const struct route limit_queries_routes[];
extern const struct route card_suspensions_routes[];
extern const struct route limit_tables_routes[];
extern const struct route ceiling_months_routes[];
extern const struct route import_files_routes[];
extern const struct route members_export_routes[];
extern const struct route members_routes[];
extern const struct route insurers_routes[];
extern const struct route workplaces_routes[];
extern const struct route links_routes[];
extern const struct route jobs_routes[];
extern const struct route member_search_routes[];
extern const struct route statistics_routes[];
extern const struct route health_routes[];
extern const struct route contract_routes[];

/* Finds the first row for a method and path; HEAD finds GET's. A `{name}` segment of a row's path stands for one segment that is
 * not empty; `parameters` become those segments, in order, as parts of `path`. NULL when there is none: then `allow`, if the
 * path exists, lists its methods as the Allow header does, else it is empty. */
const struct route *route_find(const char *method, struct slice path, size_t *index, char *allow,
	size_t allow_size, struct slice parameters[PATH_PARAMETERS_MAX]);

/* The row at an index of route_find; NULL beyond the last. */
const struct route *route_at(size_t index);

#endif
