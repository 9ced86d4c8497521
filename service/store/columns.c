#include "store/columns.h"

static const enum parameter_type types[] = {
	[FORM_TEXT] = PARAMETER_TEXT,
	[FORM_UUID] = PARAMETER_UUID,
	[FORM_DIGEST] = PARAMETER_BYTES,
	[FORM_DAY] = PARAMETER_DATE,
	[FORM_INSTANT] = PARAMETER_INSTANT,
	[FORM_NUMBER] = PARAMETER_INT8,
	[FORM_BITS] = PARAMETER_INT8,
	[FORM_CODE] = PARAMETER_INT2,
	[FORM_FLAG] = PARAMETER_BOOL,
};

static void put(struct parameters *parameters, enum column_form form, const void *value)
{
	switch (form) {
	case FORM_TEXT:
		parameters_text(parameters, *(const struct slice *)value);
		return;
	case FORM_UUID:
		parameters_bytes(parameters, value, UUID_BYTES);
		return;
	case FORM_DIGEST:
		parameters_bytes(parameters, value, DIGEST_SIZE);
		return;
	case FORM_DAY:
		parameters_day(parameters, *(const struct day *)value);
		return;
	case FORM_INSTANT:
		parameters_instant(parameters, *(const int64_t *)value);
		return;
	case FORM_NUMBER:
		parameters_int8(parameters, *(const int64_t *)value);
		return;
	case FORM_BITS:
		parameters_int8(parameters, (int64_t) * (const uint64_t *)value);
		return;
	case FORM_CODE:
		parameters_int2(parameters, (int16_t) * (const int *)value);
		return;
	case FORM_FLAG:
		parameters_bool(parameters, *(const bool *)value);
		return;
	}
}

void columns_bind(struct parameters *parameters, const struct parameter_column columns[], size_t column_count,
	struct lane_question *const questions[], size_t count)
{
	for (size_t i = 0; i < column_count; i++) {
		const struct parameter_column *column = &columns[i];
		parameters_array(parameters, types[column->form], count);
		for (size_t k = 0; k < count; k++) {
			const char *question = (const char *)questions[k];
			if (column->given != COLUMN_ALWAYS && !*(const bool *)(question + column->given))
				parameters_null(parameters);
			else
				put(parameters, column->form, question + column->value);
		}
	}
}
