/* What the resident register is asked and what its answers mean (openapi/resident-register.yaml): the words of both questions, for
 * the link check and for the desk. An answer that is not as the contract says is no answer. */
#ifndef SHIKAKU_CASES_RESIDENT_REGISTER_H
#define SHIKAKU_CASES_RESIDENT_REGISTER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/text.h"
#include "net/outbound.h"
#include "rules/link.h"

#define PERSON_CODE_MAX 128
/* A desk does not wait longer. */
#define REGISTER_DESK_TIMEOUT_MS 3000

#define REGISTER_LINK_CHECKS "/link-checks"
#define REGISTER_CARD_LOOKUPS "/card-lookups"

/* The line to the register that the settings name; `loop` as of outbound_create. `*opened` stays NULL where none is configured.
 * OUTCOME_INVALID or OUTCOME_UNAVAILABLE: it is, and wrongly; a log line has said how. */
enum outcome MUST_CHECK register_line_open(
	struct outbound **opened, struct loop *loop, const struct config *config);

struct link_question {
	struct slice individual_number; /* 12 digits */
	struct slice name;
	struct slice name_kana;
	struct slice birth_date; /* YYYY-MM-DD */
	struct slice address; /* no value: none is registered, which never agrees */
	struct slice sex;
};

struct link_answer {
	bool agrees[LINK_ATTRIBUTES];
	struct slice person_code; /* no value: the number is nobody's */
};

/* A body in `arena`, all of it in one place: it holds the number, and who has sent it wipes it. */
enum outcome MUST_CHECK register_write_link_check(
	struct arena *arena, const struct link_question *question, struct text *body);
/* Texts in `arena`. OUTCOME_UNAVAILABLE: it is no answer; a log line has said why, without a word of it. */
enum outcome MUST_CHECK register_read_link_check(
	struct arena *arena, const struct outbound_question *answered, struct link_answer *answer);

/* Both in lower-case hexadecimal. */
enum outcome MUST_CHECK register_write_card_lookup(
	struct arena *arena, struct slice issuer_key_identifier, struct slice serial, struct slice *body);
/* OUTCOME_NOT_FOUND: the register knows no such certificate. OUTCOME_UNAVAILABLE as above. */
enum outcome MUST_CHECK register_read_card_lookup(
	struct arena *arena, const struct outbound_question *answered, struct slice *person_code);

#endif
