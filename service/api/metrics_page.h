/* GET /metrics on a listener of its own: numbers for Prometheus, nothing of the API. */
#ifndef SHIKAKU_API_METRICS_PAGE_H
#define SHIKAKU_API_METRICS_PAGE_H

#include "net/http.h"

struct http_application metrics_page_face(void);

#endif
