#include "cases/member_keeping.h"

#include <stddef.h>
#include <string.h>

#include "base/log.h"

#define TRIES_MAX 10
#define LAST_DIGITS ((size_t)4)

/* What the statements say, as a code each. */
static const struct {
	const char *code;
	enum keeping_said said;
} said_codes[] = {
	{ "created", KEEPING_CREATED },
	{ "changed", KEEPING_CHANGED },
	{ "unchanged", KEEPING_UNCHANGED },
	{ "found", KEEPING_FOUND },
	{ "none", KEEPING_NONE },
	{ "exists", KEEPING_EXISTS },
	{ "precondition_failed", KEEPING_OTHER_VERSION },
	{ "insured_not_found", KEEPING_REFUSED },
	{ "workplace_not_found", KEEPING_REFUSED },
	{ "certificate_without_membership", KEEPING_REFUSED },
	{ "periods_overlap", KEEPING_REFUSED },
	{ "member_in_use", KEEPING_IN_USE },
	{ "import_running", KEEPING_IMPORT_RUNNING },
	{ "key_reused", KEEPING_KEY_REUSED },
};

/* What only the database could see, by the same codes. */
static const struct {
	const char *code;
	enum member_field field;
	enum member_fault fault;
	const char *expected;
} seen_by_the_database[] = {
	{ "insured_not_found", MEMBER_INSURED_MEMBER_ID, MEMBER_FAULT_NOT_FOUND,
		"the member_id of somebody who is insured on acquired_on" },
	{ "workplace_not_found", MEMBER_WORKPLACE_ID, MEMBER_FAULT_NOT_FOUND,
		"the id of a workplace that is registered" },
	{ "certificate_without_membership", MEMBER_CERTIFICATE_VALID_FROM, MEMBER_FAULT_NOT_TOGETHER,
		"no certificate of somebody without a membership" },
	{ "periods_overlap", MEMBER_ACQUIRED_ON, MEMBER_FAULT_NOT_TOGETHER,
		"no day in common with another in the list" },
};

static void finish(struct member_keeping *keeping, enum keeping_said said)
{
	keeping->said = said;
	keeping->finished(keeping, OUTCOME_OK);
}

static void note_fault(struct member_keeping *keeping)
{
	const struct member_question *answer = &keeping->question;
	for (size_t i = 0; i < sizeof seen_by_the_database / sizeof *seen_by_the_database; i++) {
		if (slice_is(answer->outcome, seen_by_the_database[i].code))
			record_faults_add(&keeping->faults, seen_by_the_database[i].field,
				(size_t)answer->place, seen_by_the_database[i].fault,
				seen_by_the_database[i].expected);
	}
}

static enum outcome read_said(struct member_keeping *keeping)
{
	const struct member_question *answer = &keeping->question;
	keeping->replayed = answer->replayed;
	keeping->document = answer->answer;
	keeping->version = answer->version;
	for (size_t i = 0; i < sizeof said_codes / sizeof *said_codes; i++) {
		if (answer->outcome.at == NULL || !slice_is(answer->outcome, said_codes[i].code))
			continue;
		keeping->said = said_codes[i].said;
		if (keeping->said == KEEPING_REFUSED)
			note_fault(keeping);
		/* Whoever is told of a record is told all of it. */
		return answer->answer.at != NULL || keeping->said > KEEPING_FOUND ? OUTCOME_OK
										  : OUTCOME_INTERNAL;
	}
	return OUTCOME_INTERNAL;
}

static struct member_keeping *keeping_of(struct lane_question *question)
{
	struct member_question *member = (struct member_question *)question;
	return (struct member_keeping *)((char *)member - offsetof(struct member_keeping, question));
}

static struct member_question *question_of(struct member_keeping *keeping,
	void (*answered)(struct lane_question *question, enum outcome outcome))
{
	struct member_question *question = &keeping->question;
	question->question.answered = answered;
	question->insurer_number = slice_of(keeping->insurer_number);
	question->member_id = keeping->member_id;
	question->now = keeping->now.wall;
	question->token_id = keeping->principal.token_id;
	question->idempotency = keeping->idempotency;
	return question;
}

static void asked(struct member_keeping *keeping, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		keeping->finished(keeping, outcome);
}

/* The number, sealed for this member alone (R2.4). No value where none came. */
static enum outcome MUST_CHECK seal_number(struct member_keeping *keeping)
{
	struct member_question *question = &keeping->question;
	struct slice number = keeping->record.person.values[MEMBER_INDIVIDUAL_NUMBER];
	question->sealed_number = question->last4 = (struct slice){ NULL, 0 };
	if (number.at == NULL)
		return OUTCOME_OK;
	uint8_t sealed[SEALED_MAX];
	size_t length = 0;
	struct text owner;
	text_open(&owner, keeping->arena, 64, 1024);
	text_put_terminated(&owner, keeping->insurer_number);
	text_put_char(&owner, '/');
	text_put(&owner, keeping->member_id.at, keeping->member_id.length);
	char *hex = arena_take(keeping->arena, 2 * SEALED_MAX + 1);
	if (owner.failed || hex == NULL)
		return OUTCOME_NO_MEMORY;
	enum outcome outcome = seal(keeping->cases->numbers_key, number, text_slice(&owner), sealed, &length);
	if (outcome != OUTCOME_OK)
		return outcome;
	text_hex(sealed, length, hex);
	question->sealed_number = (struct slice){ hex, 2 * length };
	question->last4 = (struct slice){ number.at + number.length - LAST_DIGITS, LAST_DIGITS };
	return OUTCOME_OK;
}

static enum outcome MUST_CHECK check_record(struct member_keeping *keeping)
{
	struct whole_record *record = &keeping->record;
	enum outcome outcome = whole_record_check(keeping->arena, keeping->insurer_number,
		day_in_japan(keeping->now.wall), record, &keeping->faults);
	if (record->person.values[MEMBER_INDIVIDUAL_NUMBER].at != NULL && keeping->cases->numbers_key == NULL)
		record_faults_add(&keeping->faults, MEMBER_INDIVIDUAL_NUMBER, 0, MEMBER_FAULT_NOT_ACCEPTED,
			"none: this service has no key under which it could keep one");
	return outcome;
}

static void log_write(const struct member_keeping *keeping)
{
	if (keeping->replayed || keeping->said > KEEPING_CHANGED)
		return;
	log_security("member %s insurer=%s token=%lld",
		keeping->said == KEEPING_CREATED ? "registered" : "changed", keeping->insurer_number,
		(long long)keeping->principal.token_id);
}

static bool lost_a_race(const struct member_keeping *keeping)
{
	return keeping->said == KEEPING_OTHER_VERSION && keeping->change != NULL && !keeping->wanted.is_known;
}

static void was_put(struct lane_question *question, enum outcome outcome)
{
	struct member_keeping *keeping = keeping_of(question);
	if (outcome == OUTCOME_OK)
		outcome = read_said(keeping);
	if (outcome == OUTCOME_OK && lost_a_race(keeping)) {
		if (keeping->tries < TRIES_MAX) {
			keeping_change(keeping);
			return;
		}
		outcome = OUTCOME_BUSY;
	}
	if (outcome == OUTCOME_OK)
		log_write(keeping);
	keeping->finished(keeping, outcome);
}

static void put(struct member_keeping *keeping, const struct wanted_version *wanted)
{
	enum outcome outcome = check_record(keeping);
	if (outcome == OUTCOME_OK && keeping->faults.count > 0) {
		finish(keeping, KEEPING_REFUSED);
		return;
	}
	struct member_question *question = question_of(keeping, was_put);
	question->must_be_new = keeping->must_be_new;
	question->wanted = *wanted;
	if (outcome == OUTCOME_OK)
		outcome = seal_number(keeping);
	if (outcome == OUTCOME_OK)
		outcome = whole_record_write(keeping->arena, &keeping->record, &question->document);
	if (outcome == OUTCOME_OK)
		outcome = store_put_member(keeping->cases->store, question);
	asked(keeping, outcome);
}

void keeping_put(struct member_keeping *keeping)
{
	put(keeping, &keeping->wanted);
}

static bool is_wanted(const struct wanted_version *wanted, int64_t version)
{
	return !wanted->is_known || wanted->version == version;
}

static void was_read_to_change(struct lane_question *question, enum outcome outcome)
{
	struct member_keeping *keeping = keeping_of(question);
	if (outcome == OUTCOME_OK)
		outcome = read_said(keeping);
	if (outcome == OUTCOME_OK && keeping->said == KEEPING_NONE && keeping->wanted.must_exist)
		keeping->said = KEEPING_OTHER_VERSION;
	if (outcome != OUTCOME_OK || keeping->said != KEEPING_FOUND) {
		keeping->finished(keeping, outcome);
		return;
	}
	if (!is_wanted(&keeping->wanted, keeping->version)) {
		finish(keeping, KEEPING_OTHER_VERSION);
		return;
	}
	keeping->read_version =
		(struct wanted_version){ .must_exist = true, .is_known = true, .version = keeping->version };
	outcome = keeping->change(keeping, keeping->document);
	if (outcome != OUTCOME_OK)
		keeping->finished(keeping, outcome);
	else
		put(keeping, &keeping->read_version);
}

void keeping_change(struct member_keeping *keeping)
{
	keeping->tries++;
	asked(keeping, store_read_member(keeping->cases->store, question_of(keeping, was_read_to_change)));
}

static void was_read(struct lane_question *question, enum outcome outcome)
{
	struct member_keeping *keeping = keeping_of(question);
	if (outcome == OUTCOME_OK)
		outcome = read_said(keeping);
	keeping->finished(keeping, outcome);
}

void keeping_read(struct member_keeping *keeping)
{
	asked(keeping, store_read_member(keeping->cases->store, question_of(keeping, was_read)));
}

static void was_told(struct lane_question *question, enum outcome outcome)
{
	struct member_keeping *keeping = keeping_of(question);
	keeping->document = keeping->question.answer;
	keeping->said = keeping->document.at == NULL ? KEEPING_NONE : KEEPING_FOUND;
	keeping->finished(keeping, outcome);
}

void keeping_tell_history(struct member_keeping *keeping)
{
	asked(keeping, store_tell_member_history(keeping->cases->store, question_of(keeping, was_told)));
}
