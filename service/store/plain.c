#include "store/plain.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/plain_connection.h"
#include "store/schema.h"

#define PARAMETERS_OF_A_STATEMENT 16
#define CONNECT_SECONDS "5"
/* How often is asked whether to stop. */
#define WAIT_MS 100
/* After that a server that does not even end a cancelled statement is given up. */
#define CANCEL_LASTS (3 * MICROSECONDS)
#define PROGRESS_WORD "progress "

struct plain {
	struct plain_settings settings;
	PGconn *connection;
};

/* Notices may show rows: nothing of them but the progress is looked at. */
static void take_notice(void *owner, const PGresult *result)
{
	const struct plain *plain = owner;
	const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (words == NULL || plain->settings.progress == NULL ||
		strncmp(words, PROGRESS_WORD, sizeof PROGRESS_WORD - 1) != 0)
		return;
	long percent = strtol(words + sizeof PROGRESS_WORD - 1, NULL, 10);
	if (percent >= 0 && percent <= 100)
		plain->settings.progress(plain->settings.owner, (int)percent);
}

static enum outcome outcome_of_state(const char *state)
{
	if (state == NULL)
		return OUTCOME_UNAVAILABLE;
	if (strcmp(state, "57014") == 0)
		return OUTCOME_LATE;
	if (strncmp(state, "23", 2) == 0)
		return OUTCOME_CONFLICT;
	if (strncmp(state, "40", 2) == 0 || strcmp(state, "55P03") == 0)
		return OUTCOME_BUSY;
	static const char *const away[] = { "08", "53", "57", "58", "25006" };
	for (size_t i = 0; i < sizeof away / sizeof *away; i++) {
		if (strncmp(state, away[i], strlen(away[i])) == 0)
			return OUTCOME_UNAVAILABLE;
	}
	return OUTCOME_INTERNAL;
}

static enum outcome outcome_of_result(const struct plain *plain, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	enum outcome outcome = outcome_of_state(state);
	if (outcome != OUTCOME_LATE)
		log_line(LOG_LEVEL_WARNING, "store", "connection=%s a statement failed: SQLSTATE %s %s",
			plain->settings.name, state == NULL ? "none" : state,
			constraint == NULL ? "" : constraint);
	return outcome;
}

static void cancel(struct plain *plain)
{
	char words[256];
	PGcancel *cancelling = PQgetCancel(plain->connection);
	if (cancelling != NULL && PQcancel(cancelling, words, sizeof words) != 1)
		log_line(LOG_LEVEL_WARNING, "store", "connection=%s could not cancel", plain->settings.name);
	PQfreeCancel(cancelling);
}

static bool is_interrupted(const struct plain *plain)
{
	return plain->settings.interrupted != NULL && plain->settings.interrupted(plain->settings.owner);
}

/* Waits until a result can be had without waiting. False: there will be none. */
static bool wait_for_result(struct plain *plain, int64_t limit_ms)
{
	int64_t begun = clock_read().monotonic;
	int64_t cancelled_at = 0;
	while (PQisBusy(plain->connection) != 0) {
		struct pollfd waited = { .fd = PQsocket(plain->connection), .events = POLLIN };
		int ready = poll(&waited, 1, WAIT_MS);
		if (ready > 0 && PQconsumeInput(plain->connection) != 1)
			return false;
		int64_t now = clock_read().monotonic;
		bool late = limit_ms > 0 && now - begun > limit_ms * 1000;
		if (cancelled_at == 0 && (late || is_interrupted(plain))) {
			cancel(plain);
			cancelled_at = clock_read().monotonic;
		}
		if (cancelled_at != 0 && now - cancelled_at > CANCEL_LASTS)
			return false;
	}
	return true;
}

static void lose(struct plain *plain)
{
	log_line(LOG_LEVEL_WARNING, "store", "connection=%s is lost", plain->settings.name);
	PQfinish(plain->connection);
	plain->connection = NULL;
}

static enum outcome send(struct plain *plain, enum statement_id statement,
	const struct command_parameter parameters[], int count)
{
	const char *values[PARAMETERS_OF_A_STATEMENT];
	int lengths[PARAMETERS_OF_A_STATEMENT];
	int formats[PARAMETERS_OF_A_STATEMENT];
	if (count > PARAMETERS_OF_A_STATEMENT)
		return OUTCOME_INTERNAL;
	for (int i = 0; i < count; i++) {
		bool binary = parameters[i].bytes != NULL;
		values[i] = binary ? (const char *)parameters[i].bytes : parameters[i].text;
		lengths[i] = (int)parameters[i].length;
		formats[i] = binary ? 1 : 0;
	}
	return PQsendQueryParams(plain->connection, statements[statement].text, count, NULL, values, lengths,
		       formats, 1) == 1
		       ? OUTCOME_OK
		       : OUTCOME_UNAVAILABLE;
}

static enum outcome take_rows(const struct plain *plain, const PGresult *result,
	void (*take)(void *owner, const struct row *row), void *owner)
{
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		return outcome_of_result(plain, result);
	for (int i = 0; take != NULL && i < PQntuples(result); i++) {
		const struct row row = { .result = result, .number = i };
		take(owner, &row);
	}
	return OUTCOME_OK;
}

enum outcome plain_run(struct plain *plain, enum statement_id statement,
	const struct command_parameter parameters[], int count, int64_t limit_ms,
	void (*take)(void *owner, const struct row *row), void *owner)
{
	if (!plain_usable(plain))
		return OUTCOME_UNAVAILABLE;
	enum outcome outcome = send(plain, statement, parameters, count);
	for (bool more = outcome == OUTCOME_OK; more;) {
		PGresult *result = NULL;
		if (!wait_for_result(plain, limit_ms)) {
			outcome = OUTCOME_UNAVAILABLE;
			break;
		}
		result = PQgetResult(plain->connection);
		more = result != NULL;
		if (more && outcome == OUTCOME_OK)
			outcome = take_rows(plain, result, take, owner);
		PQclear(result);
	}
	if (outcome == OUTCOME_UNAVAILABLE || PQstatus(plain->connection) != CONNECTION_OK) {
		lose(plain);
		return OUTCOME_UNAVAILABLE;
	}
	return outcome;
}

bool plain_usable(const struct plain *plain)
{
	return plain != NULL && plain->connection != NULL;
}

struct schema_found {
	bool any;
	const char *trouble;
};

static void take_schema(void *owner, const struct row *row)
{
	struct schema_found *found = owner;
	found->any = true;
	found->trouble = schema_trouble(row);
}

/* A server that went away without a word is noticed within half a minute. */
static PGconn *connect_plain(const struct plain_settings *settings)
{
	char application[64];
	(void)snprintf(application, sizeof application, "shikakud %s", settings->name);
	const char *const keys[] = { "dbname", "fallback_application_name", "client_encoding",
		"connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
		"tcp_user_timeout", NULL };
	const char *const values[] = { settings->url, application, "UTF8", CONNECT_SECONDS, "10", "5", "3",
		"25000", NULL };
	return PQconnectdbParams(keys, values, 1);
}

enum outcome plain_open(struct plain **opened, const struct plain_settings *settings)
{
	struct schema_found found = { .any = false };
	*opened = NULL;
	struct plain *plain = calloc(1, sizeof *plain);
	if (plain == NULL)
		return OUTCOME_NO_MEMORY;
	plain->settings = *settings;
	plain->connection = connect_plain(settings);
	if (plain->connection == NULL || PQstatus(plain->connection) != CONNECTION_OK) {
		log_line(LOG_LEVEL_WARNING, "store", "connection=%s not ready: %s", settings->name,
			plain->connection == NULL ? "no memory" : PQerrorMessage(plain->connection));
		plain_close(plain);
		return OUTCOME_UNAVAILABLE;
	}
	PQsetNoticeReceiver(plain->connection, take_notice, plain);
	enum outcome outcome =
		plain_run(plain, STATEMENT_OPEN_JOB_SESSION, NULL, 0, 5000, take_schema, &found);
	if (outcome == OUTCOME_OK && (!found.any || found.trouble != NULL)) {
		log_line(LOG_LEVEL_WARNING, "store", "connection=%s not ready: %s", settings->name,
			found.any ? found.trouble : TROUBLE_NO_SCHEMA);
		outcome = OUTCOME_UNAVAILABLE;
	}
	if (outcome != OUTCOME_OK) {
		plain_close(plain);
		return OUTCOME_UNAVAILABLE;
	}
	*opened = plain;
	return OUTCOME_OK;
}

void plain_close(struct plain *plain)
{
	if (plain == NULL)
		return;
	PQfinish(plain->connection);
	free(plain);
}

bool plain_is_interrupted(const struct plain *plain)
{
	return is_interrupted(plain);
}

PGconn *plain_connection(struct plain *plain)
{
	return plain->connection;
}

enum outcome plain_settle(struct plain *plain)
{
	enum outcome outcome = OUTCOME_OK;
	for (bool more = true; more;) {
		if (!wait_for_result(plain, 0)) {
			lose(plain);
			return OUTCOME_UNAVAILABLE;
		}
		PGresult *result = PQgetResult(plain->connection);
		more = result != NULL && PQresultStatus(result) != PGRES_COPY_IN;
		if (result != NULL && outcome == OUTCOME_OK && PQresultStatus(result) != PGRES_COPY_IN)
			outcome = take_rows(plain, result, NULL, NULL);
		PQclear(result);
	}
	if (PQstatus(plain->connection) != CONNECTION_OK) {
		lose(plain);
		return OUTCOME_UNAVAILABLE;
	}
	return outcome;
}

void plain_lose(struct plain *plain)
{
	if (plain->connection != NULL)
		PQfinish(plain->connection);
	plain->connection = NULL;
}
