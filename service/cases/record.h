/* What is kept of a check, and how records are chained (R13). */
#ifndef SHIKAKU_CASES_RECORD_H
#define SHIKAKU_CASES_RECORD_H

#include "store/checks.h"
#include "trust/digest.h"

/* The digest of a record in its place (`owner` is a struct hasher): SHA-256 over the predecessor's digest (32 zero bytes where none is known), the chain, the
 * position and every column, numbers as 8 bytes big-endian, texts with their length before them. The insurer's number comes last and only
 * where it has a value: records from before there was one keep their digests. */
void record_digest(void *owner, const struct check_record *record, const struct check_place *place,
	uint8_t digest[DIGEST_SIZE]);

/* A chain whose digests are computed with this hasher. */
struct check_chain record_chain(struct hasher *hasher);

#endif
