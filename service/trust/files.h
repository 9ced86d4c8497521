/* Reading the files that a setting names: one file, or every file of a folder in the order of their names. */
#ifndef SHIKAKU_TRUST_FILES_H
#define SHIKAKU_TRUST_FILES_H

#include <stddef.h>

#include "base/outcome.h"
#include "base/text.h"

/* Calls take(owner, path, content) for each; hidden files are passed over. Stops at the first outcome that is not OK and returns
 * it. OUTCOME_UNAVAILABLE after a log line when something cannot be read or is longer than `max`. */
enum outcome MUST_CHECK files_each(const char *path, size_t max,
	enum outcome (*take)(void *owner, const char *path, struct slice content), void *owner);

#endif
