/* The database as one loop sees it: its lanes. Fast: look-ups of checks and of tokens, and the records of the checks before
 * them; by setting these have a lane of their own. Slow: everything else. */
#ifndef SHIKAKU_STORE_STORE_H
#define SHIKAKU_STORE_STORE_H

#include "base/config.h"
#include "base/loop.h"
#include "base/outcome.h"
#include "store/card_learning.h"
#include "store/cards.h"
#include "store/ceiling_months.h"
#include "store/checks.h"
#include "store/insurer_records.h"
#include "store/job_records.h"
#include "store/lane.h"
#include "store/limit_facts.h"
#include "store/limit_tables.h"
#include "store/link_decisions.h"
#include "store/members.h"
#include "store/pages.h"
#include "store/member_counts.h"
#include "store/member_pages.h"
#include "store/standings.h"
#include "store/suspensions.h"
#include "store/tokens.h"

struct store;

/* `config` and what `chain` names outlive the store; the lanes connect by themselves. */
enum outcome MUST_CHECK store_create(struct store **created, struct loop *loop, const struct config *config,
	const struct check_chain *chain);
void store_destroy(struct store *store);

/* Each asks as lane_ask; what is asked leaves at the end of the turn. */
enum outcome MUST_CHECK store_find_standings(struct store *store, struct standings_question *question);
enum outcome MUST_CHECK store_find_standings_as_known(
	struct store *store, struct standings_question *question);
enum outcome MUST_CHECK store_find_standings_by_card(struct store *store, struct card_question *question);
enum outcome MUST_CHECK store_find_standings_by_card_as_known(
	struct store *store, struct card_question *question);
enum outcome MUST_CHECK store_find_limit_facts(struct store *store, struct limit_facts_question *question);
enum outcome MUST_CHECK store_report_ceiling_month(
	struct store *store, struct ceiling_month_question *question);
enum outcome MUST_CHECK store_decide_link(struct store *store, struct link_decision_question *question);
enum outcome MUST_CHECK store_learn_card(struct store *store, struct card_learning_question *question);
enum outcome MUST_CHECK store_record_check(struct store *store, struct record_question *question);
enum outcome MUST_CHECK store_make_suspension(struct store *store, struct suspension_question *question);
enum outcome MUST_CHECK store_lift_suspension(struct store *store, struct suspension_question *question);
enum outcome MUST_CHECK store_find_suspension(struct store *store, struct suspension_question *question);
enum outcome MUST_CHECK store_find_insurer(struct store *store, struct insurer_record_question *question);
enum outcome MUST_CHECK store_put_insurer(struct store *store, struct insurer_record_question *question);
enum outcome MUST_CHECK store_find_workplace(struct store *store, struct insurer_record_question *question);
enum outcome MUST_CHECK store_put_workplace(struct store *store, struct insurer_record_question *question);
enum outcome MUST_CHECK store_remove_workplace(struct store *store, struct insurer_record_question *question);
enum outcome MUST_CHECK store_list_page(
	struct store *store, const struct question_kind *kind, struct page_question *question);
enum outcome MUST_CHECK store_find_job(struct store *store, struct job_record_question *question);
enum outcome MUST_CHECK store_cancel_job(struct store *store, struct job_record_question *question);
enum outcome MUST_CHECK store_find_import(struct store *store, struct job_record_question *question);
enum outcome MUST_CHECK store_list_import_errors(struct store *store, struct import_page_question *question);
enum outcome MUST_CHECK store_list_import_missing(struct store *store, struct import_page_question *question);
enum outcome MUST_CHECK store_put_member(struct store *store, struct member_question *question);
enum outcome MUST_CHECK store_read_member(struct store *store, struct member_question *question);
enum outcome MUST_CHECK store_tell_member_history(struct store *store, struct member_question *question);
enum outcome MUST_CHECK store_list_members(struct store *store, struct member_page_question *question);
enum outcome MUST_CHECK store_search_members(struct store *store, struct member_page_question *question);
enum outcome MUST_CHECK store_count_members(struct store *store, struct member_counts_question *question);
enum outcome MUST_CHECK store_list_limit_tables(struct store *store, struct limit_table_question *question);
enum outcome MUST_CHECK store_find_limit_table(struct store *store, struct limit_table_question *question);
enum outcome MUST_CHECK store_add_limit_table(struct store *store, struct limit_table_question *question);
enum outcome MUST_CHECK store_replace_limit_table(struct store *store, struct limit_table_question *question);
enum outcome MUST_CHECK store_withdraw_limit_table(
	struct store *store, struct limit_table_question *question);
enum outcome MUST_CHECK store_find_token(struct store *store, struct token_question *question);

/* The key under which challenges are made, CHALLENGE_KEY_BYTES, the same for all processes on this database; NULL before the
 * database was reached for the first time. It may change between turns. */
#define CHALLENGE_KEY_BYTES 32
const uint8_t *store_challenge_key(const struct store *store);

/* NULL when every lane is ready, else why one is not. */
const char *store_trouble(const struct store *store);

/* Connections that one loop opens. */
int store_connections_a_loop(const struct config *config);

#endif
