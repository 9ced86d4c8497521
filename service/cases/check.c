#include "cases/check.h"

#include <stdio.h>
#include <string.h>

#include "cases/facts.h"

void cases_open(struct cases *cases, struct store *store, struct hasher *hasher)
{
	*cases = (struct cases){ .store = store, .hasher = hasher };
	char labels[96];
	for (int validity = VALIDITY_VALID; validity <= VALIDITY_MULTIPLE; validity++) {
		for (int accepted = 0; accepted < 2; accepted++) {
			(void)snprintf(labels, sizeof labels, "validity=\"%s\",accepted=\"%s\"",
				validity_code((enum validity)validity), accepted != 0 ? "true" : "false");
			cases->checks[validity][accepted] = metrics_counter(
				"shikaku_checks_total", "Checks on record, by outcome.", labels);
		}
	}
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		(void)snprintf(labels, sizeof labels, "reason=\"%s\"", reason_code((enum reason)reason));
		cases->reasons[reason] = metrics_counter(
			"shikaku_check_reasons_total", "Reasons given in checks on record.", labels);
	}
}

static void count_check(const struct check *check)
{
	const struct check_answer *answer = &check->answer;
	metric_add(check->cases->checks[answer->validity][answer->accepted ? 1 : 0], 1);
	for (int reason = 0; answer->reasons.bits >> reason != 0; reason++) {
		if (reason_in(answer->reasons, (enum reason)reason))
			metric_add(check->cases->reasons[reason], 1);
	}
}

static void recorded(struct lane_question *question, enum outcome outcome)
{
	struct record_question *record = (struct record_question *)question;
	struct check *check = (struct check *)((char *)record - offsetof(struct check, record));
	if (outcome == OUTCOME_OK)
		count_check(check);
	check->finished(check, outcome);
}

static void add_key(struct hasher *hasher, struct slice key)
{
	hasher_add_number(hasher, key.at == NULL ? UINT64_MAX : key.length);
	hasher_add(hasher, key.at, key.length);
}

/* Says which keys were asked for without saying them: a check that matched nobody is evidence too. */
static void digest_keys(const struct check *check, uint8_t digest[DIGEST_SIZE])
{
	const struct check_question *question = &check->question;
	struct hasher *hasher = check->cases->hasher;
	hasher_begin(hasher);
	hasher_add(hasher, question->insurer_number, INSURER_NUMBER_DIGITS);
	add_key(hasher, question->symbol_key);
	add_key(hasher, question->number_key);
	add_key(hasher, question->branch_number);
	hasher_add_number(hasher, (uint64_t)question->birth_date.number);
	hasher_end(hasher, digest);
}

static void fill_record(struct check *check)
{
	const struct check_question *question = &check->question;
	const struct check_answer *answer = &check->answer;
	struct check_record *record = &check->record.record;
	memcpy(record->check_id, check->check_id, UUID_SIZE);
	record->checked_at = answer->checked_at;
	record->token_id = check->principal.token_id;
	record->owner = slice_of(check->principal.owner);
	record->visit_date = question->visit;
	record->has_known_at = question->has_known_at;
	record->known_at = question->known_at;
	record->presented = (int)question->shown.kind;
	record->setting = (int)question->shown.setting;
	record->with_card = question->shown.with_card;
	record->validity = (int)answer->validity;
	record->accepted = answer->accepted;
	record->reasons = answer->reasons.bits;
	record->identified = answer->standing != NULL;
	record->membership_id = record->identified ? answer->standing->membership_id : 0;
	record->data_version = record->identified ? answer->standing->data_version : 0;
	digest_keys(check, record->keys_digest);
	hasher_begin(check->cases->hasher);
	hasher_add(check->cases->hasher, check->bytes.at, check->bytes.length);
	hasher_end(check->cases->hasher, record->answer_digest);
}

/* Decided: written down as it will leave, then put on record; it leaves when the record is known to be stored (R13.1). */
static void write_and_record(struct check *check)
{
	struct check_answer *answer = &check->answer;
	answer->next_actions =
		next_actions(&check->question.shown, answer->validity, answer->accepted, answer->reasons);
	enum outcome outcome = check->write(check, &check->bytes);
	if (outcome == OUTCOME_OK) {
		fill_record(check);
		check->record.question.answered = recorded;
		outcome = store_record_check(check->cases->store, &check->record);
	}
	if (outcome != OUTCOME_OK)
		check->finished(check, outcome);
}

static enum outcome judge_cover(struct check *check)
{
	const struct standings_question *found = &check->look_up;
	struct check_answer *answer = &check->answer;
	size_t count = found->standing_count + found->sibling_count;
	struct membership *memberships = arena_take(check->arena, (count + 1) * sizeof *memberships);
	if (memberships == NULL)
		return OUTCOME_NO_MEMORY;
	struct membership *siblings = memberships + found->standing_count;
	for (size_t i = 0; i < found->standing_count; i++)
		memberships[i] = membership_of(&found->standings[i]);
	for (size_t i = 0; i < found->sibling_count; i++)
		siblings[i] = membership_of_sibling(&found->siblings[i]);
	struct eligibility eligibility = eligibility_by_keys(
		memberships, found->standing_count, siblings, found->sibling_count, check->question.visit);
	answer->validity = eligibility.validity;
	answer->reasons.bits |= eligibility.reasons.bits;
	answer->cover = eligibility.cover;
	answer->standing = eligibility.identified ? &found->standings[eligibility.chosen] : NULL;
	return OUTCOME_OK;
}

static void judge_copayment(struct check *check)
{
	struct check_answer *answer = &check->answer;
	struct registered_ratio ratio;
	bool registered = ratio_on(answer->standing, check->question.visit, &ratio);
	answer->copayment = copayment_on(check->question.visit, answer->standing->birth_date,
		scheme_of_insurer(answer->standing->insurer_number), registered ? &ratio : NULL);
	answer->has_copayment = true;
	if (answer->copayment.percent == 0)
		reason_add(&answer->reasons, REASON_ELDERLY_RATIO_NOT_REGISTERED);
}

static void judge_presentation(struct check *check)
{
	struct check_answer *answer = &check->answer;
	struct presenter presenter = presenter_of(answer->standing);
	struct acceptance acceptance =
		presentation_on(&check->question.shown, &presenter, check->question.visit);
	answer->accepted = acceptance.accepted;
	answer->reasons.bits |= acceptance.reasons.bits;
}

static void looked_up(struct lane_question *question, enum outcome outcome)
{
	struct standings_question *found = (struct standings_question *)question;
	struct check *check = (struct check *)((char *)found - offsetof(struct check, look_up));
	if (outcome != OUTCOME_OK) {
		check->finished(check, outcome);
		return;
	}
	outcome = judge_cover(check);
	if (outcome != OUTCOME_OK) {
		check->finished(check, outcome);
		return;
	}
	if (check->answer.standing != NULL && !slice_is(check->answer.standing->link_state, "linked"))
		reason_add(&check->answer.reasons, REASON_LINK_NOT_CONFIRMED); /* R8.3 */
	if (check->answer.validity == VALIDITY_VALID && check->answer.standing != NULL) {
		judge_copayment(check);
		judge_presentation(check);
	}
	write_and_record(check);
}

static enum outcome look_up(struct check *check)
{
	const struct check_question *question = &check->question;
	struct standings_question *keys = &check->look_up;
	keys->question.answered = looked_up;
	keys->arena = check->arena;
	keys->insurer_number = slice_of(question->insurer_number);
	keys->number_key = question->number_key;
	keys->birth_date = question->birth_date;
	/* 後期高齢者医療 has neither: given ones are ignored (R2.2). */
	if (scheme_of(question->insurer_number) != SCHEME_LATE_ELDERLY) {
		keys->symbol_key = question->symbol_key;
		keys->branch_number = question->branch_number;
	}
	if (!question->has_known_at)
		return store_find_standings(check->cases->store, keys);
	keys->known_at = question->known_at;
	return store_find_standings_as_known(check->cases->store, keys);
}

void check_begin(struct check *check)
{
	struct check_answer *answer = &check->answer;
	answer->checked_at = check->now.wall;
	if (day_compare(check->question.visit, day_in_japan(check->now.wall)) > 0)
		reason_add(&answer->reasons, REASON_FUTURE_VISIT_DATE);
	if (!insurer_number_checks(check->question.insurer_number)) {
		answer->validity = VALIDITY_NOT_FOUND;
		reason_add(&answer->reasons, REASON_INSURER_NUMBER_CHECK_DIGIT);
		write_and_record(check);
		return;
	}
	enum outcome outcome = look_up(check);
	if (outcome != OUTCOME_OK)
		check->finished(check, outcome);
}
