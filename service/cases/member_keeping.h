/* An insurer registers, corrects and ends the membership of one person (R3, R8.1). */
#ifndef SHIKAKU_CASES_MEMBER_KEEPING_H
#define SHIKAKU_CASES_MEMBER_KEEPING_H

#include "base/clock.h"
#include "cases/cases.h"
#include "cases/whole_record.h"
#include "cases/principal.h"
#include "store/store.h"

/* What came of it. */
enum keeping_said {
	KEEPING_CREATED,
	KEEPING_CHANGED,
	KEEPING_UNCHANGED, /* it was so already */
	KEEPING_FOUND,
	KEEPING_NONE, /* there is no such member */
	KEEPING_EXISTS, /* there is one, and who was to be registered had to be new */
	KEEPING_OTHER_VERSION, /* the record is not the one that was wanted */
	KEEPING_REFUSED, /* `faults` says why */
	KEEPING_IN_USE, /* another record depends on a period that would be withdrawn */
	KEEPING_IMPORT_RUNNING, /* an import holds the record */
	KEEPING_KEY_REUSED, /* the Idempotency-Key came with another request */
};

struct member_keeping {
	/* The caller's. Texts live until `finished`. */
	struct arena *arena; /* for what the case has to keep */
	struct cases *cases;
	struct clock_reading now;
	struct principal principal;
	const char *insurer_number; /* 8 digits */
	struct slice member_id; /* in its one spelling */
	struct idempotency idempotency;
	struct wanted_version wanted;
	bool must_be_new; /* only for keeping_put */
	struct whole_record record; /* for keeping_put; for keeping_change `change` fills it */
	/* For keeping_change: makes `record` of what is on record (a document of the API, valid during the call). May be called
	 * again, when somebody else was faster. OUTCOME_REFUSED: it cannot be changed so, and the caller knows why. */
	enum outcome (*change)(struct member_keeping *keeping, struct slice document);
	/* It is over. With OUTCOME_OK what is `said` is stored, and where the record is shown `document` and `version` are it, valid
	 * during the call; else nothing is known of it. */
	void (*finished)(struct member_keeping *keeping, enum outcome outcome);
	void *owner;

	/* The case's. */
	enum keeping_said said;
	bool replayed; /* the same request was answered this before */
	struct slice document; /* JSON */
	int64_t version;
	struct record_faults faults;
	struct member_question question;
	struct wanted_version read_version;
	int tries;
};

/* Each calls `finished` later, or at once. Every write leaves a line in the security log: who, and whose record, by its insurer
 * alone. */

/* Makes the record what `record` says; the same again changes nothing. */
void keeping_put(struct member_keeping *keeping);
void keeping_read(struct member_keeping *keeping);
/* Reads, changes, and writes what was read if nobody else has meanwhile. */
void keeping_change(struct member_keeping *keeping);
/* All that was ever known (R3.4); `document` is it. */
void keeping_tell_history(struct member_keeping *keeping);

#endif
