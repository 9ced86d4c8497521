#include "store/lane.h"

#include <inttypes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/metrics.h"
#include "store/schema.h"

#define RETRY_FIRST (MICROSECONDS / 10)
#define RETRY_LONGEST (3 * MICROSECONDS)
#define CONNECT_LASTS (5 * MICROSECONDS)

static const char TROUBLE_AWAY[] = "The database cannot be reached.";
static const char TROUBLE_STARTING[] = "The database has not been asked yet.";

struct queue {
	struct lane_question *first;
	struct lane_question *last;
	size_t count;
};

/* One statement of the flight: a set of questions of one kind. */
struct group {
	const struct question_kind *kind;
	struct lane_question *questions[LANE_SET_MAX];
	size_t count;
	PGresult *result;
	bool failed;
};

struct lane {
	struct loop *loop;
	struct lane_settings settings;
	enum lane_state state;
	const char *trouble; /* a literal: it is shown to anybody */
	PGconn *connection;
	struct watch watch;
	bool watched;
	bool wants_write;
	struct timer retry;
	struct timer silence;
	int64_t retry_after;
	struct parameters parameters;
	struct queue queues[LANE_KINDS_MAX];
	size_t waiting;
	/* The flight: what was sent since the last sync. */
	struct group groups[LANE_KINDS_MAX];
	size_t group_count; /* 0: nothing is under way */
	size_t group_at;
	const char *session_trouble;
	char sqlstate[6]; /* of the first error since the last sync */
	struct metric *gauge_ready;
	struct metric *gauge_waiting;
	struct metric *counter_failures;
	struct histogram *set_sizes[LANE_KINDS_MAX];
};

static void connect_now(struct lane *lane);

static void push_last(struct queue *queue, struct lane_question *question)
{
	question->next = NULL;
	if (queue->last != NULL)
		queue->last->next = question;
	else
		queue->first = question;
	queue->last = question;
	queue->count++;
}

static void push_first(struct queue *queue, struct lane_question *question)
{
	question->next = queue->first;
	queue->first = question;
	if (queue->last == NULL)
		queue->last = question;
	queue->count++;
}

static struct lane_question *pop(struct queue *queue)
{
	struct lane_question *question = queue->first;
	if (question == NULL)
		return NULL;
	queue->first = question->next;
	if (queue->first == NULL)
		queue->last = NULL;
	queue->count--;
	question->next = NULL;
	return question;
}

static size_t queue_index(const struct lane *lane, const struct question_kind *kind)
{
	size_t i = 0;
	while (i < lane->settings.kind_count && lane->settings.kinds[i] != kind)
		i++;
	return i;
}

static void set_state(struct lane *lane, enum lane_state state, const char *trouble)
{
	lane->state = state;
	lane->trouble = trouble;
	metric_set(lane->gauge_ready, state == LANE_READY);
}

static void watch_connection(struct lane *lane, uint32_t events)
{
	int fd = PQsocket(lane->connection);
	/* While libpq tries one address after the other it closes sockets, and the next may have the number of the last. */
	if (lane->watched && (lane->watch.fd != fd || lane->state == LANE_CONNECTING)) {
		loop_unwatch(lane->loop, &lane->watch);
		lane->watched = false;
	}
	lane->watch.fd = fd;
	enum outcome outcome = lane->watched ? loop_rewatch(lane->loop, &lane->watch, events)
					     : loop_watch(lane->loop, &lane->watch, events);
	lane->watched = outcome == OUTCOME_OK;
	if (!lane->watched)
		log_line(LOG_LEVEL_ERROR, "store", "lane=%s its socket cannot be watched",
			lane->settings.name);
}

static void drop_results(struct group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		PQclear(groups[i].result);
		groups[i].result = NULL;
	}
}

static void answer(struct lane_question *question, enum outcome outcome)
{
	question->answered(question, outcome);
}

/* Answers the flight and the queues: the connection is gone. */
static void answer_all(struct lane *lane, enum outcome outcome)
{
	size_t groups = lane->group_count;
	lane->group_count = 0;
	drop_results(lane->groups, groups);
	for (size_t i = 0; i < groups; i++) {
		for (size_t k = 0; k < lane->groups[i].count; k++)
			answer(lane->groups[i].questions[k], outcome);
	}
	for (size_t i = 0; i < lane->settings.kind_count; i++) {
		struct lane_question *question = NULL;
		while ((question = pop(&lane->queues[i])) != NULL)
			answer(question, outcome);
	}
	lane->waiting = 0;
	metric_set(lane->gauge_waiting, 0);
}

static void close_connection(struct lane *lane)
{
	if (lane->watched)
		loop_unwatch(lane->loop, &lane->watch);
	lane->watched = false;
	loop_clear_timer(lane->loop, &lane->silence);
	PQfinish(lane->connection);
	lane->connection = NULL;
}

/* `words` say more, for the log alone: they may name hosts and roles, never values. */
static void give_up(struct lane *lane, const char *trouble, const char *words)
{
	if (lane->state == LANE_READY || lane->trouble != trouble)
		log_line(LOG_LEVEL_WARNING, "store", "lane=%s not ready: %s: %s", lane->settings.name,
			trouble, words);
	close_connection(lane);
	set_state(lane, LANE_DOWN, trouble);
	metric_add(lane->counter_failures, 1);
	/* Loops must not come back in step. */
	int64_t jitter =
		(int64_t)(((uintptr_t)lane / 64 + (uintptr_t)loop_now(lane->loop).monotonic) % 64) * 1000;
	loop_set_timer(lane->loop, &lane->retry, loop_now(lane->loop).monotonic + lane->retry_after + jitter);
	lane->retry_after = lane->retry_after * 2 > RETRY_LONGEST ? RETRY_LONGEST : lane->retry_after * 2;
	answer_all(lane, OUTCOME_UNAVAILABLE);
}

static void lose_connection(struct lane *lane)
{
	give_up(lane, TROUBLE_AWAY,
		lane->connection == NULL ? "no memory" : PQerrorMessage(lane->connection));
}

static void retry_expired(void *owner)
{
	connect_now(owner);
}

static void silence_expired(void *owner)
{
	struct lane *lane = owner;
	give_up(lane, TROUBLE_AWAY, "no answer in time");
}

static void flush(struct lane *lane)
{
	int left = PQflush(lane->connection);
	if (left < 0) {
		lose_connection(lane);
		return;
	}
	bool wants_write = left > 0;
	if (wants_write != lane->wants_write)
		watch_connection(lane, wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
	lane->wants_write = wants_write;
}

static void begin_preparing(struct lane *lane)
{
	char timeout[24];
	(void)snprintf(timeout, sizeof timeout, "%" PRId64, lane->settings.statement_timeout_ms);
	const char *values[2] = { timeout, lane->settings.point_look_ups ? "off" : "on" };
	bool sent = PQsetnonblocking(lane->connection, 1) == 0 &&
		    PQenterPipelineMode(lane->connection) == 1 &&
		    PQsendQueryParams(lane->connection, statements[STATEMENT_OPEN_SESSION].text, 2, NULL,
			    values, NULL, NULL, 1) == 1;
	for (size_t i = 0; sent && i < lane->settings.kind_count; i++) {
		const struct statement *statement = &statements[lane->settings.kinds[i]->statement];
		sent = PQsendPrepare(lane->connection, statement->name, statement->text, 0, NULL) == 1;
	}
	if (!sent || PQpipelineSync(lane->connection) != 1) {
		lose_connection(lane);
		return;
	}
	set_state(lane, LANE_PREPARING, lane->trouble);
	lane->sqlstate[0] = '\0';
	lane->session_trouble = NULL;
	lane->group_at = 0;
	lane->wants_write = false;
	watch_connection(lane, EPOLLIN);
	flush(lane);
}

static void poll_connecting(struct lane *lane)
{
	switch (PQconnectPoll(lane->connection)) {
	case PGRES_POLLING_READING:
		watch_connection(lane, EPOLLIN);
		return;
	case PGRES_POLLING_WRITING:
		watch_connection(lane, EPOLLOUT);
		return;
	case PGRES_POLLING_OK:
		begin_preparing(lane);
		return;
	default:
		lose_connection(lane);
		return;
	}
}

static void connect_now(struct lane *lane)
{
	char application[64];
	(void)snprintf(application, sizeof application, "shikakud %s", lane->settings.name);
	const char *const keys[] = { "dbname", "fallback_application_name", "client_encoding", NULL };
	const char *const values[] = { lane->settings.url, application, "UTF8", NULL };
	lane->connection = PQconnectStartParams(keys, values, 1);
	if (lane->connection == NULL || PQstatus(lane->connection) == CONNECTION_BAD) {
		lose_connection(lane);
		return;
	}
	/* Keep what it says now: it is the reason until something better is known. */
	lane->state = LANE_CONNECTING;
	loop_set_timer(lane->loop, &lane->silence, loop_now(lane->loop).monotonic + CONNECT_LASTS);
	watch_connection(lane, EPOLLOUT);
}

static void note_error(struct lane *lane, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (lane->sqlstate[0] == '\0')
		(void)snprintf(lane->sqlstate, sizeof lane->sqlstate, "%s", state == NULL ? "XX000" : state);
}

static void take_session(struct lane *lane, const PGresult *result)
{
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		return;
	const struct row row = { .result = result, .number = 0 };
	lane->session_trouble = PQntuples(result) == 1 ? schema_trouble(&row) : TROUBLE_NO_SCHEMA;
	if (lane->session_trouble == NULL && lane->settings.opened != NULL)
		lane->settings.opened(lane->settings.context, &row);
}

static void finish_preparing(struct lane *lane)
{
	loop_clear_timer(lane->loop, &lane->silence);
	bool no_schema = strcmp(lane->sqlstate, "42P01") == 0 || strcmp(lane->sqlstate, "3F000") == 0;
	if (lane->session_trouble != NULL) {
		give_up(lane, lane->session_trouble, "asked again later");
	} else if (lane->sqlstate[0] != '\0') {
		give_up(lane, no_schema ? TROUBLE_NO_SCHEMA : TROUBLE_OTHER_SCHEMA, lane->sqlstate);
	} else {
		lane->retry_after = RETRY_FIRST;
		set_state(lane, LANE_READY, "");
		log_line(LOG_LEVEL_INFO, "store", "lane=%s ready", lane->settings.name);
	}
}

static enum outcome outcome_of(const char *sqlstate)
{
	if (strncmp(sqlstate, "23", 2) == 0)
		return OUTCOME_CONFLICT;
	return OUTCOME_UNAVAILABLE;
}

/* Errors after which this connection is of no use: it became read-only (a failover), its plans are void, or it is ending. */
static bool ends_connection(const char *sqlstate)
{
	return strcmp(sqlstate, "25006") == 0 || strcmp(sqlstate, "0A000") == 0 ||
	       strncmp(sqlstate, "57P", 3) == 0 || strncmp(sqlstate, "08", 2) == 0;
}

/* What one question cannot take is its own trouble, not its neighbours'. */
static void hand_out_rows(const struct group *group)
{
	if (group->kind->take_row == NULL)
		return;
	int rows = PQntuples(group->result);
	for (int i = 0; i < rows; i++) {
		const struct row row = { .result = group->result, .number = i };
		int64_t ordinal = row_integer(&row, 0);
		if (ordinal < 1 || (size_t)ordinal > group->count)
			continue;
		struct lane_question *question = group->questions[ordinal - 1];
		if (question->outcome == OUTCOME_OK)
			question->outcome = group->kind->take_row(question, &row);
	}
}

static void answer_group(struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		group->questions[i]->outcome = OUTCOME_OK;
	hand_out_rows(group);
	if (group->kind->stored != NULL)
		group->kind->stored(group->kind->context);
	for (size_t i = 0; i < group->count; i++)
		answer(group->questions[i], group->questions[i]->outcome);
	PQclear(group->result);
	group->result = NULL;
}

/* Too slow, or waiting for a lock: asked again one by one it would only hold up the others for longer. */
static bool is_slowness(const char *sqlstate)
{
	return strcmp(sqlstate, "57014") == 0 || strcmp(sqlstate, "55P03") == 0;
}

/* Everything since the last sync was rolled back. Reads are asked again one by one; of writes only those are asked again
 * which failed for a neighbour's sake. */
static void ask_again(struct lane *lane, struct group *groups, size_t count, enum outcome outcome)
{
	bool slow = is_slowness(lane->sqlstate);
	size_t questions = 0;
	for (size_t i = 0; i < count; i++)
		questions += groups[i].count;
	for (size_t i = 0; i < count; i++) {
		struct group *group = &groups[i];
		struct queue *queue = &lane->queues[queue_index(lane, group->kind)];
		bool again = questions > 1 && !(slow && group->failed) &&
			     (group->kind->retry_alone || (count > 1 && !group->failed));
		for (size_t k = group->count; k-- > 0;) {
			struct lane_question *question = group->questions[k];
			if (!again) {
				answer(question, outcome);
				continue;
			}
			question->alone = true;
			push_first(queue, question);
			lane->waiting++;
		}
	}
}

static void finish_flight(struct lane *lane)
{
	/* Answering may ask again: the flight is over before it begins to. */
	size_t count = lane->group_count;
	lane->group_count = 0;
	loop_clear_timer(lane->loop, &lane->silence);
	if (lane->sqlstate[0] == '\0') {
		for (size_t i = 0; i < count; i++)
			answer_group(&lane->groups[i]);
		return;
	}
	log_line(LOG_LEVEL_WARNING, "store", "lane=%s a set failed: SQLSTATE %s", lane->settings.name,
		lane->sqlstate);
	metric_add(lane->counter_failures, 1);
	drop_results(lane->groups, count);
	ask_again(lane, lane->groups, count, outcome_of(lane->sqlstate));
	if (ends_connection(lane->sqlstate))
		give_up(lane, strcmp(lane->sqlstate, "25006") == 0 ? TROUBLE_READ_ONLY : TROUBLE_AWAY,
			lane->sqlstate);
}

static void take_result(struct lane *lane, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
		note_error(lane, result);
	if (lane->state == LANE_PREPARING) {
		take_session(lane, result);
		PQclear(result);
		return;
	}
	if (lane->group_at >= lane->group_count) {
		PQclear(result);
		return;
	}
	struct group *group = &lane->groups[lane->group_at];
	group->failed = status == PGRES_FATAL_ERROR;
	PQclear(group->result);
	group->result = result;
}

/* A NULL result ends the results of one statement. An idle connection gives NULL for ever, so they are counted; a COMMIT
 * that fails adds one more. */
static bool take_end_of_statement(struct lane *lane)
{
	size_t expected = lane->state == LANE_PREPARING ? lane->settings.kind_count + 1 : lane->group_count;
	return lane->group_at++ <= expected;
}

static void read_results(struct lane *lane)
{
	if (PQconsumeInput(lane->connection) != 1) {
		lose_connection(lane);
		return;
	}
	while (PQisBusy(lane->connection) == 0) {
		PGresult *result = PQgetResult(lane->connection);
		if (result == NULL) {
			if (!take_end_of_statement(lane))
				return;
			continue;
		}
		if (PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
			take_result(lane, result);
			continue;
		}
		PQclear(result);
		if (lane->state == LANE_PREPARING)
			finish_preparing(lane);
		else
			finish_flight(lane);
		return;
	}
}

static void socket_ready(void *owner, uint32_t events)
{
	struct lane *lane = owner;
	if (lane->state == LANE_CONNECTING) {
		poll_connecting(lane);
		return;
	}
	if ((events & EPOLLOUT) != 0)
		flush(lane);
	if (lane->connection != NULL && (events & ~(uint32_t)EPOLLOUT) != 0)
		read_results(lane);
}

static void fill_group(struct lane *lane, size_t index)
{
	struct group *group = &lane->groups[lane->group_count++];
	struct queue *queue = &lane->queues[index];
	bool alone = queue->first->alone;
	*group = (struct group){ .kind = lane->settings.kinds[index] };
	while (queue->first != NULL && group->count < LANE_SET_MAX && queue->first->alone == alone) {
		group->questions[group->count++] = pop(queue);
		if (alone && group->kind->retry_alone)
			break;
	}
	lane->waiting -= group->count;
	histogram_add(lane->set_sizes[index], (int64_t)group->count);
}

/* One set a kind; what failed in company goes in a sync of its own. */
static void fill_groups(struct lane *lane)
{
	for (size_t i = 0; i < lane->settings.kind_count; i++) {
		if (lane->queues[i].first != NULL && lane->queues[i].first->alone) {
			fill_group(lane, i);
			return;
		}
	}
	for (size_t i = 0; i < lane->settings.kind_count; i++) {
		if (lane->queues[i].first != NULL)
			fill_group(lane, i);
	}
}

static bool send_group(struct lane *lane, struct group *group)
{
	const struct statement *statement = &statements[group->kind->statement];
	struct parameters *parameters = &lane->parameters;
	parameters_reset(parameters);
	group->kind->bind(parameters, group->questions, group->count, group->kind->context);
	if (!parameters_ok(parameters) || parameters->count != statement->parameters)
		return false;
	return PQsendQueryPrepared(lane->connection, statement->name, parameters->count, parameters->values,
		       parameters->lengths, parameters->formats, 1) == 1;
}

void lane_send(struct lane *lane)
{
	if (lane->state != LANE_READY || lane->group_count > 0 || lane->waiting == 0)
		return;
	lane->group_at = 0;
	lane->sqlstate[0] = '\0';
	fill_groups(lane);
	bool sent = true;
	for (size_t i = 0; i < lane->group_count && sent; i++)
		sent = send_group(lane, &lane->groups[i]);
	metric_set(lane->gauge_waiting, (int64_t)lane->waiting);
	if (!sent || PQpipelineSync(lane->connection) != 1) {
		lose_connection(lane);
		return;
	}
	loop_set_timer(lane->loop, &lane->silence, loop_now(lane->loop).monotonic + lane->settings.silence);
	flush(lane);
}

enum outcome lane_ask(struct lane *lane, struct lane_question *question)
{
	if (lane->state != LANE_READY)
		return OUTCOME_UNAVAILABLE;
	struct queue *queue = &lane->queues[queue_index(lane, question->kind)];
	/* A kind's bound is its own: look-ups that wait must not refuse the record of one that is done. */
	if (queue->count >= lane->settings.queue_max)
		return OUTCOME_BUSY;
	question->alone = false;
	push_last(queue, question);
	lane->waiting++;
	return OUTCOME_OK;
}

static void register_metrics(struct lane *lane)
{
	char labels[128];
	(void)snprintf(labels, sizeof labels, "lane=\"%s\"", lane->settings.name);
	lane->gauge_ready =
		metrics_gauge("shikaku_lane_ready", "Database connections that are ready.", labels);
	lane->gauge_waiting =
		metrics_gauge("shikaku_lane_waiting", "Questions that wait for a connection.", labels);
	lane->counter_failures = metrics_counter(
		"shikaku_lane_failures_total", "Sets that failed and connections that were lost.", labels);
	for (size_t i = 0; i < lane->settings.kind_count; i++) {
		(void)snprintf(labels, sizeof labels, "statement=\"%s\"",
			statements[lane->settings.kinds[i]->statement].name);
		lane->set_sizes[i] = metrics_histogram(
			HISTOGRAM_SIZE, "shikaku_set_size", "Questions that went in one statement.", labels);
	}
}

enum outcome lane_create(struct lane **created, struct loop *loop, const struct lane_settings *settings)
{
	*created = NULL;
	struct lane *lane = calloc(1, sizeof *lane);
	if (lane == NULL)
		return OUTCOME_NO_MEMORY;
	lane->loop = loop;
	lane->settings = *settings;
	lane->retry_after = RETRY_FIRST;
	lane->watch = (struct watch){ .fd = -1, .ready = socket_ready, .owner = lane };
	lane->retry = (struct timer){ .expired = retry_expired, .owner = lane };
	lane->silence = (struct timer){ .expired = silence_expired, .owner = lane };
	parameters_open(&lane->parameters);
	register_metrics(lane);
	set_state(lane, LANE_DOWN, TROUBLE_STARTING);
	loop_set_timer(loop, &lane->retry, 0);
	*created = lane;
	return OUTCOME_OK;
}

void lane_give_up(struct lane *lane, const char *trouble)
{
	if (lane->state == LANE_READY)
		give_up(lane, trouble, "found while connected");
}

void lane_destroy(struct lane *lane)
{
	if (lane == NULL)
		return;
	loop_clear_timer(lane->loop, &lane->retry);
	close_connection(lane);
	set_state(lane, LANE_DOWN, TROUBLE_STARTING);
	answer_all(lane, OUTCOME_UNAVAILABLE);
	parameters_close(&lane->parameters);
	free(lane);
}

enum lane_state lane_state(const struct lane *lane)
{
	return lane->state;
}

const char *lane_trouble(const struct lane *lane)
{
	return lane->state == LANE_READY ? "" : lane->trouble;
}
