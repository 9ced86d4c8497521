/* Which version of a record may be changed: whoever has seen an older one must not undo what came since. */
#ifndef SHIKAKU_STORE_WANTED_VERSION_H
#define SHIKAKU_STORE_WANTED_VERSION_H

#include <stdbool.h>
#include <stdint.h>

struct wanted_version {
	bool must_exist; /* any version will do, but there must be one */
	bool is_known; /* only `version` will do */
	int64_t version; /* as the database gave it: microseconds since 1970 of most records */
};

#endif
