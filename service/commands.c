/* What several subcommands need. */
#include "commands.h"

#include "cases/import_feed.h"
#include "cases/member_export.h"

int file_connections_of(const struct config *config)
{
	return (int)config->imports_max * (IMPORT_FEED_CONNECTIONS + MEMBER_EXPORT_CONNECTIONS);
}

struct trust_settings trust_settings_of(const struct config *config)
{
	return (struct trust_settings){
		.anchors = {
			.paths = {
				[ANCHOR_OF_CARDS] = config->card_anchors,
				[ANCHOR_OF_PHONES] = config->phone_anchors,
				[ANCHOR_OF_SIGNING] = config->signing_anchors,
			},
			.policies = {
				[ANCHOR_OF_CARDS] = config->card_policies,
				[ANCHOR_OF_PHONES] = config->phone_policies,
			},
		},
		.crls = config->crls,
	};
}
