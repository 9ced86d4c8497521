#include "store/checks.h"

#include <string.h>

#define COLUMN_CHAIN_HEAD 4
/* Far from where positions end. */
#define CHAIN_LONGEST (INT32_C(1) << 30)

static const struct check_record *record_of(struct lane_question *question)
{
	return &((struct record_question *)question)->record;
}

void checks_begin_chain(struct check_chain *chain, const struct row *session)
{
	struct slice head = row_text(session, COLUMN_CHAIN_HEAD);
	memset(&chain->stored, 0, sizeof chain->stored);
	chain->new_id(chain->owner, chain->stored.chain_id);
	if (head.length == DIGEST_SIZE) {
		memcpy(chain->stored.previous, head.at, DIGEST_SIZE);
		chain->stored.follows_known = true;
	}
}

static void bind_chain(struct parameters *parameters, struct lane_question *const questions[], size_t count,
	struct check_chain *chain)
{
	const struct check_place first = chain->stored;
	parameters_array(parameters, PARAMETER_UUID, count);
	for (size_t i = 0; i < count; i++)
		parameters_bytes(parameters, first.chain_id, UUID_SIZE);
	parameters_array(parameters, PARAMETER_INT4, count);
	for (size_t i = 0; i < count; i++)
		parameters_int4(parameters, first.position + (int32_t)i);
	parameters_array(parameters, PARAMETER_BYTES, count);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 && first.position == 0 && first.follows_known)
			parameters_bytes(parameters, first.previous, DIGEST_SIZE);
		else
			parameters_null(parameters);
	}
	chain->sending = first;
	parameters_array(parameters, PARAMETER_BYTES, count);
	for (size_t i = 0; i < count; i++) {
		struct check_place *place = &chain->sending;
		uint8_t digest[DIGEST_SIZE];
		chain->digest(chain->owner, record_of(questions[i]), place, digest);
		parameters_bytes(parameters, digest, DIGEST_SIZE);
		memcpy(place->previous, digest, DIGEST_SIZE);
		place->position++;
	}
}

static void bind_answer(struct parameters *parameters, struct lane_question *const questions[], size_t count)
{
	parameters_array(parameters, PARAMETER_INT2, count);
	for (size_t i = 0; i < count; i++)
		parameters_int2(parameters, (int16_t)record_of(questions[i])->validity);
	parameters_array(parameters, PARAMETER_BOOL, count);
	for (size_t i = 0; i < count; i++)
		parameters_bool(parameters, record_of(questions[i])->accepted);
	parameters_array(parameters, PARAMETER_INT8, count);
	for (size_t i = 0; i < count; i++)
		parameters_int8(parameters, (int64_t)record_of(questions[i])->reasons);
	parameters_array(parameters, PARAMETER_INT8, count);
	for (size_t i = 0; i < count; i++) {
		if (record_of(questions[i])->identified)
			parameters_int8(parameters, record_of(questions[i])->membership_id);
		else
			parameters_null(parameters);
	}
	parameters_array(parameters, PARAMETER_INT8, count);
	for (size_t i = 0; i < count; i++) {
		if (record_of(questions[i])->identified)
			parameters_int8(parameters, record_of(questions[i])->data_version);
		else
			parameters_null(parameters);
	}
	parameters_array(parameters, PARAMETER_BYTES, count);
	for (size_t i = 0; i < count; i++)
		parameters_bytes(parameters, record_of(questions[i])->keys_digest, DIGEST_SIZE);
}

static void bind_records(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	parameters_array(parameters, PARAMETER_UUID, count);
	for (size_t i = 0; i < count; i++)
		parameters_bytes(parameters, record_of(questions[i])->check_id, UUID_SIZE);
	parameters_array(parameters, PARAMETER_INSTANT, count);
	for (size_t i = 0; i < count; i++)
		parameters_instant(parameters, record_of(questions[i])->checked_at);
	bind_chain(parameters, questions, count, context);
	parameters_array(parameters, PARAMETER_BYTES, count);
	for (size_t i = 0; i < count; i++)
		parameters_bytes(parameters, record_of(questions[i])->answer_digest, DIGEST_SIZE);
	parameters_array(parameters, PARAMETER_INT8, count);
	for (size_t i = 0; i < count; i++)
		parameters_int8(parameters, record_of(questions[i])->token_id);
	parameters_array(parameters, PARAMETER_TEXT, count);
	for (size_t i = 0; i < count; i++)
		parameters_text(parameters, record_of(questions[i])->owner);
	parameters_array(parameters, PARAMETER_DATE, count);
	for (size_t i = 0; i < count; i++)
		parameters_day(parameters, record_of(questions[i])->visit_date);
	parameters_array(parameters, PARAMETER_INSTANT, count);
	for (size_t i = 0; i < count; i++) {
		if (record_of(questions[i])->has_known_at)
			parameters_instant(parameters, record_of(questions[i])->known_at);
		else
			parameters_null(parameters);
	}
	parameters_array(parameters, PARAMETER_INT2, count);
	for (size_t i = 0; i < count; i++)
		parameters_int2(parameters, (int16_t)record_of(questions[i])->presented);
	parameters_array(parameters, PARAMETER_INT2, count);
	for (size_t i = 0; i < count; i++)
		parameters_int2(parameters, (int16_t)record_of(questions[i])->setting);
	parameters_array(parameters, PARAMETER_BOOL, count);
	for (size_t i = 0; i < count; i++)
		parameters_bool(parameters, record_of(questions[i])->with_card);
	bind_answer(parameters, questions, count);
}

static void records_stored(void *context)
{
	struct check_chain *chain = context;
	chain->stored = chain->sending;
	if (chain->stored.position >= CHAIN_LONGEST) {
		/* A new chain follows this one's head. */
		chain->new_id(chain->owner, chain->stored.chain_id);
		chain->stored.position = 0;
		chain->stored.follows_known = true;
	}
}

void checks_kind(struct question_kind *kind, struct check_chain *chain)
{
	*kind = (struct question_kind){
		.statement = STATEMENT_RECORD_CHECKS,
		.bind = bind_records,
		.stored = records_stored,
		.context = chain,
	};
}
