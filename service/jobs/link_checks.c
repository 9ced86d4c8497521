#include "jobs/link_checks.h"

#include "base/clock.h"
#include "base/log.h"
#include "cases/link_check.h"
#include "trust/sealing.h"

/* From the moment at which nothing was due until it is looked again. */
#define LOOK_EVERY (MICROSECONDS / 2)

static bool stops(void *owner)
{
	return jobs_stopping(owner);
}

static enum outcome check_with(struct jobs *jobs, struct plain *database, const struct sealing_key *key)
{
	struct link_checker *checker = NULL;
	enum outcome outcome = link_checker_open(&checker, jobs_config(jobs), database, key);
	while (outcome == OUTCOME_OK && !jobs_stopping(jobs)) {
		outcome = link_check_run(checker, stops, jobs);
		if (outcome == OUTCOME_OK)
			jobs_rest(jobs, LOOK_EVERY);
	}
	link_checker_close(checker);
	return outcome;
}

enum outcome link_checks_run(struct jobs *jobs)
{
	const struct config *config = jobs_config(jobs);
	const struct plain_settings settings = { .url = config->database_url, .name = "link_check" };
	struct sealing_key *key = NULL;
	struct plain *database = NULL;
	if (config->register_url[0] == '\0' || config->individual_number_key[0] == '\0')
		return OUTCOME_OK;
	enum outcome outcome = sealing_key_load(config->individual_number_key, &key);
	if (outcome == OUTCOME_OK)
		outcome = plain_open(&database, &settings);
	if (outcome == OUTCOME_OK)
		outcome = check_with(jobs, database, key);
	plain_close(database);
	sealing_key_free(key);
	return outcome;
}
