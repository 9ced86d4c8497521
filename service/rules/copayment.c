/* The share of the cost that the patient pays, by age, scheme and what the insurer registered (R7.1). */
#include "rules/copayment.h"

#include <stddef.h>

/* The first 31 March on or after the day on which age 6 is reached: school begins the day after. */
static struct day last_preschool_day(struct day born)
{
	struct day six = day_age_reached(born, 6);
	int year = day_to_civil(six).year;
	struct day last = day_from_civil((struct civil_date){ year, 3, 31 });
	if (day_compare(last, six) < 0)
		last = day_from_civil((struct civil_date){ year + 1, 3, 31 });
	return last;
}

/* Born on the 1st, 70 is reached in the month before (R1.1), and the day is the birthday itself. */
struct day elderly_first_day(struct day born)
{
	return day_plus(day_last_of_month(day_age_reached(born, 70)), 1);
}

static struct copayment as_registered(enum copayment_basis basis, const struct registered_ratio *registered)
{
	struct copayment copayment = { .basis = basis };
	if (registered != NULL) {
		copayment.percent = registered->percent;
		copayment.valid = registered->valid;
	}
	return copayment;
}

struct copayment copayment_on(
	struct day visit, struct day born, enum scheme scheme, const struct registered_ratio *registered)
{
	if (scheme == SCHEME_LATE_ELDERLY)
		return as_registered(COPAYMENT_LATE_ELDERLY, registered);
	if (day_compare(visit, elderly_first_day(born)) >= 0)
		return as_registered(COPAYMENT_ELDERLY, registered);

	struct day preschool = last_preschool_day(born);
	if (day_compare(visit, preschool) <= 0)
		return (struct copayment){ .basis = COPAYMENT_PRESCHOOL,
			.percent = 20,
			.valid.last = { .known = true, .day = preschool } };
	return (struct copayment){ .basis = COPAYMENT_STANDARD, .percent = 30 };
}
