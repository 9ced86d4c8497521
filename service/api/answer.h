/* How every answer that may speak of a person leaves: named by its request, kept by no cache. */
#ifndef SHIKAKU_API_ANSWER_H
#define SHIKAKU_API_ANSWER_H

#include "net/request.h"

/* As request_answer, with X-Request-Id and Cache-Control: no-store. */
void answer_uncached(struct request *request, int status, const char *content_type, struct slice body);

/* A record that the database wrote as JSON, kept with the request and without its blanks. No value: there was no room, and the request
 * has been answered with the problem. */
struct slice answer_keep_record(struct request *request, struct slice document);

#endif
