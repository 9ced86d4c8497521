/* POST /v1/eligibility-checks and POST /v1/limit-queries take 64 KiB of anything from whoever has a token: JSON, then every field. What
 * has no fault noted must be a whole question. */
#include "target.h"

#include <string.h>

#include "api/eligibility_checks.h"
#include "api/limit_queries.h"
#include "base/json.h"

#define BODY_MAX ((size_t)64 * 1024)
/* 2026-11-22T12:00:00+09:00 */
#define NOW INT64_C(1795316400000000)

static void look_at_card(const struct card_shown *card)
{
	MUST_HOLD(card->certificate.at != NULL && card->certificate.length >= 1 &&
		  card->certificate.length <= 6144);
	MUST_HOLD(card->signature.at != NULL && card->signature.length >= 1 && card->signature.length <= 768);
	MUST_HOLD(card->challenge.at != NULL && card->challenge.length >= 1 && card->challenge.length <= 200);
	MUST_HOLD(card->algorithm <= SIGNATURE_ES384);
}

static void look_at_keys(const struct check_question *question)
{
	MUST_HOLD(strlen(question->keys.insurer_number) == INSURER_NUMBER_DIGITS);
	MUST_HOLD(strspn(question->keys.insurer_number, "0123456789") == INSURER_NUMBER_DIGITS);
	MUST_HOLD(question->keys.number_key.at != NULL && question->keys.number_key.length >= 1);
	MUST_HOLD(question->keys.branch_number.at == NULL ||
		  question->keys.branch_number.length == BRANCH_NUMBER_DIGITS);
	MUST_HOLD(question->keys.birth_date.known);
	MUST_HOLD(day_compare(question->keys.birth_date.day, question->visit) <= 0);
	MUST_HOLD(question->card.certificate.at == NULL && question->card.signature.at == NULL);
}

static void look_at(const struct check_question *question)
{
	struct day last = day_plus(day_in_japan(NOW), VISIT_DAYS_AHEAD);
	MUST_HOLD(day_compare(question->visit, last) <= 0);
	MUST_HOLD(!question->has_known_at || question->known_at <= NOW);
	MUST_HOLD(question->shown.kind >= PRESENTED_CARD && question->shown.kind <= PRESENTED_INSURANCE_CARD);
	MUST_HOLD(question->shown.setting <= SETTING_SCHOOL);
	if (question->shown.kind == PRESENTED_CARD)
		look_at_card(&question->card);
	else
		look_at_keys(question);
}

static struct check *decoded(struct arena *arena, json_t *body,
	void (*decode)(json_t *body, struct check *check, struct field_errors *errors))
{
	struct check *check = arena_take(arena, sizeof *check);
	struct field_errors errors = { .count = 0 };
	MUST_HOLD(check != NULL);
	check->arena = arena;
	check->now.wall = NOW;
	decode(body, check, &errors);
	return errors.count == 0 ? check : NULL;
}

static void look_at_month(struct check_question *question)
{
	const struct month_asked *month = &question->month;
	MUST_HOLD(month->asked && day_compare(month->month, day_first_of_month(month->month)) == 0);
	MUST_HOLD(month->total >= 0 && month->total <= LIMIT_COST_MAX);
	MUST_HOLD(month->care == CARE_INPATIENT || month->care == CARE_OUTPATIENT);
	MUST_HOLD(month->prior_ceiling_months >= 0 && month->prior_ceiling_months <= CEILING_MONTHS_MAX);
	MUST_HOLD(month->disease == '\0' || (month->disease >= '1' && month->disease <= '3'));
	MUST_HOLD(month->paid_so_far.amount >= 0 && month->paid_so_far.amount <= LIMIT_COST_MAX);
	if (!month->visit_given)
		question->visit = month_visit(month->month, day_in_japan(NOW), NULL, 0);
	MUST_HOLD(day_compare(day_first_of_month(question->visit), month->month) == 0);
	/* The table's end bounds a month to come, not the days ahead. */
	if (day_compare(question->visit, day_in_japan(NOW)) <= 0)
		look_at(question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	json_t *body = NULL;
	enum json_fault fault = JSON_FAULT_NONE;
	const char *where = NULL;
	if (size > BODY_MAX)
		return -1;
	arena_open(&arena, (size_t)256 * 1024);
	enum outcome outcome = json_read_object(
		&arena, (struct slice){ size == 0 ? "" : (const char *)data, size }, &body, &fault, &where);
	if (outcome == OUTCOME_OK) {
		struct check *check = decoded(&arena, body, eligibility_check_decode);
		struct check *month = decoded(&arena, body, limit_query_decode);
		if (check != NULL)
			look_at(&check->question);
		if (month != NULL)
			look_at_month(&month->question);
	} else {
		MUST_HOLD(outcome == OUTCOME_INVALID || outcome == OUTCOME_NO_MEMORY);
		MUST_HOLD(outcome != OUTCOME_INVALID || fault != JSON_FAULT_NONE);
	}
	arena_close(&arena);
	arena_free_spares();
	return 0;
}
