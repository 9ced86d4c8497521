/* What an insurer keeps of itself and of its workplaces (事業所), for whoever prints papers and sends them (R11.2, R15). */
#ifndef SHIKAKU_CASES_INSURER_RECORD_H
#define SHIKAKU_CASES_INSURER_RECORD_H

#include "base/clock.h"
#include "cases/cases.h"
#include "cases/principal.h"
#include "store/store.h"

/* What came of it. */
enum insurer_record_said {
	INSURER_RECORD_FOUND,
	INSURER_RECORD_MADE,
	INSURER_RECORD_CHANGED, /* also where nothing was to be changed */
	INSURER_RECORD_REMOVED,
	INSURER_RECORD_NONE, /* there is no such record */
	INSURER_RECORD_OTHER_VERSION, /* it is not the one that was wanted; nothing was changed */
	INSURER_RECORD_IN_USE, /* members belong to the workplace */
};

struct insurer_record {
	/* The caller's. The question's `insurer_number`, and `wanted`, `insurer`, `workplace_id`, `workplace` as the call needs. */
	struct cases *cases;
	struct clock_reading now;
	struct principal principal;
	struct insurer_record_question question;
	/* It is over. With OUTCOME_OK what is `said` is stored, and the question's `document` and `version` are the record's where there
	 * is one to show, valid during the call; else nothing is known of it. */
	void (*finished)(struct insurer_record *record, enum outcome outcome);
	void *owner;
	/* The case's. */
	enum insurer_record_said said;
};

/* Each calls `finished` later, or at once with an outcome other than OK. A change of the insurer's own record stands in the security
 * log: papers bear its seal. */
void insurer_find(struct insurer_record *record);
void insurer_put(struct insurer_record *record);
void workplace_find(struct insurer_record *record);
void workplace_put(struct insurer_record *record);
void workplace_remove(struct insurer_record *record);

#endif
