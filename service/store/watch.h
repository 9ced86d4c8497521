/* Looking at the database while nobody asks it anything. */
#ifndef SHIKAKU_STORE_WATCH_H
#define SHIKAKU_STORE_WATCH_H

#include "store/lane.h"

/* Asked every second on each loop: a database that was migrated, turned read-only or froze under open connections makes the
 * service unready though nobody asks it anything. */
struct watch_question {
	struct lane_question question; /* first */
	const char *trouble;
	struct slice challenge_key; /* valid while it is answered; no value where none came */
};

extern const struct question_kind watch_database;

#endif
