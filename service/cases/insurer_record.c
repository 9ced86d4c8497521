#include "cases/insurer_record.h"

#include <stddef.h>

#include "base/log.h"

/* What the statements say, as a code each. */
static const char *const said_codes[] = {
	[INSURER_RECORD_FOUND] = "found",
	[INSURER_RECORD_MADE] = "made",
	[INSURER_RECORD_CHANGED] = "changed",
	[INSURER_RECORD_REMOVED] = "removed",
	[INSURER_RECORD_NONE] = "none",
	[INSURER_RECORD_OTHER_VERSION] = "other_version",
	[INSURER_RECORD_IN_USE] = "in_use",
};

static enum outcome read_said(struct insurer_record *record)
{
	const struct insurer_record_question *answer = &record->question;
	record->said = INSURER_RECORD_NONE;
	if (answer->outcome.at == NULL)
		return OUTCOME_OK;
	for (size_t i = 0; i < sizeof said_codes / sizeof *said_codes; i++) {
		if (!slice_is(answer->outcome, said_codes[i]))
			continue;
		record->said = (enum insurer_record_said)i;
		return answer->document.at != NULL || i >= INSURER_RECORD_REMOVED ? OUTCOME_OK
										  : OUTCOME_INTERNAL;
	}
	return OUTCOME_INTERNAL;
}

static struct insurer_record *record_of(struct lane_question *question)
{
	struct insurer_record_question *answer = (struct insurer_record_question *)question;
	return (struct insurer_record *)((char *)answer - offsetof(struct insurer_record, question));
}

static void answered(struct lane_question *question, enum outcome outcome)
{
	struct insurer_record *record = record_of(question);
	if (outcome == OUTCOME_OK)
		outcome = read_said(record);
	record->finished(record, outcome);
}

static void insurer_was_put(struct lane_question *question, enum outcome outcome)
{
	struct insurer_record *record = record_of(question);
	if (outcome == OUTCOME_OK)
		outcome = read_said(record);
	if (outcome == OUTCOME_OK && record->said == INSURER_RECORD_CHANGED)
		log_security("insurer record put insurer=%s token=%lld", record->principal.owner,
			(long long)record->principal.token_id);
	record->finished(record, outcome);
}

static struct insurer_record_question *question_of(struct insurer_record *record)
{
	record->question.question.answered = answered;
	record->question.now = record->now.wall;
	return &record->question;
}

static void asked(struct insurer_record *record, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		record->finished(record, outcome);
}

void insurer_find(struct insurer_record *record)
{
	asked(record, store_find_insurer(record->cases->store, question_of(record)));
}

void insurer_put(struct insurer_record *record)
{
	struct insurer_record_question *question = question_of(record);
	question->question.answered = insurer_was_put;
	asked(record, store_put_insurer(record->cases->store, question));
}

void workplace_find(struct insurer_record *record)
{
	asked(record, store_find_workplace(record->cases->store, question_of(record)));
}

void workplace_put(struct insurer_record *record)
{
	asked(record, store_put_workplace(record->cases->store, question_of(record)));
}

void workplace_remove(struct insurer_record *record)
{
	asked(record, store_remove_workplace(record->cases->store, question_of(record)));
}
