#include "terminal/day_print.h"

#include <string.h>

#define ERA_SIZE 64

void day_print(FILE *out, struct day day)
{
	struct civil_date date = day_to_civil(day);
	fprintf(out, "%d年%d月%d日", date.year, date.month, date.day);
	char era[ERA_SIZE];
	if (day_format_era(day, era, sizeof era) == OUTCOME_OK)
		fprintf(out, "（%s）", era);
}

void month_print(FILE *out, struct day first)
{
	struct civil_date date = day_to_civil(first);
	fprintf(out, "%d年%d月", date.year, date.month);
	char era[ERA_SIZE];
	if (day_format_era(first, era, sizeof era) == OUTCOME_OK)
		fprintf(out, "（%.*s）", (int)(strlen(era) - strlen("1日")), era);
}
