#include "net/connection.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Of so many connections it matters whether their memory is given back. */
#define CROWD 256
#define CROWD_GONE_FOR MICROSECONDS

void connections_open(struct connections *connections, struct loop *loop, const int64_t lasts[PHASE_COUNT],
	void (*resume)(void *owner, struct connection *connection), void *owner)
{
	*connections = (struct connections){
		.loop = loop, .give_back_due = LOOP_NEVER, .resume = resume, .owner = owner
	};
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		connections->phases[phase].lasts = lasts[phase];
}

static void join(struct connection *connection, enum phase phase)
{
	struct phase_list *list = &connection->connections->phases[phase];
	connection->phase = phase;
	connection->due = loop_now(connection->connections->loop).monotonic + list->lasts;
	connection->previous = list->last;
	connection->next = NULL;
	if (list->last != NULL)
		list->last->next = connection;
	else
		list->first = connection;
	list->last = connection;
	list->count++;
}

static void leave(struct connection *connection)
{
	struct phase_list *list = &connection->connections->phases[connection->phase];
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		list->first = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	else
		list->last = connection->previous;
	list->count--;
}

struct connection *connection_add(struct connections *connections, void *transport, int fd)
{
	struct connection *connection = calloc(1, sizeof *connection);
	if (connection == NULL)
		return NULL;
	connection->connections = connections;
	connection->transport = transport;
	connection->fd = fd;
	if (++connections->count > connections->most)
		connections->most = connections->count;
	join(connection, PHASE_IDLE);
	return connection;
}

void connection_remove(struct connection *connection)
{
	leave(connection);
	connection->connections->count--;
	free(connection);
}

void connection_enter(struct connection *connection, enum phase phase)
{
	leave(connection);
	join(connection, phase);
}

void connection_shut(struct connection *connection)
{
	connection_enter(connection, PHASE_CLOSING);
	(void)shutdown(connection->fd, SHUT_RDWR);
}

void connections_give_back_memory(struct connections *connections)
{
	int64_t now = loop_now(connections->loop).monotonic;
	if (connections->most < CROWD || connections->count > connections->most / 4) {
		connections->give_back_due = LOOP_NEVER;
	} else if (connections->give_back_due == LOOP_NEVER) {
		connections->give_back_due = now + CROWD_GONE_FOR;
	} else if (connections->give_back_due <= now) {
		connections->most = connections->count;
		connections->give_back_due = LOOP_NEVER;
		(void)malloc_trim(0);
	}
}

int64_t connections_next_due(const struct connections *connections)
{
	int64_t due = connections->give_back_due;
	for (int phase = 0; phase < PHASE_CLOSING; phase++) {
		const struct connection *first = connections->phases[phase].first;
		if (first != NULL && first->due < due)
			due = first->due;
	}
	return due;
}
