#include "cases/record.h"

#include "base/clock.h"
#include "base/uuid.h"

/* No length of a text: what follows is a month. */
#define CARE_MONTH_FOLLOWS UINT64_MAX

static void add_optional(struct hasher *hasher, bool known, int64_t value)
{
	hasher_add_number(hasher, known ? 1 : 0);
	hasher_add_number(hasher, known ? (uint64_t)value : 0);
}

void record_digest(void *owner, const struct check_record *record, const struct check_place *place,
	uint8_t digest[DIGEST_SIZE])
{
	struct hasher *hasher = owner;
	hasher_begin(hasher);
	hasher_add(hasher, place->previous, sizeof place->previous);
	hasher_add(hasher, place->chain_id, sizeof place->chain_id);
	hasher_add_number(hasher, (uint64_t)place->position);
	hasher_add(hasher, record->check_id, sizeof record->check_id);
	hasher_add_number(hasher, (uint64_t)record->checked_at);
	hasher_add(hasher, record->answer_digest, sizeof record->answer_digest);
	hasher_add(hasher, record->keys_digest, sizeof record->keys_digest);
	hasher_add_number(hasher, (uint64_t)record->token_id);
	hasher_add_number(hasher, record->owner.length);
	hasher_add(hasher, record->owner.at, record->owner.length);
	hasher_add_number(hasher, (uint64_t)record->visit_date.number);
	add_optional(hasher, record->has_known_at, record->known_at);
	hasher_add_number(hasher, (uint64_t)record->presented);
	hasher_add_number(hasher, (uint64_t)record->setting);
	hasher_add_number(hasher, record->with_card ? 1 : 0);
	hasher_add_number(hasher, (uint64_t)record->validity);
	hasher_add_number(hasher, record->accepted ? 1 : 0);
	hasher_add_number(hasher, record->reasons);
	add_optional(hasher, record->identified, record->membership_id);
	add_optional(hasher, record->identified, record->data_version);
	if (record->insurer_number.at != NULL) {
		hasher_add_number(hasher, record->insurer_number.length);
		hasher_add(hasher, record->insurer_number.at, record->insurer_number.length);
	}
	if (record->has_care_month) {
		hasher_add_number(hasher, CARE_MONTH_FOLLOWS);
		hasher_add_number(hasher, (uint64_t)record->care_month.number);
	}
	hasher_end(hasher, digest);
}

static void new_chain_id(void *owner, uint8_t id[UUID_BYTES])
{
	(void)owner;
	uuid_make(clock_read().wall, id);
}

struct check_chain record_chain(struct hasher *hasher)
{
	return (struct check_chain){ .digest = record_digest, .new_id = new_chain_id, .owner = hasher };
}
