#include "store/checks.h"

#include <string.h>

#define COLUMN_CHAIN_HEAD 4
/* Far from where positions end. */
#define CHAIN_LONGEST (INT32_C(1) << 30)

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

#define QUESTION struct record_question
static const struct parameter_column columns[] = {
	COLUMN_UUID(QUESTION, record.check_id),
	COLUMN_INSTANT(QUESTION, record.checked_at),
	COLUMN_DIGEST(QUESTION, record.answer_digest),
	COLUMN_DIGEST(QUESTION, record.keys_digest),
	COLUMN_NUMBER(QUESTION, record.token_id),
	COLUMN_TEXT(QUESTION, record.owner),
	COLUMN_DAY(QUESTION, record.visit_date),
	COLUMN_INSTANT_IF(QUESTION, record.has_known_at, record.known_at),
	COLUMN_CODE(QUESTION, record.presented),
	COLUMN_CODE(QUESTION, record.setting),
	COLUMN_FLAG(QUESTION, record.with_card),
	COLUMN_CODE(QUESTION, record.validity),
	COLUMN_FLAG(QUESTION, record.accepted),
	COLUMN_BITS(QUESTION, record.reasons),
	COLUMN_NUMBER_IF(QUESTION, record.identified, record.membership_id),
	COLUMN_NUMBER_IF(QUESTION, record.identified, record.data_version),
	COLUMN_TEXT(QUESTION, record.insurer_number),
	COLUMN_DAY_IF(QUESTION, record.has_care_month, record.care_month),
};

/* The place of each record in the chain. */
static void bind_chain(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	struct check_chain *chain = context;
	const struct check_place first = chain->stored;
	parameters_array(parameters, PARAMETER_UUID, count);
	for (size_t i = 0; i < count; i++)
		parameters_bytes(parameters, first.chain_id, UUID_BYTES);
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
		const struct record_question *question = (const struct record_question *)questions[i];
		uint8_t digest[DIGEST_SIZE];
		chain->digest(chain->owner, &question->record, place, digest);
		parameters_bytes(parameters, digest, DIGEST_SIZE);
		memcpy(place->previous, digest, DIGEST_SIZE);
		place->position++;
	}
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
		.columns = columns,
		.column_count = sizeof columns / sizeof *columns,
		.bind = bind_chain,
		.stored = records_stored,
		.context = chain,
	};
}
