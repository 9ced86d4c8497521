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
