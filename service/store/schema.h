/* Whether the database is one that this service works with: its schema, and that it takes writes. */
#ifndef SHIKAKU_STORE_SCHEMA_H
#define SHIKAKU_STORE_SCHEMA_H

#include "store/row.h"

/* The version of the schema that this service was built for (migrations/deploy/schema.sql). A database may be newer, as long
 * as it says that services of our age still work with it. */
#define SCHEMA_WANTED 4

#define TROUBLE_AWAY "The database cannot be reached."
#define TROUBLE_READ_ONLY "The database is read-only."
#define TROUBLE_NO_SCHEMA "The database has no schema of ours: run the migrations."
#define TROUBLE_OTHER_SCHEMA "The database has a schema that this service does not work with."

/* Reads the columns after the ordinal of open_session and watch_database. NULL when all is well, else a literal that anybody may
 * read. */
const char *schema_trouble(const struct row *row);

#endif
