/* 誤登録防止: numbers that insurers registered are asked about at the resident register, and what it says is recorded (R8.1, R8.2). In
 * one thread that may wait; any number of threads and processes share the work. */
#ifndef SHIKAKU_CASES_LINK_CHECK_H
#define SHIKAKU_CASES_LINK_CHECK_H

#include <stdbool.h>

#include "base/config.h"
#include "base/outcome.h"
#include "store/plain.h"
#include "trust/sealing.h"

struct link_checker;

/* `database`, `key` and `config`, which names a register, outlive it. */
enum outcome MUST_CHECK link_checker_open(struct link_checker **opened, const struct config *config,
	struct plain *database, const struct sealing_key *key);
/* What is under way is given back, to be asked again at once. */
void link_checker_close(struct link_checker *checker);

/* Asks about every number that is due, so many at a time, until none is, or the register seems to be away, or stopping(owner). The
 * register's silence is no failure: what it did not answer waits. Everything but OUTCOME_OK: the database's trouble. */
enum outcome MUST_CHECK link_check_run(
	struct link_checker *checker, bool (*stopping)(void *owner), void *owner);

#endif
