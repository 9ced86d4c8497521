/* POST /v1/insurers/{insurer_number}/imports. Here for what must hold of its query alone, whatever is sent. */
#ifndef SHIKAKU_API_IMPORT_FILES_H
#define SHIKAKU_API_IMPORT_FILES_H

#include "cases/import_load.h"
#include "net/request.h"

/* Reads the query into the wish. False: the request has been answered with the problem. */
bool import_query_read(struct request *request, struct import_wish *wish);

#endif
