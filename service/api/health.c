/* GET /healthz: the process turns. GET /readyz: it may be sent traffic. */
#include "api/answer.h"
#include "api/problems.h"
#include "api/routes.h"

static void start_healthz(struct exchange *exchange)
{
	struct request *request = exchange->request;
	answer_uncached(request, 200, "application/json", SLICE_LITERAL("{\"status\":\"ok\"}"));
}

static void start_readyz(struct exchange *exchange)
{
	struct application *application = exchange->application;
	struct request *request = exchange->request;
	struct process_state *process = application->process;
	const char *trouble = store_trouble(application->store);
	if (atomic_load(&process->stopping)) {
		problem_answer(request, PROBLEM_STOPPING, NULL);
	} else if (trouble != NULL) {
		problem_answer(request, PROBLEM_DATABASE_UNAVAILABLE, trouble);
	} else if (atomic_load(&process->loops_ready) < atomic_load(&process->loops)) {
		problem_answer(request, PROBLEM_DATABASE_UNAVAILABLE,
			"Another loop of this process is not connected.");
	} else {
		answer_uncached(request, 200, "application/json",
			SLICE_LITERAL("{\"ready\":true,\"checks\":[{\"name\":\"database\",\"ok\":true,"
				      "\"detail\":null}]}"));
	}
}

const struct route health_routes[] = {
	{ .method = "GET", .path = "/healthz", .scope = SCOPE_NONE, .start = start_healthz },
	{ .method = "GET", .path = "/readyz", .scope = SCOPE_NONE, .start = start_readyz },
	ROUTES_END,
};
