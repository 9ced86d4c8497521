"""What a patient pays for a month of care, over HTTP (R7): to the yen, by typed keys and by card."""

import csv
import hashlib
import os
import pathlib

import pytest

from api_cards import check_by_card, limit_by_card, make_known
from api_limits import AGREED, reach, register_disease, register_limit, someone
from api_people import KOUKI, KOKUHO, KUMIAI, KYOKAI, add
from support import Client
from support.evidence import assert_on_record


HERE = pathlib.Path(__file__).resolve().parents[1] / "unit" / "vectors"
LIMITS = pathlib.Path(os.environ.get("VECTORS") or HERE) / "limits.csv"
if not LIMITS.exists():
    LIMITS = HERE / "limits.csv"
NOTHING = dict.fromkeys(("category", "label", "formula", "ceiling", "multiple_months", "prior_ceiling_months", "outpatient_ceiling",
                         "outpatient_annual_ceiling", "annual_ceiling", "annual_ceiling_low_income", "table"))
COST = {"total_medical_cost": 1000000, "care": "inpatient"}


def of(answer, *names):
    assert answer.status == 200, answer
    return tuple(answer.json[name] for name in names)


def refused(answer):
    assert answer.status == 422, answer
    return answer.json["code"], list(answer.field_errors.items())


# --- The amounts.

def rows():
    with open(LIMITS, encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_the_patient_pays_what_the_table_of_vectors_says_r7_3_r7_7(desk, database):
    differing = []
    for row in rows():
        percent, halved = int(row["ratio_percent"]), row["halved_month"] == "true"
        person, day = someone(database, row["category"], percent, row["care_month"], halved)
        answer = desk.limit(**person.asked(), care_month=row["care_month"], visit_date=day, consents=AGREED, care=row["care"],
                            total_medical_cost=int(row["total_medical_cost"]), prior_ceiling_months=int(row["prior_ceiling_months"]))
        found = of(answer, "validity", "category", "ratio_percent", "halved_month", "ceiling", "multiple_months", "patient_pays")
        if found != ("valid", row["category"], percent, halved, int(row["ceiling"]), row["multiple_months"] == "true",
                     int(row["patient_pays"])):
            differing.append(f"{dict(row)}: {found}")
    assert len(rows()) >= 48 and not differing, "\n".join(differing)


def test_the_whole_answer_says_how_the_amount_is_made(desk, database):
    person = register_limit(database, add(database), "A03", certificate="01")
    answer = desk.limit(**person.asked(), care_month="2026-11", consents=AGREED, prior_ceiling_months=2, paid_so_far=30000, **COST)
    assert answer.json == {
        "check_id": answer.header("X-Request-Id"), "checked_at": "2026-11-22T10:00:00.000+09:00", "care_month": "2026-11",
        "visit_date": "2026-11-22", "validity": "valid", "accepted": True, "scope": "full", "category": "A03", "label": "ウ",
        "ratio_percent": 30, "formula": {"base": 85800, "threshold": 286000, "rate_percent": 1}, "ceiling": 92940,
        "multiple_months": False, "halved_month": False, "prior_ceiling_months": 2, "outpatient_ceiling": None,
        "outpatient_annual_ceiling": None, "annual_ceiling": 530000, "annual_ceiling_low_income": None, "specific_disease_ceiling": None,
        "patient_pays": 92940, "pay_now": 62940, "table": {
            "from": "2026-08", "until": "2027-07", "version": 1, "source": "高額療養費算定基準額（令和8年8月から）", "note": answer.json["table"]["note"]},
        "reasons": [], "next_actions": []}
    assert "二次資料" in answer.json["table"]["note"]


def test_without_a_cost_category_and_formula_alone_are_answered(desk, database):
    person = register_limit(database, add(database), "A01")
    answer = desk.limit(**person.asked(), care_month="2026-11", consents=AGREED, prior_ceiling_months=0)
    assert of(answer, "category", "label", "formula", "annual_ceiling") == (
        "A01", "ア", {"base": 270300, "threshold": 901000, "rate_percent": 1}, 1680000)
    assert of(answer, "ceiling", "multiple_months", "patient_pays", "pay_now") == (None, None, None, None)


def test_a_halved_month_is_told_with_its_own_formula_r7_5(desk, database):
    person, day = someone(database, "B01", 30, "2026-10", halved=True)
    answer = desk.limit(**person.asked(), care_month="2026-10", visit_date=day, consents=AGREED, prior_ceiling_months=0)
    assert of(answer, "halved_month", "formula", "annual_ceiling") == (True, {"base": 135150, "threshold": 450500, "rate_percent": 1}, 1680000)


def test_both_insurers_ask_for_half_in_the_month_of_a_75th_birthday_r7_5(desk, database):
    before = add(database, birth="1951-10-15", ratios=[(20, "2021-11-01", None)])
    after = add(database, insurer=KOUKI, person=before, birth="1951-10-15", acquired="2026-10-15", ratios=[(10, "2026-10-15", None)])
    asked = {"care_month": "2026-10", "consents": AGREED, "care": "inpatient", "total_medical_cost": 500000}
    assert of(desk.limit(**before.asked(), **asked), "visit_date", "category", "halved_month", "ceiling") == ("2026-10-14", "B04", True, 30750)
    assert of(desk.limit(**after.asked(), **asked), "visit_date", "category", "halved_month", "ceiling") == ("2026-10-31", "B10", True, 30750)
    entered_before = add(database, insurer=KOUKI, birth="1951-10-15", acquired="2020-01-01", ratios=[(10, "2020-01-01", None)])
    assert of(desk.limit(**entered_before.asked(), **asked), "halved_month", "ceiling") == (False, 61500)


def test_what_is_paid_already_is_taken_off_and_nothing_is_given_back(desk, database):
    person = register_limit(database, add(database), "A04")
    asked = {**person.asked(), "care_month": "2026-11", "consents": AGREED, "prior_ceiling_months": 0, **COST}
    assert of(desk.limit(**asked, paid_so_far=61000), "patient_pays", "pay_now") == (61500, 500)
    assert of(desk.limit(**asked, paid_so_far=70000), "patient_pays", "pay_now") == (61500, 0)
    assert of(desk.limit(**asked), "patient_pays", "pay_now") == (61500, None)


def test_the_least_and_the_greatest_cost_are_answered(desk, database):
    person = register_limit(database, add(database), "A01")
    asked = {**person.asked(), "care_month": "2026-11", "consents": AGREED, "prior_ceiling_months": 0, "care": "inpatient"}
    assert of(desk.limit(**asked, total_medical_cost=0), "ceiling", "patient_pays") == (270300, 0)
    assert of(desk.limit(**asked, total_medical_cost=10**10), "ceiling", "patient_pays") == (100261290, 100261290)


# --- The category.

def test_without_a_category_the_plain_share_holds_r7_8(desk, database):
    answer = desk.limit(**add(database).asked(), care_month="2026-11", consents=AGREED, total_medical_cost=123450, care="inpatient")
    assert of(answer, *NOTHING) == tuple(NOTHING.values())
    assert of(answer, "ratio_percent", "patient_pays", "halved_month") == (30, 37040, False) and answer.reasons == ["limit_not_registered"]


@pytest.mark.parametrize("insurer, birth, percent, category", [
    (KYOKAI, "1954-01-01", 30, "B01"), (KYOKAI, "1954-01-01", 20, "B04"), (KOUKI, "1940-01-01", 30, "B01"), (KOUKI, "1940-01-01", 20, "B09"),
    (KOUKI, "1940-01-01", 10, "B10")])
def test_from_70_on_the_ratio_carries_the_category_r7_8(desk, database, insurer, birth, percent, category):
    person = add(database, insurer=insurer, birth=birth, ratios=[(percent, "2024-01-01", None)])
    answer = desk.limit(**person.asked(), care_month="2026-11", consents=AGREED, prior_ceiling_months=0)
    assert of(answer, "category") == (category,) and answer.reasons == ["limit_from_ratio"]


def test_the_elderly_without_a_ratio_are_told_no_amount_r7_1(desk, database):
    person = add(database, birth="1954-01-01")
    answer = desk.limit(**person.asked(), care_month="2026-11", consents=AGREED, **COST)
    assert of(answer, "ratio_percent", "patient_pays", "category") == (None, None, None)
    assert answer.reasons == ["elderly_ratio_not_registered", "limit_not_registered"]
    register_limit(database, person, "B05")
    answer = desk.limit(**person.asked(), care_month="2026-11", consents=AGREED, prior_ceiling_months=0, **COST)
    assert of(answer, "ratio_percent", "patient_pays", "category", "ceiling") == (None, None, "B05", 25700)


def test_without_consent_typed_keys_get_the_plain_share_whether_there_is_a_limit_or_not_r7_9(desk, database):
    answers = []
    for person in (add(database), register_limit(database, add(database), "A04")):
        answer = desk.limit(**person.asked(), care_month="2026-11", prior_ceiling_months=3, **COST)
        assert of(answer, *NOTHING) == tuple(NOTHING.values()) and of(answer, "patient_pays") == (300000,)
        answers.append({**answer.json, "check_id": None})
    assert answers[0] == answers[1] and answer.reasons == ["limit_consent_missing"]


def test_the_category_of_the_visit_date_counts_r7_13(desk, database):
    person = add(database)
    register_limit(database, person, "A03", "2025-08-01", "2026-11-10")
    register_limit(database, person, "A04", "2026-11-10")
    asked = {**person.asked(), "care_month": "2026-11", "consents": AGREED, "prior_ceiling_months": 0}
    assert of(desk.limit(**asked, visit_date="2026-11-09"), "category") == ("A03",)
    assert of(desk.limit(**asked, visit_date="2026-11-10"), "category") == ("A04",)


def test_an_answer_as_it_was_known_has_the_category_of_then_r3_4(desk, database):
    person = register_limit(database, add(database), "A03", known_from="2025-01-01T00:00:00Z")
    database.run("UPDATE shikaku.limits SET category = 'A04', known_from = '2026-11-10Z' WHERE member_key = %s", (person.member_key,))
    asked = {**person.asked(), "care_month": "2026-11", "consents": AGREED, "prior_ceiling_months": 0}
    assert of(desk.limit(**asked), "category") == ("A04",)
    assert of(desk.limit(**asked, known_at="2026-11-09T00:00:00Z"), "category") == ("A03",)


# --- Which day is judged (R7.13).

@pytest.mark.parametrize("month, day", [("2026-11", "2026-11-22"), ("2026-10", "2026-10-31"), ("2026-12", "2026-12-01"), ("2027-07", "2027-07-01")])
def test_without_a_day_the_month_says_which_is_judged_r7_13(desk, database, month, day):
    answer = desk.limit(**add(database).asked(), care_month=month, consents=AGREED)
    assert of(answer, "visit_date", "validity") == (day, "valid")
    assert ("future_visit_date" in answer.reasons) == (day > "2026-11-22")


def test_in_a_past_month_the_last_covered_day_is_judged_r7_13(desk, database):
    lost = add(database, lost="2026-10-16", loss_reason="03")
    assert of(desk.limit(**lost.asked(), care_month="2026-10"), "visit_date", "validity") == ("2026-10-15", "valid")
    assert of(desk.limit(**lost.asked(), care_month="2026-09"), "visit_date", "validity") == ("2026-09-30", "valid")
    assert of(desk.limit(**lost.asked(), care_month="2026-10", visit_date="2026-10-16"), "validity", "ratio_percent") == ("invalid", None)
    gone = add(database, lost="2026-09-16", loss_reason="03")
    answer = desk.limit(**gone.asked(), care_month="2026-10", **COST)
    assert of(answer, "visit_date", "validity", "patient_pays", "halved_month", *NOTHING) == (
        "2026-10-31", "invalid", None, None, *NOTHING.values())
    assert answer.reasons == ["membership_ended"] and answer.next_actions


def test_nobody_is_told_nothing(desk, database):
    answer = desk.limit(insurer_number=KYOKAI, number="0000000", birth_date="1990-01-01", care_month="2026-11", consents=AGREED, **COST)
    assert of(answer, "validity", "accepted", "patient_pays", "ratio_percent", *NOTHING) == ("not_found", False, None, None, *NOTHING.values())
    answer = desk.limit(insurer_number="01130013", number="0000000", birth_date="1990-01-01", care_month="2026-11")
    assert of(answer, "validity") == ("not_found",) and answer.reasons == ["insurer_number_check_digit"]


# --- Ceiling months (R7.11).

def test_ceiling_months_are_counted_where_the_desk_does_not_say_r7_11(desk, database):
    head = register_limit(database, add(database, insurer=KUMIAI), "A03")
    child = register_limit(database, add(database, insurer=KUMIAI, insured_by=head, symbol=head.keys["symbol"], number=head.keys["number"],
                                         branch="01", birth="1995-01-01"), "A03")
    other = add(database, insurer=KUMIAI)
    asked = {"care_month": "2026-11", "consents": AGREED, **COST}

    def found(person=head, **more):
        answer = desk.limit(**person.asked(), **{**asked, **more})
        assert ("ceiling_months_counted" in answer.reasons) == ("prior_ceiling_months" not in more)
        return of(answer, "prior_ceiling_months", "multiple_months", "ceiling")

    assert found() == (0, False, 92940)
    for person, month in ((head, "2025-12"), (child, "2026-03")):
        reach(database, person, month)
    reach(database, head, "2026-03", institution="1311111111")  # the same month at another place
    reach(database, head, "2025-11")  # twelve months before
    reach(database, head, "2026-11")  # the month itself
    reach(database, head, "2026-05", counts_from=None)  # 外来 only
    reach(database, other, "2026-06")  # another household
    assert found() == (2, False, 92940) and found(child) == (2, False, 92940)
    reach(database, head, "2026-10", counts_from="2026-11-20T00:00:00Z")
    assert found() == (3, True, 44400)
    assert found(known_at="2026-11-19T00:00:00Z") == (2, False, 92940)
    assert found(prior_ceiling_months=0) == (0, False, 92940) and found(prior_ceiling_months=11) == (11, True, 44400)
    assert found(care_month="2026-10") == (3, True, 44400), "2025-11, 2025-12 and 2026-03"


# --- Cards.

@pytest.fixture(scope="module")
def card_desk(card_service):
    with Client(card_service, card_service.database.token()) as client:
        yield client


def holder(service, believed, **facts):
    person = add(service.database, cards=(), **facts)
    return person, make_known(service.database, person, believed.g2.card(), believed.g2)


def test_a_card_is_told_without_being_asked_r7_9(card_service, card_desk, believed):
    person, card = holder(card_service, believed)
    register_limit(card_service.database, person, "A05")
    answer = limit_by_card(card_desk, card, care_month="2026-11", prior_ceiling_months=0, **COST)
    assert of(answer, "validity", "accepted", "category", "patient_pays") == ("valid", True, "A05", 36900) and answer.reasons == []
    answer = limit_by_card(card_desk, card, care_month="2024-09", prior_ceiling_months=0, **COST)
    assert of(answer, "category", "patient_pays") == (None, 300000) and answer.reasons == ["limit_consent_missing"]
    answer = limit_by_card(card_desk, card, care_month="2024-09", prior_ceiling_months=0, consents=AGREED, **COST)
    assert of(answer, "category", "patient_pays") == ("A05", 35400)


def test_a_change_of_insurer_within_the_month_is_asked_by_day_r7_13(card_service, card_desk, believed):
    person, card = holder(card_service, believed, lost="2026-10-16", loss_reason="03")
    register_limit(card_service.database, person, "A01")
    later = add(card_service.database, insurer=KOKUHO, person=person, acquired="2026-10-16")
    register_limit(card_service.database, later, "A04")
    assert of(limit_by_card(card_desk, card, care_month="2026-10"), "visit_date", "category") == ("2026-10-31", "A04")
    assert of(limit_by_card(card_desk, card, care_month="2026-10", visit_date="2026-10-15"), "category") == ("A01",)
    assert of(limit_by_card(card_desk, card, care_month="2026-09"), "visit_date", "category") == ("2026-09-30", "A01")


def test_by_card_too_the_last_covered_day_of_a_past_month_is_judged_r7_13(card_service, card_desk, believed):
    _, card = holder(card_service, believed, lost="2026-10-16", loss_reason="03")
    assert of(limit_by_card(card_desk, card, care_month="2026-10"), "visit_date", "validity") == ("2026-10-15", "valid")
    assert of(limit_by_card(card_desk, card, care_month="2026-11"), "visit_date", "validity") == ("2026-11-22", "invalid")


def test_a_card_that_may_not_be_used_is_told_nothing_r5_3(card_service, card_desk, believed):
    person, card = holder(card_service, believed, registered=False)
    register_limit(card_service.database, person, "A01")
    answer = limit_by_card(card_desk, card, care_month="2026-11", **COST)
    assert of(answer, "validity", "accepted", "patient_pays", "halved_month", *NOTHING) == (None, False, None, None, *NOTHING.values())
    assert answer.reasons == ["card_not_registered"] and answer.next_actions


def test_a_challenge_is_used_up_by_a_question_about_a_month_r5_1(card_service, card_desk, believed):
    _, card = holder(card_service, believed)
    challenge = card_desk.request("POST", "/v1/card-challenges").json["challenge"]
    assert limit_by_card(card_desk, card, challenge=challenge, care_month="2030-01").json["code"] == "care_month_without_table"
    again = check_by_card(card_desk, card, challenge=challenge)
    assert (again.status, again.json["code"]) == (409, "challenge_reused")


@pytest.mark.parametrize("category, disease, self_pay, ceiling, pays", [
    ("A03", "1", None, 10000, 10000), ("A01", "1", None, 20000, 20000), ("A02", "1", 15000, 15000, 15000), ("A02", "2", None, 10000, 10000),
    (None, "3", None, 10000, 10000), ("A05", "1", 500000, 500000, 36900)])
def test_a_named_disease_costs_at_most_its_own_ceiling_r7_6(card_service, card_desk, believed, category, disease, self_pay, ceiling, pays):
    person, card = holder(card_service, believed)
    if category:
        register_limit(card_service.database, person, category)
    register_disease(card_service.database, person, disease, self_pay)
    asked = {"care_month": "2026-11", "prior_ceiling_months": 0, "consents": {"specific_diseases": True}, **COST}
    assert of(limit_by_card(card_desk, card, **asked, specific_disease=disease), "specific_disease_ceiling", "patient_pays") == (ceiling, pays)
    unnamed = limit_by_card(card_desk, card, **asked)
    assert of(unnamed, "specific_disease_ceiling") == (None,) and unnamed.json["patient_pays"] > 10000


def test_what_a_disease_costs_is_right_also_where_the_category_may_not_be_told_r7_6_r7_9(card_service, card_desk, believed):
    person, card = holder(card_service, believed)
    register_disease(card_service.database, register_limit(card_service.database, person, "A01"), "1")
    consents = {"specific_diseases": True}
    answer = limit_by_card(card_desk, card, care_month="2024-09", specific_disease="1", consents=consents, **COST)
    assert of(answer, "category", "specific_disease_ceiling", "patient_pays") == (None, 20000, 20000)
    assert answer.reasons == ["limit_consent_missing"]
    answer = check_by_card(card_desk, card, visit_date="2024-09-30", consents=consents)
    assert answer.json["limit"] is None and answer.json["specific_diseases"][0]["self_pay"] == 20000


def test_a_disease_needs_the_card_the_consent_and_a_registration_r7_6_r7_9(card_service, card_desk, believed):
    person, card = holder(card_service, believed)
    register_limit(card_service.database, person, "A03")
    register_disease(card_service.database, person, "1", None, "2020-01-01", "2026-11-22")
    asked = {"care_month": "2026-11", "prior_ceiling_months": 0, "specific_disease": "1", **COST}
    told = {"limit_information": True, "specific_diseases": True}

    def found(answer):
        return of(answer, "specific_disease_ceiling", "patient_pays"), answer.reasons

    without = ((None, 92940), ["specific_disease_consent_missing"])
    assert found(limit_by_card(card_desk, card, **asked, visit_date="2026-11-21")) == without
    assert found(card_desk.limit(**person.asked(), **asked, visit_date="2026-11-21", consents=told)) == without
    assert found(limit_by_card(card_desk, card, **asked, visit_date="2026-11-21", consents=told)) == ((10000, 10000), [])
    assert found(limit_by_card(card_desk, card, **asked, consents=told)) == ((None, 92940), ["specific_disease_not_registered"])


# --- Evidence.

def test_each_answer_is_on_record_with_its_month_r13_1(desk, database):
    person = register_limit(database, add(database), "A03")
    answers = [desk.limit(**person.asked(), care_month=month, consents=AGREED, **COST) for month in ("2026-10", "2026-11")]
    answers.append(desk.check(**person.asked()))
    answers.append(desk.limit(insurer_number=KYOKAI, number="0000000", birth_date="1990-01-01", care_month="2026-09"))
    assert_on_record(database, answers)
    recorded = {str(row[0]): row[1:] for row in database.run(
        "SELECT check_id, care_month::text, visit_date::text, answer_digest, membership_id FROM shikaku.checks")}
    for answer, month, day, known in zip(answers, ("2026-10-01", "2026-11-01", None, "2026-09-01"),
                                         ("2026-10-31", "2026-11-22", "2026-11-22", "2026-09-30"), (True, True, True, False)):
        care_month, visit_date, digest, membership = recorded[answer.json["check_id"]]
        assert (care_month, visit_date, bytes(digest)) == (month, day, hashlib.sha256(answer.body).digest())
        assert membership == (person.membership_id if known else None)


# --- Wrong input.

@pytest.mark.parametrize("month", ["2014-12", "1990-01", "2027-08", "2030-01", "9999-12"])
def test_a_month_whose_amounts_are_not_held_is_refused_by_name_r7_2(desk, database, month):
    known, unknown = add(database, birth="1980-01-01"), {"insurer_number": KYOKAI, "number": "0000000", "birth_date": "1980-01-01"}
    for keys in (known.asked(), unknown):
        answer = desk.limit(**keys, care_month=month, consents=AGREED, **COST)
        assert refused(answer) == ("care_month_without_table", [("/care_month", "out_of_range")])


def test_earlier_months_of_b_are_refused_by_name_and_those_of_a_are_not_r7_2(desk, database):
    elderly = add(database, birth="1954-01-01", ratios=[(20, "2024-02-01", None)])
    assert refused(desk.limit(**elderly.asked(), care_month="2025-09", consents=AGREED)) == (
        "care_month_without_table", [("/care_month", "out_of_range")])
    assert of(desk.limit(**elderly.asked(), care_month="2025-10", consents=AGREED, prior_ceiling_months=0), "formula", "outpatient_ceiling") == (
        {"base": 57600, "threshold": 0, "rate_percent": 0}, 18000)
    assert of(desk.limit(**elderly.asked(), care_month="2025-09", **COST), "patient_pays") == (200000,), "no consent, nothing told"
    young = register_limit(database, add(database), "A02")
    assert of(desk.limit(**young.asked(), care_month="2025-09", consents=AGREED, prior_ceiling_months=0), "formula") == (
        {"base": 167400, "threshold": 558000, "rate_percent": 1},)


@pytest.mark.parametrize("changes, pointer, code", [
    ({"care_month": ...}, "/care_month", "required"),
    ({"care_month": "2026-13"}, "/care_month", "wrong_form"),
    ({"care_month": "2026-11-01"}, "/care_month", "wrong_form"),
    ({"care_month": "202611"}, "/care_month", "wrong_form"),
    ({"care_month": 202611}, "/care_month", "wrong_type"),
    ({"care_month": "1989-12"}, "/care_month", "out_of_range"),
    ({"visit_date": "2026-10-31"}, "/visit_date", "not_together"),
    ({"care_month": "2026-12", "visit_date": "2026-12-24"}, "/visit_date", "out_of_range"),
    ({"total_medical_cost": -1}, "/total_medical_cost", "out_of_range"),
    ({"total_medical_cost": 10**10 + 1}, "/total_medical_cost", "out_of_range"),
    ({"total_medical_cost": 1000.5}, "/total_medical_cost", "wrong_type"),
    ({"total_medical_cost": "1000"}, "/total_medical_cost", "wrong_type"),
    ({"care": ...}, "/care", "required"),
    ({"care": "dental"}, "/care", "not_one_of"),
    ({"prior_ceiling_months": -1}, "/prior_ceiling_months", "out_of_range"),
    ({"prior_ceiling_months": 12}, "/prior_ceiling_months", "out_of_range"),
    ({"specific_disease": "4"}, "/specific_disease", "not_one_of"),
    ({"specific_disease": 1}, "/specific_disease", "wrong_type"),
    ({"paid_so_far": -1}, "/paid_so_far", "out_of_range"),
    ({"known_at": "2026-11-23T00:00:00Z"}, "/known_at", "out_of_range"),
    ({"number": ...}, "/presented/number", "required"),
    ({"household": []}, "/household", "unknown_field"),
])
def test_each_wrong_field_is_named(desk, database, changes, pointer, code):
    asked = {**add(database).asked(), "care_month": "2026-11", "total_medical_cost": 1000, "care": "inpatient", **changes}
    outside = {name: value for name, value in asked.items() if value is not ... or name == "number"}
    assert refused(desk.limit(wrong=True, **outside)) == ("invalid_fields", [(pointer, code)])


def test_a_month_may_be_asked_at_the_very_edges_of_a_life(desk, database):
    newborn = add(database, birth="2026-10-15", acquired="2026-10-15")
    assert of(desk.limit(**newborn.asked(), care_month="2026-10"), "visit_date", "validity") == ("2026-10-31", "valid")
    assert refused(desk.limit(**newborn.asked(), care_month="2026-09")) == ("invalid_fields", [("/care_month", "out_of_range")])
    assert refused(desk.limit(**newborn.asked(), care_month="2026-10", visit_date="2026-10-14")) == (
        "invalid_fields", [("/visit_date", "out_of_range")])


def test_only_a_terminal_asks(service, database):
    with Client(service, database.token("insurer", KYOKAI)) as insurer:
        answer = insurer.limit(**add(database).asked(), care_month="2026-11")
    assert (answer.status, answer.json["code"]) == (403, "scope_missing")
