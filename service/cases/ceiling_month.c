#include "cases/ceiling_month.h"

#include <stddef.h>

#include "base/log.h"
#include "cases/facts.h"
#include "cases/limit.h"
#include "rules/covered_day.h"

static void finish(struct ceiling_month *report, enum ceiling_month_said said)
{
	report->said = said;
	report->finished(report, OUTCOME_OK);
}

static void log_report(const struct ceiling_month *report)
{
	char id[UUID_TEXT_SIZE];
	uuid_format(report->row->ceiling_month_id, id);
	log_security("reported ceiling_month=%s token=%lld insurer=%s", id,
		(long long)report->principal.token_id, report->wish.person.insurer_number);
}

static void stored(struct lane_question *question, enum outcome outcome)
{
	struct ceiling_month_question *answer = (struct ceiling_month_question *)question;
	struct ceiling_month *report =
		(struct ceiling_month *)((char *)answer - offsetof(struct ceiling_month, question));
	report->row = &answer->row;
	if (outcome != OUTCOME_OK) {
		report->finished(report, outcome);
	} else if (answer->outcome.at == NULL) {
		/* The insurer has withdrawn it since it was looked up. */
		finish(report, CEILING_MONTH_NO_MEMBER);
	} else if (slice_is(answer->outcome, "reported")) {
		log_report(report);
		finish(report, CEILING_MONTH_REPORTED);
	} else {
		finish(report, CEILING_MONTH_ON_RECORD);
	}
}

static bool month_counts(const struct standing *standing, struct day visit, enum care care)
{
	struct copayment copayment = copayment_of(standing, visit);
	/* Told to nobody, so it needs no consent, and no reason. */
	struct reason_set reasons = { 0 };
	struct limit_told limit = limit_tell(standing, visit, &copayment, false, true, &reasons);
	return ceiling_month_counts(limit.category, copayment.basis, care);
}

static enum outcome MUST_CHECK store_month(
	struct ceiling_month *report, const struct standing *standing, struct day visit)
{
	struct ceiling_month_question *question = &report->question;
	question->question.answered = stored;
	uuid_make(report->now.wall, question->ceiling_month_id);
	question->now = report->now.wall;
	question->token_id = report->principal.token_id;
	question->insurer_number = slice_of(report->wish.person.insurer_number);
	question->membership_id = standing->membership_id;
	question->month = report->wish.month;
	question->institution_code = report->wish.institution_code;
	question->counts = month_counts(standing, visit, report->wish.care);
	return store_report_ceiling_month(report->cases->store, question);
}

/* Whose month it is, as a check says it; then it is written down. */
static enum outcome MUST_CHECK judge(struct ceiling_month *report)
{
	const struct standing_list *found = &report->look_up.standings;
	struct membership *memberships = arena_take(report->arena, (found->count + 1) * sizeof *memberships);
	if (memberships == NULL)
		return OUTCOME_NO_MEMORY;
	for (size_t i = 0; i < found->count; i++)
		memberships[i] = membership_of(&found->at[i]);
	struct optional_day visit = last_covered_day_of(memberships, found->count, report->wish.month);
	/* Where no day is covered any other says as well whom the keys mean. */
	struct eligibility eligibility = eligibility_by_keys(
		memberships, found->count, NULL, 0, visit.known ? visit.day : report->wish.month);
	if (!eligibility.identified)
		finish(report, eligibility.validity == VALIDITY_MULTIPLE ? CEILING_MONTH_SEVERAL_MEMBERS
									 : CEILING_MONTH_NO_MEMBER);
	else if (eligibility.validity != VALIDITY_VALID)
		finish(report, CEILING_MONTH_NOT_COVERED);
	else
		return store_month(report, &found->at[eligibility.chosen], visit.day);
	return OUTCOME_OK;
}

static void looked_up(struct lane_question *question, enum outcome outcome)
{
	struct standings_question *found = (struct standings_question *)question;
	struct ceiling_month *report =
		(struct ceiling_month *)((char *)found - offsetof(struct ceiling_month, look_up));
	if (outcome == OUTCOME_OK)
		outcome = judge(report);
	if (outcome != OUTCOME_OK)
		report->finished(report, outcome);
}

/* R2.3; a token's own code was looked at when the token was made. */
static void log_wrong_check_digit(const struct ceiling_month *report)
{
	struct slice code = report->wish.institution_code;
	if (code.at != NULL && report->principal.scope == SCOPE_INSURER && !institution_code_checks(code.at))
		log_line(LOG_LEVEL_WARNING, "cases", "the check digit of institution %s does not hold (R2.3)",
			code.at);
}

void ceiling_month_report(struct ceiling_month *report)
{
	struct standings_question *look_up = &report->look_up;
	look_up->question.answered = looked_up;
	look_up->standings.arena = report->arena;
	ask_by_keys(look_up, &report->wish.person);
	log_wrong_check_digit(report);
	enum outcome outcome = store_find_standings(report->cases->store, look_up);
	if (outcome != OUTCOME_OK)
		report->finished(report, outcome);
}
