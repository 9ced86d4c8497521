#include "cases/link_decision.h"

#include <stddef.h>

#include "base/log.h"

const char *const link_wishes[LINK_WISHES] = {
	[LINK_ACCEPT] = "accept", [LINK_REJECT] = "reject", [LINK_DISPUTE] = "dispute"
};

/* What the statement says, as a code each. */
static const char *const said_codes[] = {
	[LINK_SAID_DONE] = "done",
	[LINK_SAID_NO_MEMBER] = "no_such_member",
	[LINK_SAID_NOTHING_TO_DECIDE] = "nothing_to_decide",
	[LINK_SAID_IMPORT_RUNNING] = "import_running",
	[LINK_SAID_KEY_REUSED] = "key_reused",
};

static enum outcome read_said(struct link_decision *decision)
{
	const struct link_decision_question *answer = &decision->question;
	for (size_t i = 0; i < sizeof said_codes / sizeof *said_codes; i++) {
		if (!slice_is(answer->outcome, said_codes[i]))
			continue;
		decision->said = (enum link_said)i;
		return answer->document.at != NULL || i != LINK_SAID_DONE ? OUTCOME_OK : OUTCOME_INTERNAL;
	}
	return OUTCOME_INTERNAL;
}

static void answered(struct lane_question *question, enum outcome outcome)
{
	struct link_decision_question *answer = (struct link_decision_question *)question;
	struct link_decision *decision =
		(struct link_decision *)((char *)answer - offsetof(struct link_decision, question));
	if (outcome == OUTCOME_OK)
		outcome = read_said(decision);
	if (outcome == OUTCOME_OK && decision->said == LINK_SAID_DONE && !answer->replayed)
		log_security("link %s insurer=%s token=%lld", link_wishes[decision->wish],
			decision->principal.owner, (long long)decision->principal.token_id);
	decision->finished(decision, outcome);
}

void link_decide(struct link_decision *decision)
{
	struct link_decision_question *question = &decision->question;
	question->question.answered = answered;
	question->now = decision->now.wall;
	question->token_id = decision->principal.token_id;
	question->wish = slice_of(link_wishes[decision->wish]);
	enum outcome outcome = store_decide_link(decision->cases->store, question);
	if (outcome != OUTCOME_OK)
		decision->finished(decision, outcome);
}
