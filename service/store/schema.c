#include "store/schema.h"

#include <inttypes.h>

#include "base/log.h"

const char *schema_trouble(const struct row *row)
{
	int64_t version = row_integer(row, 1);
	int64_t oldest = row_integer(row, 2);
	if (oldest > SCHEMA_WANTED || version < SCHEMA_WANTED) {
		log_line(LOG_LEVEL_WARNING, "store",
			"the schema is version %" PRId64 " for services from %" PRId64 ", this one needs %d",
			version, oldest, SCHEMA_WANTED);
		return TROUBLE_OTHER_SCHEMA;
	}
	return row_bool(row, 3) ? TROUBLE_READ_ONLY : NULL;
}

static void bind_nothing(
	struct parameters *parameters, struct lane_question *const questions[], size_t count, void *context)
{
	(void)parameters;
	(void)context;
	for (size_t i = 0; i < count; i++)
		((struct watch_question *)questions[i])->trouble = TROUBLE_NO_SCHEMA;
}

static enum outcome take_row(struct lane_question *question, const struct row *row)
{
	((struct watch_question *)question)->trouble = schema_trouble(row);
	return OUTCOME_OK;
}

const struct question_kind watch_database = {
	.statement = STATEMENT_WATCH_DATABASE,
	.bind = bind_nothing,
	.take_row = take_row,
};
