#include "cases/link_check.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cases/resident_register.h"
#include "rules/identifiers.h"
#include "store/link_checks.h"

#define ARENA_MAX ((size_t)128 * 1024)
#define WAIT_MS 100
#define RETRY_MOST (600 * MICROSECONDS)
#define QUIET_MOST (30 * MICROSECONDS)
/* Beyond the register's own time: for what waits in the queue, and for recording. */
#define LEASE_MORE (30 * MICROSECONDS)
/* "{name,birth_date,address,name_kana,sex}" */
#define ATTRIBUTES_SIZE 64
#define BOUND_TO_MAX 320
#define NUMBER_DIGITS 12

enum link_outcome { LINK_LINKED, LINK_MISMATCH, LINK_STALE, LINK_NO_ANSWER, LINK_OUTCOMES };

/* One number under way. */
struct link_try {
	struct outbound_question question; /* first */
	struct link_checker *checker;
	bool taken;
	bool over; /* answered, not yet recorded */
	struct arena arena;
	struct text body; /* of the question: it holds the number */
	struct link_claim claim;
	char last4[5];
	bool unreadable; /* sealed under another key */
	enum outcome outcome; /* of the question */
	struct link_answer answer;
};

struct link_checker {
	const struct config *config;
	struct plain *database;
	const struct sealing_key *key;
	struct outbound
		*outbound; /* NULL while there is nothing to ask: nobody holds connections for nothing */
	int64_t lease;
	int64_t retry; /* the first pause */
	size_t silences; /* questions without an answer since the last one that had one */
	int quiets; /* pauses since then */
	int64_t quiet_until; /* monotonic: until then the register is left alone */
	size_t count;
	struct link_try tries[OUTBOUND_CONCURRENCY_MAX];
};

static struct metric *counts[LINK_OUTCOMES];
static pthread_once_t counts_registered = PTHREAD_ONCE_INIT;

static void register_metrics(void)
{
	static const char *const labels[LINK_OUTCOMES] = { "outcome=\"linked\"", "outcome=\"mismatch\"",
		"outcome=\"stale\"", "outcome=\"no_answer\"" };
	for (int i = 0; i < LINK_OUTCOMES; i++)
		counts[i] = metrics_counter("shikaku_link_checks_total",
			"Members of whom the resident register was asked, by what came of it.", labels[i]);
}

enum outcome link_checker_open(struct link_checker **opened, const struct config *config,
	struct plain *database, const struct sealing_key *key)
{
	*opened = NULL;
	struct link_checker *checker = calloc(1, sizeof *checker);
	if (checker == NULL)
		return OUTCOME_NO_MEMORY;
	checker->config = config;
	checker->database = database;
	checker->key = key;
	checker->lease = 2 * config->register_timeout_ms * 1000 + LEASE_MORE;
	checker->retry = config->register_retry_ms * 1000;
	checker->count = (size_t)config->register_concurrency;
	(void)pthread_once(&counts_registered, register_metrics);
	*opened = checker;
	return OUTCOME_OK;
}

static void let_go(struct link_try *this)
{
	if (this->body.at != NULL)
		sealing_wipe(this->body.at, this->body.length);
	arena_close(&this->arena);
	*this = (struct link_try){ .taken = false };
}

void link_checker_close(struct link_checker *checker)
{
	if (checker == NULL)
		return;
	/* Answers all that is under way. */
	outbound_destroy(checker->outbound);
	int64_t now = clock_read().wall;
	for (size_t i = 0; i < checker->count; i++) {
		struct link_try *this = &checker->tries[i];
		if (!this->taken)
			continue;
		if (plain_usable(checker->database) &&
			store_postpone_link_check(checker->database, &this->claim, now) != OUTCOME_OK)
			log_line(LOG_LEVEL_INFO, "link_check", "a number waits until its lease ends");
		let_go(this);
	}
	free(checker);
}

/* Doubled each time: 5 s, 10 s, 20 s ... */
static int64_t pause_after(const struct link_checker *checker, int attempts, int64_t most)
{
	int64_t pause = checker->retry;
	for (int i = 1; i < attempts && pause < most; i++)
		pause *= 2;
	return pause < most ? pause : most;
}

/* As many as can be under way had no answer: it is away, and each number that was tried in vain would wait longer for its return. */
static bool is_away(const struct link_checker *checker)
{
	return checker->silences >= checker->count;
}

static void note_silence(struct link_checker *checker, int64_t now)
{
	checker->silences++;
	if (!is_away(checker) || now < checker->quiet_until)
		return;
	checker->quiets++;
	checker->quiet_until = now + pause_after(checker, checker->quiets, QUIET_MOST);
}

static void answered(struct outbound_question *question, enum outcome outcome)
{
	struct link_try *this = (struct link_try *)question;
	if (outcome == OUTCOME_OK)
		outcome = register_read_link_check(&this->arena, question, &this->answer);
	this->outcome = outcome;
	this->over = true;
}

/* `number` is wiped by the caller. */
static enum outcome write_question(
	struct link_try *this, const struct link_due *due, const uint8_t number[SEALED_MAX])
{
	const struct link_question question = {
		.individual_number = { (const char *)number, NUMBER_DIGITS },
		.name = due->name,
		.name_kana = due->name_kana,
		.birth_date = due->birth_date,
		.address = due->address,
		.sex = due->sex,
	};
	memcpy(this->last4, number + NUMBER_DIGITS - 4, 4);
	this->question.path = REGISTER_LINK_CHECKS;
	this->question.answered = answered;
	enum outcome outcome = register_write_link_check(&this->arena, &question, &this->body);
	this->question.body = text_slice(&this->body);
	return outcome == OUTCOME_OK ? outbound_ask(this->checker->outbound, &this->question) : outcome;
}

static enum outcome open_number(
	const struct link_checker *checker, const struct link_due *due, uint8_t number[SEALED_MAX])
{
	char bound_to[BOUND_TO_MAX];
	size_t length = 0;
	size_t insurer = due->insurer_number.length;
	if (insurer + 1 + due->member_id.length > sizeof bound_to)
		return OUTCOME_INVALID;
	memcpy(bound_to, due->insurer_number.at, insurer);
	bound_to[insurer] = '/';
	memcpy(bound_to + insurer + 1, due->member_id.at, due->member_id.length);
	const struct slice sealed = { (const char *)due->claim.sealed, due->claim.sealed_length };
	enum outcome outcome = unseal(checker->key, sealed,
		(struct slice){ bound_to, insurer + 1 + due->member_id.length }, number, &length);
	return outcome == OUTCOME_OK && length != NUMBER_DIGITS ? OUTCOME_INVALID : outcome;
}

static struct link_try *free_try(struct link_checker *checker)
{
	for (size_t i = 0; i < checker->count; i++) {
		if (!checker->tries[i].taken)
			return &checker->tries[i];
	}
	return NULL;
}

static void begin(void *owner, const struct link_due *due)
{
	struct link_checker *checker = owner;
	struct link_try *this = free_try(checker);
	uint8_t number[SEALED_MAX];
	if (this == NULL)
		return; /* as good as a question that was lost: its lease ends */
	*this = (struct link_try){ .checker = checker, .taken = true, .claim = due->claim };
	arena_open(&this->arena, ARENA_MAX);
	enum outcome outcome = open_number(checker, due, number);
	this->unreadable = outcome == OUTCOME_INVALID;
	if (outcome == OUTCOME_OK && checker->outbound == NULL)
		outcome = register_line_open(&checker->outbound, NULL, checker->config);
	if (outcome == OUTCOME_OK)
		outcome = write_question(this, due, number);
	sealing_wipe(number, sizeof number);
	this->outcome = outcome;
	this->over = outcome != OUTCOME_OK;
}

/* "{name,sex}" of those that are set; NULL when none is. */
static const char *list_attributes(const bool set[LINK_ATTRIBUTES], char text[ATTRIBUTES_SIZE])
{
	size_t length = 0;
	for (int i = 0; i < LINK_ATTRIBUTES; i++) {
		if (!set[i])
			continue;
		int more = snprintf(text + length, ATTRIBUTES_SIZE - length, "%s%s", length == 0 ? "{" : ",",
			link_attribute_code((enum link_attribute)i));
		length += more > 0 ? (size_t)more : 0;
	}
	if (length == 0)
		return NULL;
	(void)snprintf(text + length, ATTRIBUTES_SIZE - length, "}");
	return text;
}

/* Texts in the try's arena, or the try's own. */
static enum outcome write_result(struct link_try *this, struct link_result *result)
{
	char *mismatched = arena_take(&this->arena, ATTRIBUTES_SIZE);
	char *warned = arena_take(&this->arena, ATTRIBUTES_SIZE);
	const struct link_judgement judgement = link_judge(this->answer.agrees);
	if (mismatched == NULL || warned == NULL)
		return OUTCOME_NO_MEMORY;
	*result = (struct link_result){
		.claim = &this->claim,
		.mismatched = slice_of(list_attributes(judgement.mismatched, mismatched)),
		.warned = slice_of(list_attributes(judgement.warned, warned)),
		.person_code = this->answer.person_code,
		.last4 = { this->last4, 4 },
	};
	return OUTCOME_OK;
}

static void count_results(const struct link_result results[], size_t count)
{
	static const enum link_outcome outcomes[] = { [LINK_RECORDED_LINKED] = LINK_LINKED,
		[LINK_RECORDED_MISMATCH] = LINK_MISMATCH,
		[LINK_RECORDED_STALE] = LINK_STALE };
	for (size_t i = 0; i < count; i++)
		metric_add(counts[outcomes[results[i].recorded]], 1);
}

/* What others are in the way of is recorded by whoever asks again, when the lease has ended. */
static enum outcome tolerate(enum outcome outcome)
{
	return outcome == OUTCOME_BUSY || outcome == OUTCOME_LATE || outcome == OUTCOME_CONFLICT ? OUTCOME_OK
												 : outcome;
}

static enum outcome record(struct link_checker *checker, struct link_result results[], size_t count)
{
	struct arena arena;
	arena_open(&arena, ARENA_MAX * 2);
	enum outcome outcome =
		store_record_link_checks(checker->database, &arena, clock_read().wall, results, count);
	arena_close(&arena);
	if (outcome == OUTCOME_OK)
		count_results(results, count);
	return outcome;
}

/* Many at once, because each statement makes standings anew (3 times the rate with 8); one by one where one of them is in the way. */
static enum outcome record_all(struct link_checker *checker, struct link_result results[], size_t count)
{
	enum outcome outcome = count == 0 ? OUTCOME_OK : record(checker, results, count);
	if (outcome == OUTCOME_OK || tolerate(outcome) != OUTCOME_OK || count == 1)
		return tolerate(outcome);
	outcome = OUTCOME_OK;
	for (size_t i = 0; i < count && outcome == OUTCOME_OK; i++)
		outcome = tolerate(record(checker, &results[i], 1));
	return outcome;
}

/* Not asked again soon; and after several of these in a row the register is left alone for a while. */
static enum outcome postpone(struct link_checker *checker, struct link_try *this)
{
	struct clock_reading now = clock_read();
	int64_t pause = pause_after(checker, this->claim.attempts, RETRY_MOST);
	if (this->unreadable) {
		log_line(LOG_LEVEL_ERROR, "link_check",
			"the number of member_key=%lld was sealed under another individual_number_key",
			(long long)this->claim.member_key);
		pause = RETRY_MOST;
	} else {
		metric_add(counts[LINK_NO_ANSWER], 1);
		note_silence(checker, now.monotonic);
	}
	return store_postpone_link_check(checker->database, &this->claim, now.wall + pause);
}

static enum outcome settle(struct link_checker *checker)
{
	struct link_result results[OUTBOUND_CONCURRENCY_MAX];
	size_t count = 0;
	enum outcome outcome = OUTCOME_OK;
	for (size_t i = 0; i < checker->count && outcome == OUTCOME_OK; i++) {
		struct link_try *this = &checker->tries[i];
		if (!this->taken || !this->over)
			continue;
		if (this->outcome != OUTCOME_OK) {
			outcome = tolerate(postpone(checker, this));
			continue;
		}
		checker->silences = 0;
		checker->quiets = 0;
		outcome = write_result(this, &results[count]);
		count += outcome == OUTCOME_OK ? 1 : 0;
	}
	if (outcome == OUTCOME_OK)
		outcome = record_all(checker, results, count);
	for (size_t i = 0; i < checker->count; i++) {
		if (checker->tries[i].taken && checker->tries[i].over)
			let_go(&checker->tries[i]);
	}
	return outcome;
}

static size_t free_tries(const struct link_checker *checker)
{
	size_t count = 0;
	for (size_t i = 0; i < checker->count; i++)
		count += checker->tries[i].taken ? 0 : 1;
	return count;
}

static bool is_quiet(const struct link_checker *checker)
{
	return clock_read().monotonic < checker->quiet_until;
}

static enum outcome claim(struct link_checker *checker)
{
	int64_t now = clock_read().wall;
	size_t most = free_tries(checker);
	/* Few at a time would be a statement for each; but one is enough to see whether it is back. */
	if (is_away(checker))
		most = most == checker->count ? 1 : 0;
	else if (2 * most < checker->count)
		most = 0;
	if (most == 0 || is_quiet(checker))
		return OUTCOME_OK;
	return store_claim_link_checks(checker->database, now, now + checker->lease, most, begin, checker);
}

enum outcome link_check_run(struct link_checker *checker, bool (*stopping)(void *owner), void *owner)
{
	enum outcome outcome = OUTCOME_OK;
	do {
		if (stopping(owner))
			return OUTCOME_OK;
		outcome = claim(checker);
		if (outcome == OUTCOME_OK) {
			if (checker->outbound != NULL)
				outbound_wait(checker->outbound, WAIT_MS);
			outcome = settle(checker);
		}
	} while (outcome == OUTCOME_OK && free_tries(checker) < checker->count);
	if (outcome == OUTCOME_OK) {
		outbound_destroy(checker->outbound);
		checker->outbound = NULL;
	}
	return outcome;
}
