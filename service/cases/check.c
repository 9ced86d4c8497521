#include "cases/check.h"

#include <stddef.h>
#include <string.h>

#include "cases/facts.h"
#include "rules/halved_month.h"

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
	const struct typed_keys *keys = &check->question.keys;
	struct hasher *hasher = check->cases->hasher;
	hasher_begin(hasher);
	hasher_add(hasher, keys->insurer_number, INSURER_NUMBER_DIGITS);
	add_key(hasher, keys->symbol_key);
	add_key(hasher, keys->number_key);
	add_key(hasher, keys->branch_number);
	hasher_add_number(hasher, (uint64_t)keys->birth_date.day.number);
	hasher_end(hasher, digest);
}

/* Whose members it was about: the insurer that was asked for, or, by card, the one that answers. A card that may not be used tells of
 * none. */
static void note_insurer(struct check *check)
{
	const struct standing *standing = check->answer.standing;
	const char *digits = check->question.keys.insurer_number;
	if (check->question.shown.kind == PRESENTED_CARD) {
		if (standing == NULL || standing->insurer_number.length != INSURER_NUMBER_DIGITS)
			return;
		digits = standing->insurer_number.at;
	}
	memcpy(check->about_insurer, digits, INSURER_NUMBER_DIGITS);
	check->has_about_insurer = true;
}

static void fill_record(struct check *check)
{
	const struct check_question *question = &check->question;
	const struct check_answer *answer = &check->answer;
	struct check_record *record = &check->record.record;
	memcpy(record->check_id, check->check_id, UUID_BYTES);
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
	if (check->has_about_insurer)
		record->insurer_number = (struct slice){ check->about_insurer, INSURER_NUMBER_DIGITS };
	record->has_care_month = question->month.asked;
	record->care_month = question->month.month;
	if (question->shown.kind == PRESENTED_CARD)
		memcpy(record->keys_digest, check->proof.found.certificate_digest, DIGEST_SIZE);
	else
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

static enum outcome work_out_month(struct check *check)
{
	const struct limit_facts_question *facts = &check->limit_facts;
	struct check_answer *answer = &check->answer;
	check->month_without_table = !facts->has_table || (facts->category.at != NULL && !facts->has_amounts);
	if (check->month_without_table)
		return OUTCOME_REFUSED;
	if (answer->validity != VALIDITY_VALID || answer->standing == NULL)
		return OUTCOME_OK;
	struct month_person person = {
		.standing = answer->standing,
		.visit = check->question.visit,
		.ratio_percent = answer->copayment.percent,
		.category = answer->limit.category,
		.registered = answer->limit.registered,
		.diseases_told = answer->diseases_told,
	};
	return month_limit_work_out(&check->question.month, &person, facts, &answer->month, &answer->reasons);
}

static void month_looked_up(struct lane_question *question, enum outcome outcome)
{
	struct limit_facts_question *facts = (struct limit_facts_question *)question;
	struct check *check = (struct check *)((char *)facts - offsetof(struct check, limit_facts));
	if (outcome == OUTCOME_OK)
		outcome = work_out_month(check);
	if (outcome == OUTCOME_OK)
		write_and_record(check);
	else
		check->finished(check, outcome);
}

/* Whoever it is about, a month without a table is refused. */
static enum outcome look_month_up(struct check *check)
{
	const struct check_answer *answer = &check->answer;
	struct limit_facts_question *facts = &check->limit_facts;
	const char *category = limit_category_code(answer->limit.category);
	facts->question.answered = month_looked_up;
	facts->care_month = check->question.month.month;
	if (category != NULL && answer->standing != NULL) {
		facts->category = slice_of(category);
		facts->counts_months = !check->question.month.has_prior;
		facts->membership_id = answer->standing->membership_id;
	}
	facts->known_at = check->question.has_known_at ? check->question.known_at : check->now.wall;
	return store_find_limit_facts(check->cases->store, facts);
}

/* Judged: what a month costs, where that is asked; then the record. */
static void conclude(struct check *check)
{
	enum outcome outcome = OUTCOME_OK;
	note_insurer(check);
	if (check->question.month.asked)
		outcome = look_month_up(check);
	else
		write_and_record(check);
	if (outcome != OUTCOME_OK)
		check->finished(check, outcome);
}

static void take_eligibility(struct check_answer *answer, const struct eligibility *eligibility)
{
	answer->validity = eligibility->validity;
	answer->reasons.bits |= eligibility->reasons.bits;
	answer->cover = eligibility->cover;
}

/* The memberships are known: which day of the month speaks for it. */
static void settle_visit(struct check *check, const struct membership *memberships, size_t count)
{
	struct check_question *question = &check->question;
	if (question->month.asked && !question->month.visit_given)
		question->visit =
			month_visit(question->month.month, day_in_japan(check->now.wall), memberships, count);
}

/* All are one person's. */
static void judge_halving(
	struct check *check, const struct membership *memberships, size_t count, size_t chosen)
{
	const struct month_asked *month = &check->question.month;
	if (month->asked)
		check->answer.month.halved =
			month_is_halved(month->month, &memberships[chosen], memberships, count);
}

static bool is_linked(const struct standing *standing)
{
	return slice_is(standing->link_state, "linked");
}

static enum outcome judge_cover_by_keys(struct check *check)
{
	const struct standings_question *found = &check->look_up;
	struct check_answer *answer = &check->answer;
	size_t matches = found->standings.count;
	size_t count = matches + found->sibling_count;
	struct membership *memberships = arena_take(check->arena, (count + 1) * sizeof *memberships);
	if (memberships == NULL)
		return OUTCOME_NO_MEMORY;
	struct membership *siblings = memberships + matches;
	for (size_t i = 0; i < matches; i++)
		memberships[i] = membership_of(&found->standings.at[i]);
	for (size_t i = 0; i < found->sibling_count; i++)
		siblings[i] = membership_of_sibling(&found->siblings[i]);
	settle_visit(check, memberships, matches);
	struct eligibility eligibility = eligibility_by_keys(
		memberships, matches, siblings, found->sibling_count, check->question.visit);
	take_eligibility(answer, &eligibility);
	if (!eligibility.identified)
		return OUTCOME_OK;
	answer->standing = &found->standings.at[eligibility.chosen];
	answer->address_withheld = answer->standing->non_disclosure;
	if (!is_linked(answer->standing))
		reason_add(&answer->reasons, REASON_LINK_NOT_CONFIRMED); /* R8.3 */
	judge_halving(check, memberships, count, eligibility.chosen);
	return OUTCOME_OK;
}

static void judge_copayment(struct check *check)
{
	struct check_answer *answer = &check->answer;
	answer->copayment = copayment_of(answer->standing, check->question.visit);
	answer->has_copayment = true;
	if (answer->copayment.percent == 0)
		reason_add(&answer->reasons, REASON_ELDERLY_RATIO_NOT_REGISTERED);
}

static void judge_presentation(struct check *check)
{
	struct check_answer *answer = &check->answer;
	struct presenter presenter =
		presenter_of(answer->standing, check->cases->trust->revocation, check->now.wall);
	struct acceptance acceptance =
		presentation_on(&check->question.shown, &presenter, check->question.visit);
	answer->accepted = acceptance.accepted;
	answer->reasons.bits |= acceptance.reasons.bits;
}

/* R7.8, R7.9; medical information is out of reach in the grace time (R5.4). */
static void judge_limit(struct check *check)
{
	const struct consents *consents = &check->question.consents;
	struct check_answer *answer = &check->answer;
	bool by_card = check->question.shown.kind == PRESENTED_CARD;
	answer->limit = limit_tell(answer->standing, check->question.visit, &answer->copayment, by_card,
		consents->limit_information, &answer->reasons);
	answer->diseases_told =
		by_card && answer->accepted && !answer->qualification_only && consents->specific_diseases;
}

/* The cover is judged: what follows from it. */
static void finish_judging(struct check *check)
{
	if (check->answer.validity == VALIDITY_VALID && check->answer.standing != NULL) {
		judge_copayment(check);
		judge_presentation(check);
		judge_limit(check);
	}
	conclude(check);
}

static void looked_up(struct lane_question *question, enum outcome outcome)
{
	struct standings_question *found = (struct standings_question *)question;
	struct check *check = (struct check *)((char *)found - offsetof(struct check, look_up));
	if (outcome == OUTCOME_OK)
		outcome = judge_cover_by_keys(check);
	if (outcome == OUTCOME_OK)
		finish_judging(check);
	else
		check->finished(check, outcome);
}

/* All memberships of the card's person that are linked: the others' road is closed to a card (R8.3). */
static enum outcome judge_cover_by_card(struct check *check)
{
	const struct standing_list *found = &check->proof.found.standings;
	struct check_answer *answer = &check->answer;
	struct membership *memberships = arena_take(check->arena, (found->count + 1) * sizeof *memberships);
	size_t *places = arena_take(check->arena, (found->count + 1) * sizeof *places);
	size_t linked = 0;
	if (memberships == NULL || places == NULL)
		return OUTCOME_NO_MEMORY;
	for (size_t i = 0; i < found->count; i++) {
		if (!is_linked(&found->at[i]))
			continue;
		places[linked] = i;
		memberships[linked++] = membership_of(&found->at[i]);
	}
	/* Whoever asked one insurer not to disclose it did not mean it to be told by another. */
	answer->address_withheld = check->proof.found.card.address_withheld;
	settle_visit(check, memberships, linked);
	struct eligibility eligibility = eligibility_by_card(memberships, linked, check->question.visit);
	take_eligibility(answer, &eligibility);
	if (linked == 0 && found->count > 0)
		reason_add(&answer->reasons, REASON_LINK_NOT_CONFIRMED);
	if (!eligibility.identified)
		return OUTCOME_OK;
	answer->standing = &found->at[places[eligibility.chosen]];
	judge_halving(check, memberships, linked, eligibility.chosen);
	return OUTCOME_OK;
}

static void proved(struct card_proof *proof, enum outcome outcome)
{
	struct check *check = (struct check *)((char *)proof - offsetof(struct check, proof));
	struct check_answer *answer = &check->answer;
	if (outcome == OUTCOME_OK && !proof->decision.usable) {
		/* Nothing is said of a membership, and exactly one reason given (R5.3). */
		answer->validity = VALIDITY_NOT_JUDGED;
		answer->reasons = proof->decision.reasons;
		conclude(check);
		return;
	}
	if (outcome == OUTCOME_OK)
		outcome = judge_cover_by_card(check);
	if (outcome != OUTCOME_OK) {
		check->finished(check, outcome);
		return;
	}
	answer->reasons.bits |= proof->decision.reasons.bits;
	answer->qualification_only = proof->decision.qualification_only;
	finish_judging(check);
}

static void prove_card(struct check *check)
{
	struct card_proof *proof = &check->proof;
	proof->cases = check->cases;
	proof->arena = check->arena;
	proof->now = check->now;
	proof->principal = &check->principal;
	memcpy(proof->check_id, check->check_id, UUID_BYTES);
	proof->has_known_at = check->question.has_known_at;
	proof->known_at = check->question.known_at;
	proof->shown = check->question.card;
	proof->proved = proved;
	card_proof_begin(proof);
}

static enum outcome look_up(struct check *check)
{
	const struct check_question *question = &check->question;
	struct standings_question *look_up = &check->look_up;
	look_up->question.answered = looked_up;
	look_up->standings.arena = check->arena;
	look_up->with_card = question->shown.with_card;
	ask_by_keys(look_up, &question->keys);
	if (!question->has_known_at)
		return store_find_standings(check->cases->store, look_up);
	look_up->known_at = question->known_at;
	return store_find_standings_as_known(check->cases->store, look_up);
}

void check_begin(struct check *check)
{
	struct check_answer *answer = &check->answer;
	answer->checked_at = check->now.wall;
	settle_visit(check, NULL, 0);
	if (day_compare(check->question.visit, day_in_japan(check->now.wall)) > 0)
		reason_add(&answer->reasons, REASON_FUTURE_VISIT_DATE);
	if (check->question.shown.kind == PRESENTED_CARD) {
		prove_card(check);
		return;
	}
	if (!insurer_number_checks(check->question.keys.insurer_number)) {
		answer->validity = VALIDITY_NOT_FOUND;
		reason_add(&answer->reasons, REASON_INSURER_NUMBER_CHECK_DIGIT);
		conclude(check);
		return;
	}
	enum outcome outcome = look_up(check);
	if (outcome != OUTCOME_OK)
		check->finished(check, outcome);
}
