/* Questions to another service over HTTP: bounded in number, time and size of the answer, without redirects, proxies or cookies, and
 * without a word of what is asked or answered in the log. Belongs to one thread: to a loop, or to one that may wait. */
#ifndef SHIKAKU_NET_OUTBOUND_H
#define SHIKAKU_NET_OUTBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/outcome.h"
#include "base/text.h"

/* Beyond it an answer is none. */
#define OUTBOUND_ANSWER_MAX ((size_t)16 * 1024)
#define OUTBOUND_CONCURRENCY_MAX 64

struct outbound;
struct outbound_slot;

/* Texts are copied. */
struct outbound_settings {
	const char *url; /* http:// or https://, a path is put behind it */
	const char *token; /* for Authorization: Bearer; empty: none */
	const char *
		authorities; /* file of PEM certificates that may vouch for the service; empty: the system's */
	int64_t timeout_ms; /* from the question to the end of the answer */
	size_t concurrency; /* under way at once, OUTBOUND_CONCURRENCY_MAX at most */
	size_t queue_max; /* more may wait for their turn */
};

/* One POST of JSON. The caller's, and with all it points to left alone until it is answered. */
struct outbound_question {
	const char *path; /* a literal: it is logged */
	struct slice body;
	/* Called once. OUTCOME_OK: a whole answer, of whatever status. OUTCOME_UNAVAILABLE: none, a log line has said why. */
	void (*answered)(struct outbound_question *question, enum outcome outcome);
	/* Valid during the call. */
	int status;
	struct slice content_type;
	struct slice answer;
	/* outbound's own */
	struct outbound_question *next;
	int64_t asked_at; /* monotonic */
};

/* Once, before any thread is started. */
enum outcome MUST_CHECK outbound_library_open(void);

/* `loop` NULL: questions go on during outbound_wait only. OUTCOME_INVALID: the URL is none of HTTP; a log line has said so. */
enum outcome MUST_CHECK outbound_create(
	struct outbound **created, struct loop *loop, const struct outbound_settings *settings);
/* Answers what is under way with OUTCOME_UNAVAILABLE. */
void outbound_destroy(struct outbound *outbound);

/* Asks; `answered` is called later, never from here. OUTCOME_BUSY: too many wait. */
enum outcome MUST_CHECK outbound_ask(struct outbound *outbound, struct outbound_question *question);

/* How many are under way or wait. */
size_t outbound_open(const struct outbound *outbound);

/* Only without a loop: goes on with the questions for about so long, or until one more is answered. */
void outbound_wait(struct outbound *outbound, int64_t milliseconds);

#endif
