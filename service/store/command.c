#include "store/command.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"

#define COLUMNS_MAX 16

static enum outcome outcome_of(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	log_line(LOG_LEVEL_ERROR, "store", "the database refused: %s (SQLSTATE %s)",
		words == NULL ? "no reason given" : words, state == NULL ? "unknown" : state);
	return state != NULL && strncmp(state, "23", 2) == 0 ? OUTCOME_CONFLICT : OUTCOME_UNAVAILABLE;
}

static void hand_out(const PGresult *result, void (*row)(void *, const char *const[], int), void *owner)
{
	const char *columns[COLUMNS_MAX];
	int count = PQnfields(result) < COLUMNS_MAX ? PQnfields(result) : COLUMNS_MAX;
	for (int i = 0; i < PQntuples(result); i++) {
		for (int column = 0; column < count; column++)
			columns[column] = PQgetvalue(result, i, column);
		row(owner, columns, count);
	}
}

/* NULL: a log line has said why. */
static PGconn *connect_for_command(const char *url)
{
	const char *const keys[] = { "dbname", "fallback_application_name", "connect_timeout", NULL };
	const char *const settings[] = { url, "shikakud command", "10", NULL };
	PGconn *connection = PQconnectdbParams(keys, settings, 1);
	if (connection == NULL || PQstatus(connection) != CONNECTION_OK) {
		log_line(LOG_LEVEL_ERROR, "store", "no connection: %s",
			connection == NULL ? "no memory" : PQerrorMessage(connection));
		PQfinish(connection);
		return NULL;
	}
	/* The role's own limit is for loops; who waits at a terminal may wait for a comparison of forty million rows. */
	PQclear(PQexec(connection, "SET statement_timeout = 0"));
	return connection;
}

enum outcome command_run(const char *url, enum statement_id statement,
	const struct command_parameter parameters[], int count,
	void (*row)(void *owner, const char *const columns[], int column_count), void *owner)
{
	const char *values[COLUMNS_MAX];
	int lengths[COLUMNS_MAX];
	int formats[COLUMNS_MAX];
	PGconn *connection = connect_for_command(url);
	if (connection == NULL)
		return OUTCOME_UNAVAILABLE;
	for (int i = 0; i < count && i < COLUMNS_MAX; i++) {
		bool binary = parameters[i].bytes != NULL;
		values[i] = binary ? (const char *)parameters[i].bytes : parameters[i].text;
		lengths[i] = (int)parameters[i].length;
		formats[i] = binary ? 1 : 0;
	}
	PGresult *result = PQexecParams(
		connection, statements[statement].text, count, NULL, values, lengths, formats, 0);
	ExecStatusType status = PQresultStatus(result);
	enum outcome outcome =
		status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? OUTCOME_OK : outcome_of(result);
	if (outcome == OUTCOME_OK && row != NULL)
		hand_out(result, row, owner);
	PQclear(result);
	PQfinish(connection);
	return outcome;
}

enum outcome command_read(const char *url, enum statement_id statement,
	void (*take)(void *owner, const struct row *row), void *owner)
{
	PGconn *connection = connect_for_command(url);
	if (connection == NULL)
		return OUTCOME_UNAVAILABLE;
	/* More rows than fit into memory. */
	bool asked = PQsendQueryParams(
			     connection, statements[statement].text, 0, NULL, NULL, NULL, NULL, 1) == 1 &&
		     PQsetSingleRowMode(connection) == 1;
	enum outcome outcome = OUTCOME_UNAVAILABLE;
	PGresult *result = NULL;
	if (!asked)
		log_line(LOG_LEVEL_ERROR, "store", "not asked: %s", PQerrorMessage(connection));
	while (asked && (result = PQgetResult(connection)) != NULL) {
		const struct row row = { .result = result, .number = 0 };
		ExecStatusType status = PQresultStatus(result);
		if (status == PGRES_SINGLE_TUPLE)
			take(owner, &row);
		else
			outcome = status == PGRES_TUPLES_OK ? OUTCOME_OK : outcome_of(result);
		PQclear(result);
	}
	PQfinish(connection);
	return outcome;
}
