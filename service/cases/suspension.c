#include "cases/suspension.h"

#include <stddef.h>
#include <string.h>

#include "base/log.h"

const char *const suspension_media[SUSPENSION_MEDIA] = {
	[SUSPENSION_CARD] = "card", [SUSPENSION_PHONE] = "phone"
};
const char *const suspension_reasons[SUSPENSION_REASONS] = {
	[SUSPENSION_LOST] = "lost", [SUSPENSION_STOLEN] = "stolen", [SUSPENSION_OTHER] = "other"
};

/* What the statements say, as a code each. */
static const char *const said_codes[] = {
	[SUSPENSION_MADE] = "made",
	[SUSPENSION_IN_FORCE] = "in_force",
	[SUSPENSION_LIFTED] = "lifted",
	[SUSPENSION_WAS_LIFTED] = "was_lifted",
	[SUSPENSION_FOUND] = "found",
	[SUSPENSION_NO_MEMBER] = "no_such_member",
	[SUSPENSION_SEVERAL_MEMBERS] = "several_members",
	[SUSPENSION_NO_CARD] = "no_such_card",
	[SUSPENSION_KEY_REUSED] = "key_reused",
};

static enum outcome read_said(struct suspension *suspension)
{
	const struct suspension_question *answer = &suspension->question;
	suspension->said = SUSPENSION_NONE;
	if (answer->outcome.at == NULL)
		return OUTCOME_OK;
	for (size_t i = 0; i < sizeof said_codes / sizeof *said_codes; i++) {
		if (said_codes[i] == NULL || !slice_is(answer->outcome, said_codes[i]))
			continue;
		suspension->said = (enum suspension_said)i;
		/* Whoever is told of a suspension is told all of it. */
		return answer->found || i >= SUSPENSION_NONE ? OUTCOME_OK : OUTCOME_INTERNAL;
	}
	return OUTCOME_INTERNAL;
}

static void log_change(const struct suspension *suspension)
{
	if (suspension->replayed ||
		(suspension->said != SUSPENSION_MADE && suspension->said != SUSPENSION_LIFTED))
		return;
	char id[UUID_TEXT_SIZE];
	uuid_format(suspension->row->suspension_id, id);
	log_security("%s suspension=%s token=%lld cards=%lld",
		suspension->said == SUSPENSION_MADE ? "suspended" : "lifted", id,
		(long long)suspension->principal.token_id, (long long)suspension->row->cards);
}

static void answered(struct lane_question *question, enum outcome outcome)
{
	struct suspension_question *answer = (struct suspension_question *)question;
	struct suspension *suspension =
		(struct suspension *)((char *)answer - offsetof(struct suspension, question));
	if (outcome == OUTCOME_OK)
		outcome = read_said(suspension);
	if (outcome == OUTCOME_OK) {
		suspension->replayed = answer->replayed;
		suspension->row = &answer->row;
		log_change(suspension);
	}
	suspension->finished(suspension, outcome);
}

static struct suspension_question *question_of(struct suspension *suspension)
{
	struct suspension_question *question = &suspension->question;
	question->question.answered = answered;
	question->now = suspension->now.wall;
	question->token_id = suspension->principal.token_id;
	memcpy(question->suspension_id, suspension->suspension_id, UUID_BYTES);
	return question;
}

static void asked(struct suspension *suspension, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		suspension->finished(suspension, outcome);
}

void suspension_make(struct suspension *suspension)
{
	const struct suspension_wish *wish = &suspension->wish;
	uuid_make(suspension->now.wall, suspension->suspension_id);
	struct suspension_question *question = question_of(suspension);
	question->insurer_number = slice_of(wish->person.insurer_number);
	question->number_key = wish->person.number_key;
	question->birth_date = wish->person.birth_date.day;
	question->symbol_key = wish->person.symbol_key;
	question->branch_number = wish->person.branch_number;
	if (wish->medium != SUSPENSION_EVERY_MEDIUM)
		question->medium = slice_of(suspension_media[wish->medium]);
	question->reason = slice_of(suspension_reasons[wish->reason]);
	question->idempotency = wish->idempotency;
	asked(suspension, store_make_suspension(suspension->cases->store, question));
}

void suspension_lift(struct suspension *suspension)
{
	asked(suspension, store_lift_suspension(suspension->cases->store, question_of(suspension)));
}

void suspension_find(struct suspension *suspension)
{
	asked(suspension, store_find_suspension(suspension->cases->store, question_of(suspension)));
}
