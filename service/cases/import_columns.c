#include "cases/import_columns.h"

#include <string.h>

int import_column_find(struct slice name)
{
	for (int field = 0; field < (int)MEMBER_FIELDS; field++) {
		if (slice_is(name, member_fields[field].column))
			return field;
	}
	return slice_is(name, "insurer_number") ? IMPORT_INSURER_NUMBER : IMPORT_NO_COLUMN;
}

static enum outcome refuse(enum import_fault *fault, enum import_fault why, struct staging_error *error,
	const char *field, const char *reason)
{
	*fault = why;
	error->field = field;
	error->value_class = "line";
	error->reason = reason;
	return OUTCOME_REFUSED;
}

static const char *name_of(int field)
{
	return field == IMPORT_INSURER_NUMBER ? "insurer_number" : member_fields[field].column;
}

/* What every row needs must have a column; the groups a row may do without. */
static const char *first_missing(const bool seen[MEMBER_FIELDS + 1])
{
	for (int field = 0; field < (int)MEMBER_FIELDS; field++) {
		bool wanted =
			field == MEMBER_MEMBER_ID ||
			(member_fields[field].group == MEMBER_GROUP_PERSON && member_fields[field].required);
		if (wanted && !seen[field])
			return name_of(field);
	}
	return NULL;
}

enum outcome import_columns_read(struct import_columns *columns, const struct slice names[], size_t count,
	enum import_fault *fault, struct staging_error *error)
{
	bool seen[MEMBER_FIELDS + 1] = { false };
	for (size_t i = 0; i < count && i < IMPORT_COLUMNS_MAX; i++) {
		int field = names[i].at == NULL ? IMPORT_NO_COLUMN : import_column_find(slice_trim(names[i]));
		if (field == IMPORT_NO_COLUMN)
			return refuse(fault, IMPORT_UNKNOWN_COLUMN, error, NULL, "unknown_column");
		if (seen[field])
			return refuse(fault, IMPORT_BAD_HEADER, error, name_of(field), "duplicate_column");
		seen[field] = true;
		columns->fields[i] = field;
	}
	if (count > IMPORT_COLUMNS_MAX)
		return refuse(fault, IMPORT_UNKNOWN_COLUMN, error, NULL, "unknown_column");
	columns->count = count;
	const char *missing = first_missing(seen);
	if (missing != NULL)
		return refuse(fault, IMPORT_BAD_HEADER, error, missing, "missing_column");
	return OUTCOME_OK;
}
