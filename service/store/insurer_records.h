/* What an insurer keeps of itself and of its workplaces (insurer_records). */
#ifndef SHIKAKU_STORE_INSURER_RECORDS_H
#define SHIKAKU_STORE_INSURER_RECORDS_H

#include <stdint.h>

#include "base/text.h"
#include "store/lane.h"
#include "store/wanted_version.h"

/* The columns that the insurer decides; no value where there is none. */
struct insurer_values {
	struct slice name;
	struct slice issuer_name;
	struct slice prefecture;
	struct slice postal_code;
	struct slice address;
	struct slice contact;
	struct slice seal; /* base64 */
	struct slice certificate_form;
	int64_t certificate_months;
	struct slice certificate_last_day;
	struct slice notice_policy;
};

struct workplace_values {
	struct slice name;
	struct slice symbol;
	struct slice postal_code;
	struct slice address;
	struct slice contact;
};

/* A question of one of the kinds below, about the insurer or one of its workplaces. The caller fills what the kind needs and
 * `question.answered`, then asks. */
struct insurer_record_question {
	struct lane_question question; /* first */
	struct slice insurer_number; /* 8 digits; it sees nobody else's records */
	struct slice workplace_id; /* of a workplace */
	/* To change or remove: */
	struct wanted_version wanted;
	int64_t now; /* microseconds since 1970 */
	struct insurer_values insurer;
	struct workplace_values workplace;

	struct slice outcome; /* what the function said; no value: there is no such record */
	struct slice document; /* JSON; no value where nothing is to be shown */
	int64_t version; /* of the document: microseconds since 1970 */
};

extern const struct question_kind insurers_by_number;
extern const struct question_kind insurers_put;
extern const struct question_kind workplaces_by_id;
extern const struct question_kind workplaces_put;
extern const struct question_kind workplaces_removed;

#endif
