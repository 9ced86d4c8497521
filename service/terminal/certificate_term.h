/* Until when a card's certificate is good (R5.4), by this machine's clock. The service decides; this is for a warning in time. */
#ifndef SHIKAKU_TERMINAL_CERTIFICATE_TERM_H
#define SHIKAKU_TERMINAL_CERTIFICATE_TERM_H

#include <openssl/x509.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/outcome.h"

enum certificate_state {
	CERTIFICATE_NOT_YET_VALID,
	CERTIFICATE_VALID,
	CERTIFICATE_EXPIRES_SOON, /* from three months before, inclusive */
	CERTIFICATE_IN_GRACE, /* expired, and accepted for the qualification alone; a smartphone's never is */
	CERTIFICATE_EXPIRED,
};

struct certificate_term {
	enum certificate_state state;
	struct day first; /* notBefore and notAfter, as dates in Japan */
	struct day last;
	struct day grace_last;
};

/* At `wall` (microseconds since 1970-01-01T00:00:00Z). OUTCOME_INVALID: the certificate's dates cannot be read. */
enum outcome MUST_CHECK certificate_term_read(
	const X509 *certificate, int64_t wall, struct certificate_term *term);

#endif
