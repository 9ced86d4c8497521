/* shikakud audit verify: walks the chains of records and names the first broken link of each (R13.2). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cases/audit.h"
#include "commands.h"

#define CANNOT_VERIFY 2

static void say_finding(void *owner, const struct audit_finding *finding)
{
	static const char *const words[] = {
		[AUDIT_RECORD_MISSING] = "is missing; the next one is",
		[AUDIT_RECORD_TWICE] = "stands twice; the second is",
		[AUDIT_RECORD_ALTERED] = "is not as it was written:",
		[AUDIT_HEAD_LOST] = "follows a record that is not there any more:",
	};
	char chain[UUID_TEXT_SIZE];
	char check[UUID_TEXT_SIZE];
	(void)owner;
	uuid_format(finding->chain_id, chain);
	uuid_format(finding->check_id, check);
	printf("BROKEN  chain %s: record %" PRId64 " %s check %s\n", chain, finding->position,
		words[finding->fault], check);
}

int command_audit(const struct config *config, int count, char *const words[])
{
	struct audit audit = { .found = say_finding };
	if (count != 1 || strcmp(words[0], "verify") != 0) {
		fputs("usage: shikakud audit verify\n", stderr);
		return CANNOT_VERIFY;
	}
	if (config->database_url[0] == '\0') {
		fputs("shikakud audit: database_url (or DATABASE_URL) is not set\n", stderr);
		return CANNOT_VERIFY;
	}
	if (hasher_create(&audit.hasher) != OUTCOME_OK)
		return CANNOT_VERIFY;
	enum outcome outcome = audit_verify(&audit, config->database_url);
	hasher_destroy(audit.hasher);
	printf("%s  %" PRId64 " records in %" PRId64 " chains\n",
		outcome != OUTCOME_OK ? "UNREAD"
		: audit.findings > 0  ? "BROKEN"
				      : "whole",
		audit.records, audit.chains);
	if (outcome != OUTCOME_OK)
		return CANNOT_VERIFY;
	return audit.findings > 0 ? 1 : 0;
}
