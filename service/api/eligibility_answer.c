#include "api/eligibility_answer.h"

#include <stddef.h>

#include "api/check_answer.h"
#include "base/json.h"

#define ANSWER_FIRST_BYTES 2048
#define ANSWER_BYTES_MAX ((size_t)64 * 1024)
/* What the patient agrees to at the reader lasts a day (R12.1). */
#define CONSENT_LASTS (INT64_C(24) * 3600 * MICROSECONDS)

static void put_qualification(struct json_writer *json, const struct check_answer *answer)
{
	const struct standing *standing = answer->standing;
	const struct slice nothing = { NULL, 0 };
	json_put_key(json, "qualification");
	if (standing == NULL) {
		json_put_null(json);
		return;
	}
	json_open_object(json);
	answer_put_text(json, "insurer_number", standing->insurer_number);
	answer_put_text(json, "insurer_name", standing->insurer_name);
	answer_put_text(json, "symbol", standing->symbol);
	answer_put_text(json, "number", standing->number);
	answer_put_text(json, "branch_number", standing->branch_number);
	answer_put_text(json, "relationship", standing->relationship);
	answer_put_text(json, "insured_name", standing->insured_name);
	answer_put_text(json, "name", standing->name);
	answer_put_text(json, "name_kana", standing->name_kana);
	answer_put_text(json, "name_other", standing->name_other);
	answer_put_text(json, "sex", standing->sex);
	answer_put_text(json, "sex_on_face", standing->sex_on_face);
	answer_put_day(json, "birth_date", (struct optional_day){ true, standing->birth_date });
	answer_put_text(json, "address", answer->address_withheld ? nothing : standing->address);
	answer_put_day(json, "acquired_on", (struct optional_day){ true, standing->acquired_on });
	answer_put_day(json, "lost_on", answer->cover.ends_on);
	answer_put_text(json, "loss_reason", standing->loss_reason);
	json_close_object(json);
}

static void put_copayment(struct json_writer *json, const struct check_answer *answer)
{
	static const char *const bases[] = {
		[COPAYMENT_STANDARD] = "standard",
		[COPAYMENT_PRESCHOOL] = "preschool",
		[COPAYMENT_ELDERLY] = "elderly",
		[COPAYMENT_LATE_ELDERLY] = "late_elderly",
	};
	json_put_key(json, "copayment");
	if (!answer->has_copayment) {
		json_put_null(json);
		return;
	}
	json_open_object(json);
	json_put_key(json, "ratio_percent");
	if (answer->copayment.percent == 0)
		json_put_null(json);
	else
		json_put_number(json, answer->copayment.percent);
	json_put_key(json, "basis");
	json_put_terminated(json, bases[answer->copayment.basis]);
	answer_put_day(json, "valid_from", answer->copayment.valid.first);
	answer_put_day(json, "valid_until", answer->copayment.valid.last);
	json_close_object(json);
}

/* Why a category may not be looked at (R5.4, R12.1); NULL where it may. */
static const char *refusal_of_consent(const struct check *check, bool agreed)
{
	if (!check->answer.accepted)
		return "not_accepted";
	if (check->answer.qualification_only)
		return "certificate_in_grace";
	return agreed ? NULL : "consent_refused";
}

static void put_consent(
	struct json_writer *json, const struct check *check, const char *category, bool agreed)
{
	const char *refusal = refusal_of_consent(check, agreed);
	char until[INSTANT_TEXT_SIZE];
	json_put_key(json, category);
	json_open_object(json);
	json_put_key(json, "granted");
	json_put_boolean(json, refusal == NULL);
	json_put_key(json, "until");
	if (refusal == NULL) {
		instant_format(check->answer.checked_at + CONSENT_LASTS, until);
		json_put_slice(json, (struct slice){ until, INSTANT_TEXT_SIZE - 1 });
	} else {
		json_put_null(json);
	}
	json_put_key(json, "reason");
	json_put_terminated(json, refusal);
	json_close_object(json);
}

static void put_limit(struct json_writer *json, const struct limit_told *limit)
{
	json_put_key(json, "limit");
	if (limit->category == LIMIT_CATEGORY_NONE) {
		json_put_null(json);
		return;
	}
	json_open_object(json);
	json_put_key(json, "category");
	json_put_terminated(json, limit_category_code(limit->category));
	json_put_key(json, "label");
	json_put_terminated(json, limit_category_label(limit->category));
	answer_put_text(json, "certificate", limit->certificate);
	answer_put_day(json, "valid_from", limit->valid.first);
	answer_put_day(json, "valid_until", limit->valid.last);
	answer_put_day(json, "long_stay_from", limit->long_stay_from);
	json_close_object(json);
}

static void put_disease(
	struct json_writer *json, const struct standing_disease *disease, enum limit_category registered)
{
	json_open_object(json);
	answer_put_text(json, "category", (struct slice){ &disease->category, 1 });
	json_put_key(json, "self_pay");
	json_put_number(json, disease_ceiling(disease, registered, false));
	answer_put_day(json, "valid_from", disease->valid.first);
	answer_put_day(json, "valid_until", disease->valid.last);
	json_close_object(json);
}

/* Those that hold on the visit date; that there are none is told only to whom they would be (R7.9). */
static void put_diseases(struct json_writer *json, const struct check *check)
{
	const struct standing *standing = check->answer.standing;
	json_put_key(json, "specific_diseases");
	if (!check->answer.diseases_told) {
		json_put_null(json);
		return;
	}
	json_open_array(json);
	for (size_t i = 0; i < standing->disease_count; i++) {
		if (day_range_holds(standing->diseases[i].valid, check->question.visit))
			put_disease(json, &standing->diseases[i], check->answer.limit.registered);
	}
	json_close_array(json);
}

static void put_consents(struct json_writer *json, const struct check *check)
{
	const struct consents *consents = &check->question.consents;
	json_put_key(json, "consents");
	json_open_object(json);
	put_consent(json, check, "surgeries", consents->surgeries);
	put_consent(json, check, "diagnoses_medicines", consents->diagnoses_medicines);
	put_consent(json, check, "health_checkups", consents->health_checkups);
	put_consent(json, check, "specific_diseases", consents->specific_diseases);
	json_close_object(json);
}

/* R12.1: medical information needs the card; typed keys never open it. */
#define NOT_GRANTED "{\"granted\":false,\"until\":null,\"reason\":\"consent_needs_card\"}"
static const char nothing_by_keys[] =
	",\"specific_diseases\":null,\"consents\":{\"surgeries\":" NOT_GRANTED
	",\"diagnoses_medicines\":" NOT_GRANTED ",\"health_checkups\":" NOT_GRANTED
	",\"specific_diseases\":" NOT_GRANTED "}";

enum outcome eligibility_answer_write(struct check *check, struct slice *bytes)
{
	const struct check_answer *answer = &check->answer;
	struct text out;
	text_open(&out, check->arena, ANSWER_FIRST_BYTES, ANSWER_BYTES_MAX);
	struct json_writer json = { .out = &out };
	check_answer_begin(&json, check);
	answer_put_day(&json, "visit_date", (struct optional_day){ true, check->question.visit });
	check_answer_put_verdict(&json, answer);
	check_answer_put_reasons(&json, answer);
	put_qualification(&json, answer);
	put_copayment(&json, answer);
	put_limit(&json, &answer->limit);
	if (check->question.shown.kind == PRESENTED_CARD) {
		put_diseases(&json, check);
		put_consents(&json, check);
	} else {
		text_put_terminated(&out, nothing_by_keys);
	}
	text_put_terminated(&out, ",\"receipt\":null}");
	*bytes = text_slice(&out);
	return out.failed ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}
