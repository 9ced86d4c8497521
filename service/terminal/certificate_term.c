#include "terminal/certificate_term.h"

#include <stdbool.h>
#include <time.h>

#include "base/clock.h"

#define GRACE_MONTHS 3
#define SOON_MONTHS 3

static bool read_time(const ASN1_TIME *time, int64_t *wall)
{
	struct tm parts;
	if (ASN1_TIME_to_tm(time, &parts) != 1)
		return false;
	*wall = (int64_t)timegm(&parts) * MICROSECONDS;
	return true;
}

enum outcome certificate_term_read(const X509 *certificate, int64_t wall, struct certificate_term *term)
{
	int64_t first = 0;
	int64_t last = 0;
	if (!read_time(X509_get0_notBefore(certificate), &first) ||
		!read_time(X509_get0_notAfter(certificate), &last))
		return OUTCOME_INVALID;
	struct day today = day_in_japan(wall);
	term->first = day_in_japan(first);
	term->last = day_in_japan(last);
	term->grace_last = day_last_of_month(day_plus_months(term->last, GRACE_MONTHS));
	term->state = CERTIFICATE_VALID;
	if (wall < first)
		term->state = CERTIFICATE_NOT_YET_VALID;
	else if (wall > last)
		term->state = day_compare(today, term->grace_last) <= 0 ? CERTIFICATE_IN_GRACE
									: CERTIFICATE_EXPIRED;
	else if (day_compare(today, day_plus_months(term->last, -SOON_MONTHS)) >= 0)
		term->state = CERTIFICATE_EXPIRES_SOON;
	return OUTCOME_OK;
}
