/* The client connections of one loop. Each is on exactly one list, by what it is doing, and that says how long it may: deadlines
 * are absolute, so that one byte a second prolongs nothing. Bodies and answers of any size, which stream, are bounded piece by piece
 * instead. */
#ifndef SHIKAKU_NET_CONNECTION_H
#define SHIKAKU_NET_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

enum phase {
	PHASE_IDLE, /* from accept, or the last answer, to the end of a header */
	PHASE_BODY, /* to the end of the body */
	PHASE_STREAMING, /* to the next piece of a body that goes to a sink */
	PHASE_HELD, /* suspended, until its sink or its source goes on; they bound that */
	PHASE_WAITING, /* until the application answers */
	PHASE_SENDING, /* to the answer's last byte */
	PHASE_FLOWING, /* to the next piece of an answer that comes from a source */
	PHASE_CLOSING, /* shut down; whoever owns the descriptor will notice */
	PHASE_COUNT,
};

struct connections;
struct request;

struct connection {
	struct connections *connections;
	void *transport; /* the HTTP library's own */
	int fd;
	enum phase phase;
	int64_t due; /* monotonic */
	bool served; /* it has had an answer */
	bool beyond_limit;
	struct request *request;
	struct connection *previous;
	struct connection *next;
};

/* Every phase lasts equally long for all, so the first of a list is the first to expire. */
struct phase_list {
	int64_t lasts; /* microseconds */
	struct connection *first;
	struct connection *last;
	size_t count;
};

struct connections {
	struct loop *loop;
	struct phase_list phases[PHASE_COUNT];
	size_t count;
	size_t most; /* since memory was last given back */
	int64_t give_back_due;
	/* Lets a waiting connection go on: its request was answered. */
	void (*resume)(void *owner, struct connection *connection);
	void *owner;
};

void connections_open(struct connections *connections, struct loop *loop, const int64_t lasts[PHASE_COUNT],
	void (*resume)(void *owner, struct connection *connection), void *owner);

/* A new one, idle. NULL when memory is short. */
struct connection *connection_add(struct connections *connections, void *transport, int fd);
/* Takes it off its list and frees it. */
void connection_remove(struct connection *connection);

/* Moves it to the end of another list, with a new deadline. */
void connection_enter(struct connection *connection, enum phase phase);

/* Shuts its socket down; the descriptor stays its owner's. */
void connection_shut(struct connection *connection);

/* A crowd that leaves frees its memory between pieces that stay, where malloc would keep it for ever: gives free pages back once most
 * of a crowd has been gone for a second. To be called every turn. */
void connections_give_back_memory(struct connections *connections);

/* When the first one expires, or memory is to be given back; LOOP_NEVER when nothing is due. */
int64_t connections_next_due(const struct connections *connections);

#endif
