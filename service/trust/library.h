/* OpenSSL's want of memory. It says so as if its input were bad, or says nothing and goes on with less; but for want of memory a
 * card's proof must not be called invalid, nor a revocation list be taken for a shorter one. */
#ifndef SHIKAKU_TRUST_LIBRARY_H
#define SHIKAKU_TRUST_LIBRARY_H

#include <stdbool.h>

#include "base/outcome.h"

/* Once, before anything else is asked of OpenSSL: it then takes its memory where a want of it is noticed. */
enum outcome MUST_CHECK library_open(void);

/* What OpenSSL says between these two counts only when the second says false. Of this thread. */
void library_watch(void);
bool library_ran_short(void);

/* OUTCOME_NO_MEMORY when memory ran short, else `outcome`. */
enum outcome library_outcome(enum outcome outcome);

#endif
