/* GET /openapi.yaml: the contract, compiled in, so that what is served describes what serves it. */
#include "api/routes.h"
#include "build_info.h"

__asm__(".section .rodata\n"
	".global openapi_start\n"
	".global openapi_end\n"
	"openapi_start:\n"
	".incbin \"" OPENAPI_FILE "\"\n"
	"openapi_end:\n"
	".byte 0\n"
	".previous\n");

extern const char openapi_start[];
extern const char openapi_end[];

static void start_openapi(struct exchange *exchange)
{
	struct request *request = exchange->request;
	request_add_header(request, "X-Request-Id", request->id_text);
	request_answer(request, 200, "application/yaml",
		(struct slice){ openapi_start, (size_t)((uintptr_t)openapi_end - (uintptr_t)openapi_start) });
}

const struct route contract_routes[] = {
	{ .method = "GET", .path = "/openapi.yaml", .scope = SCOPE_NONE, .start = start_openapi },
	ROUTES_END,
};
