/* A plain connection from inside, for the other files of store/ that do with it what is no single statement. */
#ifndef SHIKAKU_STORE_PLAIN_CONNECTION_H
#define SHIKAKU_STORE_PLAIN_CONNECTION_H

#include <libpq-fe.h>

#include "store/plain.h"

PGconn *plain_connection(struct plain *plain);
bool plain_is_interrupted(const struct plain *plain);

/* Takes the results of what was sent to the end, or until rows may be sent (COPY). As plain_run. */
enum outcome MUST_CHECK plain_settle(struct plain *plain);
/* Ends the connection, and with it whatever was begun on it. */
void plain_lose(struct plain *plain);

#endif
