/* shikakud doctor: is everything as the service needs it? One line a finding, exit code 1 when one is bad. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands.h"
#include "jobs/jobs.h"
#include "store/command.h"
#include "store/schema.h"
#include "store/store.h"

struct findings {
	const struct config *config;
	bool bad;
};

static void say(struct findings *findings, bool good, const char *words)
{
	printf("%s  %s\n", good ? "ok " : "BAD", words);
	findings->bad = findings->bad || !good;
}

static void examine_server(void *owner, const char *const columns[], int count)
{
	struct findings *findings = owner;
	char words[256];
	if (count < 6)
		return;
	long free_slots = strtol(columns[0], NULL, 10) - strtol(columns[1], NULL, 10);
	long loops =
		findings->config->loops != 0 ? (long)findings->config->loops : sysconf(_SC_NPROCESSORS_ONLN);
	int a_loop = store_connections_a_loop(findings->config);
	int others = jobs_connections(findings->config) + file_connections_of(findings->config);
	long wanted = loops * a_loop + others;
	(void)snprintf(words, sizeof words,
		"one process opens %ld connections (%ld loops x %d, jobs and files %d); the server takes "
		"%ld, %s are "
		"in use",
		wanted, loops, a_loop, others, free_slots, columns[5]);
	say(findings, wanted <= free_slots, words);
	say(findings, strcmp(columns[2], "off") == 0, "the database takes writes");
	(void)snprintf(words, sizeof words,
		"the schema is version %s for services from %s; this service needs %d", columns[3],
		columns[4], SCHEMA_WANTED);
	say(findings,
		strtol(columns[3], NULL, 10) >= SCHEMA_WANTED &&
			strtol(columns[4], NULL, 10) <= SCHEMA_WANTED,
		words);
}

static void examine_standings(void *owner, const char *const columns[], int count)
{
	struct findings *findings = owner;
	char words[128];
	if (count < 1)
		return;
	(void)snprintf(
		words, sizeof words, "%s rows of the read model differ from the base tables", columns[0]);
	say(findings, strcmp(columns[0], "0") == 0, words);
}

/* The issuers of cards and their revocation lists. No anchors is a choice, and so is no list where the policy is soft (R5.5); a list
 * that has run out is not. */
static void examine_trust(struct findings *findings)
{
	const struct trust_settings settings = trust_settings_of(findings->config);
	struct trust *trust = NULL;
	size_t faults = 0;
	int64_t now = clock_read().wall;
	char words[256];
	if (trust_load(&settings, &trust, &faults) != OUTCOME_OK) {
		say(findings, false, "the anchors and revocation lists cannot be read");
		return;
	}
	(void)snprintf(words, sizeof words, "%zu revocation lists are left out", faults);
	say(findings, faults == 0, words);
	if (trust->anchors.count == 0)
		say(findings, true, "no anchors are set: no card is trusted");
	for (size_t i = 0; i < trust->anchors.count; i++) {
		const struct revocation_issuer *issuer = revocation_issuer_at(trust->revocation, i);
		char key[2 * KEY_IDENTIFIER_MAX + 1];
		if (issuer->anchor->use == ANCHOR_OF_SIGNING)
			continue;
		text_hex(issuer->anchor->key_identifier, issuer->anchor->key_identifier_length, key);
		bool current = revocation_is_current(issuer, now);
		(void)snprintf(words, sizeof words, "issuer of %s %s: %s, %zu revoked",
			issuer->anchor->use == ANCHOR_OF_PHONES ? "phones" : "cards", key,
			current                    ? "its revocation list is current"
			: issuer->next_update == 0 ? "it has no revocation list"
						   : "its revocation list is out of date",
			issuer->entries);
		bool by_choice =
			issuer->next_update == 0 && strcmp(findings->config->revocation, "soft") == 0;
		say(findings, current || by_choice, words);
	}
	trust_let_go(trust);
}

int command_doctor(const struct config *config)
{
	struct findings findings = { .config = config };
	examine_trust(&findings);
	if (config->database_url[0] == '\0') {
		say(&findings, false, "database_url is not set");
		return 1;
	}
	if (command_run(config->database_url, STATEMENT_EXAMINE_SERVER, NULL, 0, examine_server, &findings) !=
		OUTCOME_OK)
		say(&findings, false, "the database cannot be examined");
	else if (command_run(config->database_url, STATEMENT_COMPARE_STANDINGS, NULL, 0, examine_standings,
			 &findings) != OUTCOME_OK)
		say(&findings, false, "the read model cannot be compared");
	return findings.bad ? 1 : 0;
}
