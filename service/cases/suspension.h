/* 一時停止: a card that was lost is stopped for the time being, and given back when it is found. Meanwhile it proves nothing
 * (R5.3), nor does a notice that is shown with it (R6). */
#ifndef SHIKAKU_CASES_SUSPENSION_H
#define SHIKAKU_CASES_SUSPENSION_H

#include <stdint.h>

#include "base/clock.h"
#include "cases/check.h"
#include "cases/principal.h"
#include "rules/identifiers.h"
#include "store/store.h"

enum suspension_medium { SUSPENSION_EVERY_MEDIUM, SUSPENSION_CARD, SUSPENSION_PHONE };
enum suspension_reason { SUSPENSION_LOST, SUSPENSION_STOLEN, SUSPENSION_OTHER };

#define SUSPENSION_MEDIA 3
#define SUSPENSION_REASONS 3
/* By the enums, as the API and the database write them; NULL for every medium. */
extern const char *const suspension_media[SUSPENSION_MEDIA];
extern const char *const suspension_reasons[SUSPENSION_REASONS];

/* What came of it. */
enum suspension_said {
	SUSPENSION_MADE,
	SUSPENSION_IN_FORCE, /* nothing more to stop: the one by which it is stopped already */
	SUSPENSION_LIFTED,
	SUSPENSION_WAS_LIFTED, /* nothing more to lift: as it is on record */
	SUSPENSION_FOUND,
	SUSPENSION_NONE, /* there is no such suspension */
	SUSPENSION_NO_MEMBER, /* the keys match nobody */
	SUSPENSION_SEVERAL_MEMBERS, /* the keys match several persons */
	SUSPENSION_NO_CARD, /* the person has no card of this medium that could be stopped */
	SUSPENSION_KEY_REUSED, /* the Idempotency-Key came with another request */
};

struct suspension_wish {
	struct typed_keys person; /* whose card */
	enum suspension_medium medium;
	enum suspension_reason reason;
	struct idempotency idempotency;
};

struct suspension {
	/* The caller's. */
	struct cases *cases;
	struct clock_reading now;
	struct principal principal;
	struct suspension_wish wish; /* for suspension_make */
	uint8_t suspension_id[UUID_BYTES]; /* for the others */
	/* It is over. With OUTCOME_OK what is `said` is stored, and where it is about a suspension `row` is that one, valid during
	 * the call; else nothing is known of it. */
	void (*finished)(struct suspension *suspension, enum outcome outcome);
	void *owner;
	/* The case's. */
	enum suspension_said said;
	bool replayed; /* the same request was answered this before */
	const struct suspension_row *row;
	struct suspension_question question;
};

/* Each calls `finished` later, or at once with an outcome other than OK. Who asked, and for which suspension, stands in the
 * security log. */
void suspension_make(struct suspension *suspension);
void suspension_lift(struct suspension *suspension);
void suspension_find(struct suspension *suspension);

#endif
