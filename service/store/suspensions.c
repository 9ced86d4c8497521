#include "store/suspensions.h"

#include <string.h>

/* The columns of all three statements. */
enum {
	COLUMN_OUTCOME = 1,
	COLUMN_REPLAYED,
	COLUMN_SUSPENSION_ID,
	COLUMN_MEDIUM,
	COLUMN_REASON,
	COLUMN_SUSPENDED_AT,
	COLUMN_LIFTED_AT,
	COLUMN_CARDS
};

static struct suspension_question *of(struct lane_question *question)
{
	return (struct suspension_question *)question;
}

static const struct idempotency *idempotency_of(struct lane_question *question)
{
	return &of(question)->idempotency;
}

static void bind_ids(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	(void)context;
	parameters_array(parameters, PARAMETER_UUID, count);
	for (size_t i = 0; i < count; i++) {
		parameters_bytes(parameters, of(questions[i])->suspension_id, UUID_BYTES);
		of(questions[i])->outcome = (struct slice){ NULL, 0 };
		of(questions[i])->found = false;
	}
}

static void bind_lifting(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	bind_ids(parameters, questions, count, context);
	parameters_array(parameters, PARAMETER_INSTANT, count);
	for (size_t i = 0; i < count; i++)
		parameters_instant(parameters, of(questions[i])->now);
	parameters_array(parameters, PARAMETER_INT8, count);
	for (size_t i = 0; i < count; i++)
		parameters_int8(parameters, of(questions[i])->token_id);
}

static void bind_texts(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, size_t offset)
{
	parameters_array(parameters, PARAMETER_TEXT, count);
	for (size_t i = 0; i < count; i++) {
		const struct slice *text = (const void *)((const char *)of(questions[i]) + offset);
		parameters_text(parameters, *text);
	}
}

static void bind_making(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	bind_lifting(parameters, questions, count, context);
	bind_texts(parameters, questions, count, offsetof(struct suspension_question, insurer_number));
	bind_texts(parameters, questions, count, offsetof(struct suspension_question, number_key));
	parameters_array(parameters, PARAMETER_DATE, count);
	for (size_t i = 0; i < count; i++)
		parameters_day(parameters, of(questions[i])->birth_date);
	bind_texts(parameters, questions, count, offsetof(struct suspension_question, symbol_key));
	bind_texts(parameters, questions, count, offsetof(struct suspension_question, branch_number));
	bind_texts(parameters, questions, count, offsetof(struct suspension_question, medium));
	bind_texts(parameters, questions, count, offsetof(struct suspension_question, reason));
	idempotency_bind(parameters, questions, count, idempotency_of);
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	struct suspension_question *suspension = of(question);
	struct suspension_row *found = &suspension->row;
	struct slice id = row_text(row, COLUMN_SUSPENSION_ID);
	suspension->outcome = row_text(row, COLUMN_OUTCOME);
	suspension->replayed = row_bool(row, COLUMN_REPLAYED);
	suspension->found = id.length == UUID_BYTES;
	if (!suspension->found)
		return OUTCOME_OK;
	memcpy(found->suspension_id, id.at, UUID_BYTES);
	found->medium = row_text(row, COLUMN_MEDIUM);
	found->reason = row_text(row, COLUMN_REASON);
	found->suspended_at = row_instant(row, COLUMN_SUSPENDED_AT);
	found->lifted = row_has(row, COLUMN_LIFTED_AT);
	found->lifted_at = row_instant(row, COLUMN_LIFTED_AT);
	found->cards = row_integer(row, COLUMN_CARDS);
	return OUTCOME_OK;
}

const struct question_kind suspensions_made = {
	.statement = STATEMENT_SUSPEND_CARDS,
	.bind = bind_making,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind suspensions_lifted = {
	.statement = STATEMENT_LIFT_CARD_SUSPENSIONS,
	.bind = bind_lifting,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind suspensions_by_id = {
	.statement = STATEMENT_FIND_CARD_SUSPENSIONS,
	.bind = bind_ids,
	.take_row = take_row,
	.retry_alone = true,
};
