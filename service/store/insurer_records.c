#include "store/insurer_records.h"

enum { COLUMN_OUTCOME = 1, COLUMN_DOCUMENT, COLUMN_VERSION };

static struct insurer_record_question *of(struct lane_question *question)
{
	return (struct insurer_record_question *)question;
}

#define QUESTION struct insurer_record_question
static const struct parameter_column insurer_columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_INSTANT(QUESTION, now),
	COLUMN_INSTANT_IF(QUESTION, wanted.is_known, wanted.version),
	COLUMN_TEXT(QUESTION, insurer.name),
	COLUMN_TEXT(QUESTION, insurer.issuer_name),
	COLUMN_TEXT(QUESTION, insurer.prefecture),
	COLUMN_TEXT(QUESTION, insurer.postal_code),
	COLUMN_TEXT(QUESTION, insurer.address),
	COLUMN_TEXT(QUESTION, insurer.contact),
	COLUMN_TEXT(QUESTION, insurer.seal),
	COLUMN_TEXT(QUESTION, insurer.certificate_form),
	COLUMN_NUMBER(QUESTION, insurer.certificate_months),
	COLUMN_TEXT(QUESTION, insurer.certificate_last_day),
	COLUMN_TEXT(QUESTION, insurer.notice_policy),
};
enum {
	INSURER_COLUMNS_TO_FIND = 1,
	INSURER_COLUMNS_TO_PUT = sizeof insurer_columns / sizeof *insurer_columns
};

static const struct parameter_column workplace_columns[] = {
	COLUMN_TEXT(QUESTION, insurer_number),
	COLUMN_TEXT(QUESTION, workplace_id),
	COLUMN_FLAG(QUESTION, wanted.must_exist),
	COLUMN_INSTANT_IF(QUESTION, wanted.is_known, wanted.version),
	COLUMN_INSTANT(QUESTION, now),
	COLUMN_TEXT(QUESTION, workplace.name),
	COLUMN_TEXT(QUESTION, workplace.symbol),
	COLUMN_TEXT(QUESTION, workplace.postal_code),
	COLUMN_TEXT(QUESTION, workplace.address),
	COLUMN_TEXT(QUESTION, workplace.contact),
};
enum {
	WORKPLACE_COLUMNS_TO_FIND = 2,
	WORKPLACE_COLUMNS_TO_REMOVE = 4,
	WORKPLACE_COLUMNS_TO_PUT = sizeof workplace_columns / sizeof *workplace_columns,
};

static void reset(struct lane_question *question)
{
	of(question)->outcome = (struct slice){ NULL, 0 };
	of(question)->document = (struct slice){ NULL, 0 };
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	of(question)->outcome = row_text(row, COLUMN_OUTCOME);
	of(question)->document = row_text(row, COLUMN_DOCUMENT);
	of(question)->version = row_instant(row, COLUMN_VERSION);
	return OUTCOME_OK;
}

const struct question_kind insurers_by_number = {
	.statement = STATEMENT_FIND_INSURERS,
	.columns = insurer_columns,
	.column_count = INSURER_COLUMNS_TO_FIND,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind insurers_put = {
	.statement = STATEMENT_PUT_INSURERS,
	.columns = insurer_columns,
	.column_count = INSURER_COLUMNS_TO_PUT,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind workplaces_by_id = {
	.statement = STATEMENT_FIND_WORKPLACES,
	.columns = workplace_columns,
	.column_count = WORKPLACE_COLUMNS_TO_FIND,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind workplaces_put = {
	.statement = STATEMENT_PUT_WORKPLACES,
	.columns = workplace_columns,
	.column_count = WORKPLACE_COLUMNS_TO_PUT,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};

const struct question_kind workplaces_removed = {
	.statement = STATEMENT_REMOVE_WORKPLACES,
	.columns = workplace_columns,
	.column_count = WORKPLACE_COLUMNS_TO_REMOVE,
	.reset = reset,
	.take_row = take_row,
	.retry_alone = true,
};
#undef QUESTION
