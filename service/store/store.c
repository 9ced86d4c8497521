#include "store/store.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/watch.h"

#define LANES 3
#define WATCH_EVERY MICROSECONDS
/* Longer than PostgreSQL waits before it looks for a deadlock (1 s), which is resolved by asking again; shorter than a merge of
 * millions of rows, behind which the slow lane must not stand. */
#define LOCK_WAITED_FOR_MS 1500

struct store {
	struct loop *loop;
	struct lane *fast;
	struct lane *audit; /* `fast` itself unless records have a connection of their own */
	struct lane *slow;
	struct check_chain chain;
	struct question_kind records;
	struct turn_step step;
	struct watch_question watch;
	struct timer watch_timer;
	bool has_challenge_key;
	uint8_t challenge_key[CHALLENGE_KEY_BYTES];
};

int store_connections_a_loop(const struct config *config)
{
	return config->audit_connection != 0 ? LANES : LANES - 1;
}

static void keep_challenge_key(struct store *store, struct slice key)
{
	if (key.length != CHALLENGE_KEY_BYTES)
		return;
	memcpy(store->challenge_key, key.at, CHALLENGE_KEY_BYTES);
	store->has_challenge_key = true;
}

static void watched(struct lane_question *question, enum outcome outcome)
{
	struct store *store = (struct store *)((char *)question - offsetof(struct store, watch));
	loop_set_timer(store->loop, &store->watch_timer, loop_now(store->loop).monotonic + WATCH_EVERY);
	if (outcome == OUTCOME_OK)
		keep_challenge_key(store, store->watch.challenge_key);
	if (outcome != OUTCOME_OK || store->watch.trouble == NULL)
		return;
	struct lane *lanes[LANES] = { store->fast, store->audit, store->slow };
	for (size_t i = 0; i < LANES; i++)
		lane_give_up(lanes[i], store->watch.trouble);
}

static void watch_again(void *owner)
{
	struct store *store = owner;
	store->watch.question.kind = &watch_database;
	store->watch.question.answered = watched;
	if (lane_ask(store->slow, &store->watch.question) != OUTCOME_OK)
		loop_set_timer(
			store->loop, &store->watch_timer, loop_now(store->loop).monotonic + WATCH_EVERY);
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

#define COLUMN_CHALLENGE_KEY 5

static void begin_chain(void *context, const struct row *session)
{
	struct store *store = context;
	checks_begin_chain(&store->chain, session);
	keep_challenge_key(store, row_text(session, COLUMN_CHALLENGE_KEY));
}

static struct lane_settings settings_of(const struct config *config, const char *name)
{
	return (struct lane_settings){
		.name = name,
		.url = config->database_url,
		.statement_timeout_ms = config->statement_timeout_ms,
		.lock_timeout_ms = config->statement_timeout_ms,
		.silence = config->database_silence_ms * 1000,
		.queue_max = (size_t)config->queue_max,
	};
}

static enum outcome create_lanes(struct store *store, const struct config *config)
{
	struct lane_settings fast = settings_of(config, "fast");
	fast.point_look_ups = true;
	fast.kinds[fast.kind_count++] = &standings_by_keys;
	fast.kinds[fast.kind_count++] = &standings_by_card;
	fast.kinds[fast.kind_count++] = &limit_facts;
	/* With the look-ups: nobody waits for somebody else's slow question to learn who asks. */
	fast.kinds[fast.kind_count++] = &tokens_by_digest;
	struct lane_settings slow = settings_of(config, "slow");
	slow.point_look_ups = true;
	if (slow.lock_timeout_ms > LOCK_WAITED_FOR_MS)
		slow.lock_timeout_ms = LOCK_WAITED_FOR_MS;
	slow.kinds[slow.kind_count++] = &standings_as_known;
	slow.kinds[slow.kind_count++] = &standings_by_card_as_known;
	slow.kinds[slow.kind_count++] = &watch_database;
	slow.kinds[slow.kind_count++] = &suspensions_made;
	slow.kinds[slow.kind_count++] = &suspensions_lifted;
	slow.kinds[slow.kind_count++] = &suspensions_by_id;
	slow.kinds[slow.kind_count++] = &ceiling_months_reported;
	slow.kinds[slow.kind_count++] = &members_put;
	slow.kinds[slow.kind_count++] = &members_read;
	slow.kinds[slow.kind_count++] = &member_histories;
	slow.kinds[slow.kind_count++] = &cards_learned;
	slow.kinds[slow.kind_count++] = &links_decided;
	slow.kinds[slow.kind_count++] = &link_mismatches_listed;
	slow.kinds[slow.kind_count++] = &insurers_by_number;
	slow.kinds[slow.kind_count++] = &insurers_put;
	slow.kinds[slow.kind_count++] = &workplaces_by_id;
	slow.kinds[slow.kind_count++] = &workplaces_put;
	slow.kinds[slow.kind_count++] = &workplaces_removed;
	slow.kinds[slow.kind_count++] = &workplaces_listed;
	slow.kinds[slow.kind_count++] = &jobs_by_id;
	slow.kinds[slow.kind_count++] = &jobs_cancelled;
	slow.kinds[slow.kind_count++] = &imports_by_id;
	slow.kinds[slow.kind_count++] = &import_errors_listed;
	slow.kinds[slow.kind_count++] = &import_missing_listed;
	slow.kinds[slow.kind_count++] = &members_listed;
	slow.kinds[slow.kind_count++] = &members_searched;
	slow.kinds[slow.kind_count++] = &members_counted;
	slow.kinds[slow.kind_count++] = &limit_tables_listed;
	slow.kinds[slow.kind_count++] = &limit_tables_by_month;
	slow.kinds[slow.kind_count++] = &limit_tables_added;
	slow.kinds[slow.kind_count++] = &limit_tables_replaced;
	slow.kinds[slow.kind_count++] = &limit_tables_withdrawn;
	struct lane_settings audit = settings_of(config, "audit");
	struct lane_settings *records = config->audit_connection != 0 ? &audit : &fast;
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
	store->watch_timer = (struct timer){ .expired = watch_again, .owner = store };
	loop_set_timer(loop, &store->watch_timer, loop_now(loop).monotonic + WATCH_EVERY);
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
	/* The last question was answered by that, and set it again. */
	loop_clear_timer(store->loop, &store->watch_timer);
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

enum outcome store_find_standings_by_card(struct store *store, struct card_question *question)
{
	question->question.kind = &standings_by_card;
	return lane_ask(store->fast, &question->question);
}

enum outcome store_find_standings_by_card_as_known(struct store *store, struct card_question *question)
{
	question->question.kind = &standings_by_card_as_known;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_find_limit_facts(struct store *store, struct limit_facts_question *question)
{
	question->question.kind = &limit_facts;
	return lane_ask(store->fast, &question->question);
}

enum outcome store_report_ceiling_month(struct store *store, struct ceiling_month_question *question)
{
	question->question.kind = &ceiling_months_reported;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_decide_link(struct store *store, struct link_decision_question *question)
{
	question->question.kind = &links_decided;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_learn_card(struct store *store, struct card_learning_question *question)
{
	question->question.kind = &cards_learned;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_record_check(struct store *store, struct record_question *question)
{
	question->question.kind = &store->records;
	return lane_ask(store->audit, &question->question);
}

enum outcome store_make_suspension(struct store *store, struct suspension_question *question)
{
	question->question.kind = &suspensions_made;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_lift_suspension(struct store *store, struct suspension_question *question)
{
	question->question.kind = &suspensions_lifted;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_find_suspension(struct store *store, struct suspension_question *question)
{
	question->question.kind = &suspensions_by_id;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_find_insurer(struct store *store, struct insurer_record_question *question)
{
	question->question.kind = &insurers_by_number;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_put_insurer(struct store *store, struct insurer_record_question *question)
{
	question->question.kind = &insurers_put;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_find_workplace(struct store *store, struct insurer_record_question *question)
{
	question->question.kind = &workplaces_by_id;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_put_workplace(struct store *store, struct insurer_record_question *question)
{
	question->question.kind = &workplaces_put;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_remove_workplace(struct store *store, struct insurer_record_question *question)
{
	question->question.kind = &workplaces_removed;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_list_page(
	struct store *store, const struct question_kind *kind, struct page_question *question)
{
	question->question.kind = kind;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_find_job(struct store *store, struct job_record_question *question)
{
	question->question.kind = &jobs_by_id;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_cancel_job(struct store *store, struct job_record_question *question)
{
	question->question.kind = &jobs_cancelled;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_find_import(struct store *store, struct job_record_question *question)
{
	question->question.kind = &imports_by_id;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_list_import_errors(struct store *store, struct import_page_question *question)
{
	question->page.question.kind = &import_errors_listed;
	return lane_ask(store->slow, &question->page.question);
}

enum outcome store_list_import_missing(struct store *store, struct import_page_question *question)
{
	question->page.question.kind = &import_missing_listed;
	return lane_ask(store->slow, &question->page.question);
}

enum outcome store_put_member(struct store *store, struct member_question *question)
{
	question->question.kind = &members_put;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_read_member(struct store *store, struct member_question *question)
{
	question->question.kind = &members_read;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_tell_member_history(struct store *store, struct member_question *question)
{
	question->question.kind = &member_histories;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_list_members(struct store *store, struct member_page_question *question)
{
	question->question.kind = &members_listed;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_search_members(struct store *store, struct member_page_question *question)
{
	question->question.kind = &members_searched;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_count_members(struct store *store, struct member_counts_question *question)
{
	question->question.kind = &members_counted;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_list_limit_tables(struct store *store, struct limit_table_question *question)
{
	question->question.kind = &limit_tables_listed;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_find_limit_table(struct store *store, struct limit_table_question *question)
{
	question->question.kind = &limit_tables_by_month;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_add_limit_table(struct store *store, struct limit_table_question *question)
{
	question->question.kind = &limit_tables_added;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_replace_limit_table(struct store *store, struct limit_table_question *question)
{
	question->question.kind = &limit_tables_replaced;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_withdraw_limit_table(struct store *store, struct limit_table_question *question)
{
	question->question.kind = &limit_tables_withdrawn;
	return lane_ask(store->slow, &question->question);
}

enum outcome store_find_token(struct store *store, struct token_question *question)
{
	question->question.kind = &tokens_by_digest;
	return lane_ask(store->fast, &question->question);
}

const uint8_t *store_challenge_key(const struct store *store)
{
	return store->has_challenge_key ? store->challenge_key : NULL;
}

const char *store_trouble(const struct store *store)
{
	const struct lane *lanes[LANES] = { store->fast, store->audit, store->slow };
	for (size_t i = 0; i < LANES; i++) {
		const char *trouble = lane_trouble(lanes[i]);
		if (trouble != NULL)
			return trouble;
	}
	return NULL;
}
