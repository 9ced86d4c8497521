#include "store/jobs.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define LIMIT_MS 5000

struct job_words {
	char job_id[UUID_TEXT_SIZE];
	char runner[UUID_TEXT_SIZE];
	char at[INSTANT_TEXT_SIZE];
};

static void word(struct job_words *words, const uint8_t *job_id, const uint8_t *runner, int64_t at)
{
	if (job_id != NULL)
		uuid_format(job_id, words->job_id);
	uuid_format(runner, words->runner);
	instant_format(at, words->at);
}

struct claim {
	struct job_row *job;
	bool any;
};

static void copy(char *to, size_t size, struct slice from)
{
	(void)snprintf(to, size, "%.*s", (int)from.length, from.at == NULL ? "" : from.at);
}

static void take_claimed(void *owner, const struct row *row)
{
	struct claim *claim = owner;
	struct slice id = row_text(row, 1);
	claim->any = id.length == UUID_BYTES;
	if (!claim->any)
		return;
	memcpy(claim->job->job_id, id.at, UUID_BYTES);
	copy(claim->job->kind, sizeof claim->job->kind, row_text(row, 2));
	copy(claim->job->insurer_number, sizeof claim->job->insurer_number, row_text(row, 3));
	claim->job->attempts = (int)row_integer(row, 4);
}

enum outcome store_claim_job(struct plain *plain, const uint8_t runner[UUID_BYTES], const char *kinds,
	int64_t at, int64_t lease_until, struct job_row *job)
{
	struct job_words words;
	char lease[INSTANT_TEXT_SIZE];
	struct claim claim = { .job = job };
	word(&words, NULL, runner, at);
	instant_format(lease_until, lease);
	const struct command_parameter parameters[] = { { .text = words.runner }, { .text = kinds },
		{ .text = words.at }, { .text = lease } };
	enum outcome outcome =
		plain_run(plain, STATEMENT_CLAIM_JOB, parameters, 4, LIMIT_MS, take_claimed, &claim);
	return outcome == OUTCOME_OK && !claim.any ? OUTCOME_NOT_FOUND : outcome;
}

static void take_hold(void *owner, const struct row *row)
{
	enum job_hold *hold = owner;
	struct slice said = row_text(row, 1);
	*hold = slice_is(said, "kept") ? JOB_KEPT : slice_is(said, "cancelled") ? JOB_CANCELLED : JOB_LOST;
}

enum outcome store_renew_job(struct plain *plain, const uint8_t job_id[UUID_BYTES],
	const uint8_t runner[UUID_BYTES], int64_t lease_until, int percent, enum job_hold *hold)
{
	struct job_words words;
	char percent_text[12];
	*hold = JOB_LOST;
	word(&words, job_id, runner, lease_until);
	(void)snprintf(percent_text, sizeof percent_text, "%d", percent);
	const struct command_parameter parameters[] = { { .text = words.job_id }, { .text = words.runner },
		{ .text = words.at }, { .text = percent_text } };
	return plain_run(plain, STATEMENT_RENEW_JOB, parameters, 4, LIMIT_MS, take_hold, hold);
}

enum outcome store_end_job(struct plain *plain, const uint8_t job_id[UUID_BYTES],
	const uint8_t runner[UUID_BYTES], int64_t at, const char *state, const char *failure)
{
	struct job_words words;
	word(&words, job_id, runner, at);
	const struct command_parameter parameters[] = { { .text = words.job_id }, { .text = words.runner },
		{ .text = words.at }, { .text = state }, { .text = failure } };
	return plain_run(plain, STATEMENT_END_JOB, parameters, 5, LIMIT_MS, NULL, NULL);
}

enum outcome store_retry_job(struct plain *plain, const uint8_t job_id[UUID_BYTES],
	const uint8_t runner[UUID_BYTES], int64_t at, const char *failure)
{
	struct job_words words;
	word(&words, job_id, runner, at);
	const struct command_parameter parameters[] = { { .text = words.job_id }, { .text = words.runner },
		{ .text = words.at }, { .text = failure } };
	return plain_run(plain, STATEMENT_RETRY_JOB, parameters, 4, LIMIT_MS, NULL, NULL);
}
