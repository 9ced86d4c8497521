#include "store/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "store/schema.h"
#include "store/session.h"

_Static_assert(LANE_KINDS_MAX <= SESSION_STATEMENTS_MAX, "a lane's statements are its session's");

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
	struct lane_settings settings;
	struct session session;
	struct parameters parameters;
	struct queue queues[LANE_KINDS_MAX];
	size_t waiting;
	/* The flight: what was sent since the last sync. */
	struct group groups[LANE_KINDS_MAX];
	size_t group_count; /* 0: nothing is under way */
	size_t group_at;
	bool own_sync_last; /* the flight before was of a kind with a sync of its own: now the others' turn */
	char sqlstate[6]; /* of the first error since the last sync */
	struct metric *gauge_waiting;
	struct histogram *set_sizes[LANE_KINDS_MAX];
};

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

#define NOT_KNOWN "08000"

static void note_error(struct lane *lane, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	/* An error of libpq's own, as for want of memory: what the database did is not known, so the connection has to end, and with
	 * it its chain of records. */
	if (lane->sqlstate[0] == '\0')
		(void)snprintf(
			lane->sqlstate, sizeof lane->sqlstate, "%s", state == NULL ? NOT_KNOWN : state);
}

#define LOCK_NOT_AVAILABLE "55P03"

static enum outcome outcome_of(const char *sqlstate)
{
	if (strncmp(sqlstate, "23", 2) == 0)
		return OUTCOME_CONFLICT;
	if (strcmp(sqlstate, LOCK_NOT_AVAILABLE) == 0)
		return OUTCOME_BUSY;
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
	return strcmp(sqlstate, "57014") == 0 || strcmp(sqlstate, LOCK_NOT_AVAILABLE) == 0;
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
	session_satisfied(&lane->session);
	if (lane->sqlstate[0] == '\0') {
		for (size_t i = 0; i < count; i++)
			answer_group(&lane->groups[i]);
		return;
	}
	log_line(LOG_LEVEL_WARNING, "store", "lane=%s a set failed: SQLSTATE %s", lane->settings.name,
		lane->sqlstate);
	metric_add(lane->session.counter_failures, 1);
	drop_results(lane->groups, count);
	ask_again(lane, lane->groups, count, outcome_of(lane->sqlstate));
	if (ends_connection(lane->sqlstate))
		session_give_up(&lane->session,
			strcmp(lane->sqlstate, "25006") == 0 ? TROUBLE_READ_ONLY : TROUBLE_AWAY,
			lane->sqlstate);
}

static void take_result(struct lane *lane, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
		note_error(lane, result);
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
	return lane->group_at++ <= lane->group_count;
}

static void read_results(void *owner)
{
	struct lane *lane = owner;
	while (PQisBusy(lane->session.connection) == 0) {
		PGresult *result = PQgetResult(lane->session.connection);
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
		finish_flight(lane);
		return;
	}
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

static bool fill_own_sync(struct lane *lane)
{
	for (size_t i = 0; i < lane->settings.kind_count; i++) {
		if (lane->queues[i].first != NULL && lane->settings.kinds[i]->own_sync) {
			fill_group(lane, i);
			return true;
		}
	}
	return false;
}

/* One set a kind; what failed in company goes in a sync of its own, and so does what holds locks that others may wait for: these
 * and the rest take turns. */
static void fill_groups(struct lane *lane)
{
	for (size_t i = 0; i < lane->settings.kind_count; i++) {
		if (lane->queues[i].first != NULL && lane->queues[i].first->alone) {
			fill_group(lane, i);
			return;
		}
	}
	lane->own_sync_last = !lane->own_sync_last && fill_own_sync(lane);
	if (lane->own_sync_last)
		return;
	for (size_t i = 0; i < lane->settings.kind_count; i++) {
		if (lane->queues[i].first != NULL && !lane->settings.kinds[i]->own_sync)
			fill_group(lane, i);
	}
	if (lane->group_count == 0)
		lane->own_sync_last = fill_own_sync(lane);
}

void question_kind_bind(const struct question_kind *kind, struct parameters *parameters,
	struct lane_question *const questions[], size_t count)
{
	for (size_t i = 0; kind->reset != NULL && i < count; i++)
		kind->reset(questions[i]);
	columns_bind(parameters, kind->columns, kind->column_count, questions, count);
	if (kind->bind != NULL)
		kind->bind(parameters, questions, count, kind->context);
}

static bool send_group(struct lane *lane, struct group *group)
{
	const struct statement *statement = &statements[group->kind->statement];
	struct parameters *parameters = &lane->parameters;
	parameters_reset(parameters);
	question_kind_bind(group->kind, parameters, group->questions, group->count);
	if (!parameters_ok(parameters) || parameters->count != statement->parameters)
		return false;
	return PQsendQueryPrepared(lane->session.connection, statement->name, parameters->count,
		       parameters->values, parameters->lengths, parameters->formats, 1) == 1;
}

void lane_send(struct lane *lane)
{
	if (lane->session.state != SESSION_READY || lane->group_count > 0 || lane->waiting == 0)
		return;
	lane->group_at = 0;
	lane->sqlstate[0] = '\0';
	fill_groups(lane);
	bool sent = true;
	for (size_t i = 0; i < lane->group_count && sent; i++)
		sent = send_group(lane, &lane->groups[i]);
	metric_set(lane->gauge_waiting, (int64_t)lane->waiting);
	if (!sent || PQpipelineSync(lane->session.connection) != 1) {
		session_lose(&lane->session);
		return;
	}
	session_expect(&lane->session);
	session_flush(&lane->session);
}

enum outcome lane_ask(struct lane *lane, struct lane_question *question)
{
	if (lane->session.state != SESSION_READY)
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
	lane->gauge_waiting =
		metrics_gauge("shikaku_lane_waiting", "Questions that wait for a connection.", labels);
	for (size_t i = 0; i < lane->settings.kind_count; i++) {
		(void)snprintf(labels, sizeof labels, "statement=\"%s\"",
			statements[lane->settings.kinds[i]->statement].name);
		lane->set_sizes[i] = metrics_histogram(
			HISTOGRAM_SIZE, "shikaku_set_size", "Questions that went in one statement.", labels);
	}
}

static void opened(void *owner, const struct row *row)
{
	struct lane *lane = owner;
	if (lane->settings.opened != NULL)
		lane->settings.opened(lane->settings.context, row);
}

static void lost(void *owner)
{
	answer_all(owner, OUTCOME_UNAVAILABLE);
}

enum outcome lane_create(struct lane **created, struct loop *loop, const struct lane_settings *settings)
{
	*created = NULL;
	struct lane *lane = calloc(1, sizeof *lane);
	if (lane == NULL)
		return OUTCOME_NO_MEMORY;
	lane->settings = *settings;
	parameters_open(&lane->parameters);
	register_metrics(lane);
	struct session_settings session = {
		.name = settings->name,
		.url = settings->url,
		.statement_timeout_ms = settings->statement_timeout_ms,
		.lock_timeout_ms = settings->lock_timeout_ms,
		.silence = settings->silence,
		.point_look_ups = settings->point_look_ups,
		.statement_count = settings->kind_count,
		.opened = opened,
		.readable = read_results,
		.lost = lost,
		.owner = lane,
	};
	for (size_t i = 0; i < settings->kind_count; i++)
		session.statements[i] = settings->kinds[i]->statement;
	session_open(&lane->session, loop, &session);
	*created = lane;
	return OUTCOME_OK;
}

void lane_give_up(struct lane *lane, const char *trouble)
{
	if (lane->session.state == SESSION_READY)
		session_give_up(&lane->session, trouble, "found while connected");
}

void lane_destroy(struct lane *lane)
{
	if (lane == NULL)
		return;
	session_close(&lane->session);
	answer_all(lane, OUTCOME_UNAVAILABLE);
	parameters_close(&lane->parameters);
	free(lane);
}

const char *lane_trouble(const struct lane *lane)
{
	return lane->session.state == SESSION_READY ? NULL : lane->session.trouble;
}
