#include "store/store.h"

#include <stdlib.h>

#define LANES 3

struct store {
	struct loop *loop;
	struct lane *fast;
	struct lane *audit; /* `fast` itself where records travel with the next look-ups */
	struct lane *slow;
	struct check_chain chain;
	struct question_kind records;
	struct turn_step step;
};

int store_connections_a_loop(const struct config *config)
{
	return config->audit_in_next_set != 0 ? LANES - 1 : LANES;
}

static int64_t send_all(void *owner)
{
	struct store *store = owner;
	lane_send(store->audit);
	if (store->fast != store->audit)
		lane_send(store->fast);
	lane_send(store->slow);
	return LOOP_NEVER;
}

static void begin_chain(void *context, const struct row *session)
{
	struct store *store = context;
	checks_begin_chain(&store->chain, session);
}

static struct lane_settings settings_of(const struct config *config, const char *name)
{
	return (struct lane_settings){
		.name = name,
		.url = config->database_url,
		.statement_timeout_ms = config->statement_timeout_ms,
		.silence = config->database_silence_ms * 1000,
		.queue_max = (size_t)config->queue_max,
	};
}

static enum outcome create_lanes(struct store *store, const struct config *config)
{
	struct lane_settings fast = settings_of(config, "fast");
	fast.point_look_ups = true;
	fast.kinds[fast.kind_count++] = &standings_by_keys;
	struct lane_settings slow = settings_of(config, "slow");
	slow.kinds[slow.kind_count++] = &tokens_by_digest;
	slow.kinds[slow.kind_count++] = &standings_as_known;
	struct lane_settings audit = settings_of(config, "audit");
	struct lane_settings *records = config->audit_in_next_set != 0 ? &fast : &audit;
	records->kinds[records->kind_count++] = &store->records;
	records->opened = begin_chain;
	records->context = store;
	enum outcome outcome = lane_create(&store->fast, store->loop, &fast);
	if (outcome == OUTCOME_OK)
		outcome = lane_create(&store->slow, store->loop, &slow);
	if (outcome == OUTCOME_OK && records == &audit)
		outcome = lane_create(&store->audit, store->loop, &audit);
	else
		store->audit = store->fast;
	return outcome;
}

enum outcome store_create(struct store **created, struct loop *loop, const struct config *config,
	const struct check_chain *chain)
{
	*created = NULL;
	struct store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return OUTCOME_NO_MEMORY;
	store->loop = loop;
	store->chain = *chain;
	checks_kind(&store->records, &store->chain);
	enum outcome outcome = create_lanes(store, config);
	if (outcome != OUTCOME_OK) {
		store_destroy(store);
		return outcome;
	}
	store->step = (struct turn_step){ .run = send_all, .owner = store };
	loop_add_step(loop, &store->step);
	*created = store;
	return OUTCOME_OK;
}

void store_destroy(struct store *store)
{
	if (store == NULL)
		return;
	if (store->audit != store->fast)
		lane_destroy(store->audit);
	lane_destroy(store->fast);
	lane_destroy(store->slow);
	free(store);
}

enum outcome store_find_standings(struct store *store, struct standings_question *question)
{
	question->question.kind = &standings_by_keys;
	return lane_ask(store->fast, &question->question);
}

enum outcome store_find_standings_as_known(struct store *store, struct standings_question *question)
{
	question->question.kind = &standings_as_known;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_record_check(struct store *store, struct record_question *question)
{
	question->question.kind = &store->records;
	return lane_ask(store->audit, &question->question);
}

enum outcome store_find_token(struct store *store, struct token_question *question)
{
	question->question.kind = &tokens_by_digest;
	return lane_ask(store->slow, &question->question);
}

const char *store_trouble(const struct store *store)
{
	const struct lane *lanes[LANES] = { store->fast, store->audit, store->slow };
	for (size_t i = 0; i < LANES; i++) {
		if (lane_state(lanes[i]) != LANE_READY)
			return lane_trouble(lanes[i]);
	}
	return NULL;
}
