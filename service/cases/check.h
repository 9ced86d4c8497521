/* 資格確認: is this person covered on the day of care, at which share, and may what was shown be accepted? The main job. */
#ifndef SHIKAKU_CASES_CHECK_H
#define SHIKAKU_CASES_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cases/card_proof.h"
#include "cases/cases.h"
#include "cases/limit.h"
#include "cases/principal.h"
#include "rules/copayment.h"
#include "rules/eligibility.h"
#include "rules/presentation.h"
#include "store/store.h"

/* How far ahead a visit date may lie (R4.3). */
#define VISIT_DAYS_AHEAD 31

/* What the patient agreed to at the reader (R12.1). */
struct consents {
	bool limit_information;
	bool surgeries;
	bool diagnoses_medicines;
	bool health_checkups;
	bool specific_diseases;
};

/* What a terminal asks, normalised (R2). By card the keys have no values, and `card` has; by typed keys the other way round. */
struct check_question {
	struct day visit;
	bool has_known_at;
	int64_t known_at; /* microseconds since 1970, not after now */
	struct presentation shown;
	struct typed_keys keys;
	struct card_shown card;
	struct consents consents;
};

struct check_answer {
	int64_t checked_at; /* microseconds since 1970 */
	enum validity validity;
	bool accepted;
	struct reason_set reasons;
	struct next_action_set next_actions;
	/* The membership that is meant; NULL when none was identified. Valid while the answer is written. */
	const struct standing *standing;
	bool address_withheld; /* 不開示 (R14) */
	bool qualification_only; /* accepted by a certificate in its grace time (R5.4) */
	struct cover cover;
	bool has_copayment; /* only with VALIDITY_VALID */
	struct copayment copayment;
	struct limit_told limit; /* the same */
	bool diseases_told; /* 特定疾病: by an accepted card whose holder agreed (R7.9, R5.4) */
};

struct check {
	/* The caller's. */
	struct cases *cases;
	struct arena *arena;
	struct clock_reading now;
	struct principal principal;
	uint8_t check_id[UUID_BYTES];
	struct check_question question;
	/* Writes the answer into the arena: its bytes are what the record's digest is of. */
	enum outcome (*write)(struct check *check, struct slice *bytes);
	/* The check is over. With OUTCOME_OK it is on record and `bytes` may leave; else nothing may be said of the person.
	 * OUTCOME_REFUSED: the card is not proved, and proof.refusal says why. */
	void (*finished)(struct check *check, enum outcome outcome);
	void *owner;
	/* The case's. */
	struct check_answer answer;
	struct slice bytes;
	struct standings_question look_up; /* by typed keys */
	struct card_proof proof; /* by card */
	char about_insurer[INSURER_NUMBER_DIGITS]; /* what the record names */
	struct record_question record;
};

/* Begins; `finished` is called later, or at once with an outcome other than OK. The check lives in `arena` until then. */
void check_begin(struct check *check);

#endif
