/* What several subcommands need. */
#include "commands.h"

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
