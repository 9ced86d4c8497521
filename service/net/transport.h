/* What the files that know libmicrohttpd share: http.c its life on a loop, conversation.c the way of one request through it, reply.c
 * the answers. Nobody else includes this. */
#ifndef SHIKAKU_NET_TRANSPORT_H
#define SHIKAKU_NET_TRANSPORT_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/connection.h"
#include "net/http.h"

#if MHD_VERSION < 0x00097002
#define MHD_Result int
#endif

struct http {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct watch watch;
	struct turn_step step;
	struct http_limits limits;
	struct http_application application;
	struct connections connections;
	int64_t mhd_due;
	bool ready; /* MHD's epoll descriptor fired */
	bool resumed; /* a connection was resumed since MHD last ran */
	/* One was closed since then. Where descriptors had run out MHD listens again, but only when it runs the next time, for which it
	 * does not ask. */
	bool closed;
	size_t body_bytes; /* of all bodies that are held */
	bool draining;
	bool stopped; /* nothing is begun any more: what would serve it is going */
};

/* Call-backs of libmicrohttpd; `owner` is the http (conversation.c). */
void *target_call(void *owner, const char *target, struct MHD_Connection *mhd);
enum MHD_Result answer_call(void *owner, struct MHD_Connection *mhd, const char *path, const char *method,
	const char *version, const char *piece, size_t *size, void **slot);
void completed_call(
	void *owner, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode reason);
void connection_call(
	void *owner, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode code);

/* Has the request refused by the application, and its connection closed after that. */
void refuse(struct request *request, enum http_refusal refusal, const char *detail);

/* Hands the answer to libmicrohttpd, which takes it before the body has begun or behind its end. */
enum MHD_Result send_response(struct MHD_Connection *mhd, struct request *request);

/* Tells the body's sink, if there is one that does not know it yet, that no more comes. */
void end_sink(struct request *request, bool complete);

/* Writes the answer while the body still comes, which libmicrohttpd does not do. The rest of the body is thrown away until the client
 * has read the answer and leaves, or its time is over: who closes with something unread resets the connection, and the answer may be
 * lost. False: it could not be written. */
bool send_response_early(struct request *request);

/* Waits, suspended, until the body's sink has room or the answer's source has something. */
void hold(struct connection *connection);

#endif
