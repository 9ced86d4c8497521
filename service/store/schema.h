/* The version of the schema that this service was built for (migrations/deploy/schema.sql). A database may be newer, as long as it
 * says that services of our age still work with it. */
#ifndef SHIKAKU_STORE_SCHEMA_H
#define SHIKAKU_STORE_SCHEMA_H

#define SCHEMA_WANTED 1

#endif
