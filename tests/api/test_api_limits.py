"""限度額適用区分 and 特定疾病 in the answer to a check (R7.6, R7.8–R7.10): what is told, to whom, as of when."""

import datetime
import hashlib

import pytest

from api_cards import JAPAN, check_by_card, make_known
from api_insurers import new_insurer
from api_people import KOKUHO, KOUKI, KUMIAI, add
from catalogues import words
from support import Client


REASONS = words("REASONS")
AGREED = {"limit_information": True}
BEFORE, CORRECTED = "2026-11-20T08:00:00+09:00", "2026-11-20T12:00:00+09:00"


@pytest.fixture(scope="module")
def database(card_service):
    return card_service.database


@pytest.fixture(scope="module")
def card_token(database):
    return database.token()


@pytest.fixture
def desk(card_service, card_token):
    with Client(card_service, card_token) as client:
        yield client


@pytest.fixture
def by_card(desk, database, believed):
    """by_card(person, …): a check with the person's card, made known at the first one."""
    cards = {}

    def check(person, *agreed, **fields):
        if person.person_id not in cards:
            cards[person.person_id] = make_known(database, person, believed.g2.card(), believed.g2)
        return check_by_card(desk, cards[person.person_id], consents=dict.fromkeys(agreed, True), **fields)

    return check


def limit(category, label, certificate=None, first=None, last=None, long_stay_from=None):
    return {"category": category, "label": label, "certificate": certificate, "valid_from": first, "valid_until": last,
            "long_stay_from": long_stay_from}


def told(answer):
    """The limit, and the reason that goes with it."""
    assert answer.status == 200, answer
    return answer.json["limit"], answer.limit_reason


def somebody(database, **facts):
    """Below 70, with a 限度額適用認定証 from 2024-08-01."""
    return add(database, cards=(), **{"limits": [("A03", "01", "2024-08-01", None, None)], **facts})


A03 = limit("A03", "ウ", "01", "2024-08-01")


# --- Who is told (R7.9).

@pytest.mark.parametrize("visit", ["2024-10-01", "2026-11-22", "2026-12-01"])
@pytest.mark.parametrize("consents", [{}, {"limit_information": False}, AGREED, {"surgeries": True}])
def test_a_card_tells_the_limit_from_october_2024_whatever_the_patient_says_r7_9(desk, database, believed, visit, consents):
    person = somebody(database)
    card = make_known(database, person, believed.g2.card(), believed.g2)
    assert told(check_by_card(desk, card, consents=consents, visit_date=visit)) == (A03, None)


def test_a_card_tells_the_limit_of_the_day_before_only_to_whom_agreed_r7_9(by_card, database):
    person = somebody(database)
    assert told(by_card(person, visit_date="2024-09-30")) == (None, "limit_consent_missing")
    assert told(by_card(person, "limit_information", visit_date="2024-09-30")) == (A03, None)


def test_a_card_that_expired_a_short_while_ago_tells_the_limit_still_and_no_disease_r5_4(desk, database, believed):
    person = somebody(database, diseases=[("1", None, "2024-02-01", None)])
    expired = believed.g2.card(not_after=datetime.datetime(2026, 8, 10, 23, 59, 59, tzinfo=JAPAN))
    answer = check_by_card(desk, make_known(database, person, expired, believed.g2), consents={"specific_diseases": True})
    assert answer.json["scope"] == "qualification_only" and told(answer) == (A03, None)
    assert answer.json["specific_diseases"] is None


@pytest.mark.parametrize("consents", [None, {}, {"limit_information": False}, {"limit_information": None}, {"specific_diseases": True}])
def test_typed_keys_without_consent_do_not_show_whether_there_is_a_limit_r7_9(desk, database, consents):
    one, other = somebody(database, name="区分 有無"), add(database, cards=(), name="区分 有無")
    answers = [desk.check(**person.asked(), consents=consents).json for person in (one, other)]
    for answer, person in zip(answers, (one, other)):
        assert answer["qualification"].pop("number") == person.keys["number"]
        for part, field in ((answer, "check_id"), (answer["qualification"], "name_kana"), (answer["qualification"], "address")):
            del part[field]
    assert answers[0] == answers[1]
    assert answers[0]["limit"] is None and [reason["code"] for reason in answers[0]["reasons"]] == ["limit_consent_missing"]
    assert answers[0]["reasons"][0]["text"] == REASONS["limit_consent_missing"]


def test_nor_do_they_in_how_the_elderly_are_answered_r7_9(desk, database):
    facts = {"insurer": KOUKI, "birth": "1945-05-17", "acquired": "2020-05-17", "ratios": [(10, "2025-08-01", None)]}
    for person in (add(database, **facts), add(database, **facts, limits=[("B05", "02", "2025-08-01", None, None)])):
        assert told(desk.check(**person.asked())) == (None, "limit_consent_missing")


@pytest.mark.parametrize("visit", ["2024-09-30", "2026-11-22"])
def test_typed_keys_with_consent_tell_the_limit_of_any_day_r7_9(desk, database, visit):
    assert told(desk.check(**somebody(database).asked(), consents=AGREED, visit_date=visit)) == (A03, None)
    nobody = desk.check(**add(database).asked(), consents=AGREED, visit_date=visit)
    assert told(nobody) == (None, "limit_not_registered") and nobody.json["accepted"]
    assert nobody.json["reasons"][-1]["text"] == REASONS["limit_not_registered"]


def test_a_notice_that_is_not_accepted_alone_tells_the_limit_to_whom_agreed_and_no_disease(desk, database):
    person = somebody(database, diseases=[("1", None, "2024-02-01", None)])
    answer = desk.check("qualification_notice", **person.asked(), consents={**AGREED, "specific_diseases": True})
    assert (answer.json["validity"], answer.json["accepted"]) == ("valid", False)
    assert told(answer) == (A03, None) and answer.json["specific_diseases"] is None


@pytest.mark.parametrize("facts, validity", [({"lost": "2026-11-01"}, "invalid"), ({"acquired": "2026-12-01"}, "invalid")])
def test_who_is_not_covered_has_no_limit_and_no_word_about_one(desk, by_card, database, facts, validity):
    person = somebody(database, diseases=[("1", None, "2024-02-01", None)], **facts)
    for answer in (desk.check(**person.asked(), consents=AGREED), by_card(person, "limit_information", "specific_diseases")):
        assert answer.json["validity"] == validity and told(answer) == (None, None)
        assert answer.json["specific_diseases"] is None


def test_a_card_that_may_not_be_used_tells_no_limit_r5_3(desk, database, believed):
    person = somebody(database)
    card = make_known(database, person, believed.g2.card(), believed.g2, state="revoked")
    answer = check_by_card(desk, card, consents=AGREED)
    assert answer.reasons == ["card_revoked"] and told(answer) == (None, None)


# --- Which one (R7.8).

@pytest.mark.parametrize("visit, category", [
    ("2026-07-31", None), ("2026-08-01", "A04"), ("2026-10-31", "A04"), ("2026-11-01", "A03"), ("2026-11-30", "A03"), ("2026-12-01", None)])
def test_a_limit_holds_from_its_first_day_to_its_last_and_the_next_follows(desk, by_card, database, visit, category):
    person = somebody(database, limits=[("A04", "01", "2026-08-01", "2026-11-01", None), ("A03", None, "2026-11-01", "2026-12-01", None)])
    found = {"A04": limit("A04", "エ", "01", "2026-08-01", "2026-10-31"), "A03": limit("A03", "ウ", None, "2026-11-01", "2026-11-30"), None: None}
    for answer in (desk.check(**person.asked(), consents=AGREED, visit_date=visit), by_card(person, visit_date=visit)):
        assert told(answer) == (found[category], None if category else "limit_not_registered")


@pytest.mark.parametrize("code, label, birth", [
    ("A01", "ア", "1990-01-01"), ("A02", "イ", "1990-01-01"), ("A03", "ウ", "1990-01-01"), ("A04", "エ", "1990-01-01"),
    ("A05", "オ", "1990-01-01"), ("A06", "オ(境)", "1990-01-01"), ("B01", "現役並みⅢ", "1955-01-01"), ("B02", "現役並みⅡ", "1955-01-01"),
    ("B03", "現役並みⅠ", "1955-01-01"), ("B04", "一般", "1955-01-01"), ("B05", "低所得Ⅱ", "1955-01-01"), ("B06", "低所得Ⅰ", "1955-01-01"),
    ("B07", "低所得Ⅰ(老福)", "1955-01-01"), ("B08", "低所得Ⅰ(境)", "1955-01-01"), ("B09", "一般Ⅱ", "1945-01-01"), ("B10", "一般Ⅰ", "1945-01-01")])
def test_each_category_is_told_with_the_desks_word_for_it(desk, database, code, label, birth):
    insurer, acquired = (KOUKI, "2020-01-01") if birth == "1945-01-01" else (KOKUHO, "2015-04-01")
    person = add(database, insurer=insurer, birth=birth, acquired=acquired, limits=[(code, None, "2026-08-01", None, None)])
    assert told(desk.check(**person.asked(), consents=AGREED)) == (limit(code, label, None, "2026-08-01"), None)


@pytest.mark.parametrize("certificate", ["01", "02", "03", None])
def test_certificate_and_long_stay_are_told_as_registered_r7_10(desk, database, certificate):
    person = somebody(database, limits=[("A05", certificate, "2026-08-01", "2027-08-01", "2026-09-15")])
    assert told(desk.check(**person.asked(), consents=AGREED)) == (
        limit("A05", "オ", certificate, "2026-08-01", "2027-07-31", "2026-09-15"), None)


@pytest.mark.parametrize("insurer, birth, percent, code, label", [
    (KOUKI, "1945-05-17", 30, "B01", "現役並みⅢ"), (KOUKI, "1945-05-17", 20, "B09", "一般Ⅱ"), (KOUKI, "1945-05-17", 10, "B10", "一般Ⅰ"),
    (KOUKI, "1959-05-17", 10, "B10", "一般Ⅰ"),  # 障害認定, below 70
    (KOKUHO, "1955-05-17", 30, "B01", "現役並みⅢ"), (KOKUHO, "1955-05-17", 20, "B04", "一般")])
def test_from_70_on_the_ratio_carries_the_limit_where_none_is_registered_r7_8(desk, by_card, database, insurer, birth, percent, code, label):
    person = add(database, insurer=insurer, birth=birth, acquired="2022-05-17", cards=(), ratios=[(percent, "2026-08-01", "2027-08-01")])
    expected = limit(code, label, None, "2026-08-01", "2027-07-31"), "limit_from_ratio"
    typed, card = desk.check(**person.asked(), consents=AGREED), by_card(person)
    assert told(typed) == told(card) == expected
    assert typed.json["reasons"] == [{"code": "limit_from_ratio", "text": REASONS["limit_from_ratio"]}]


def test_a_limit_that_is_registered_goes_before_the_ratio_on_its_days_only_r7_8(by_card, database):
    person = add(database, insurer=KOKUHO, birth="1955-05-17", cards=(), ratios=[(20, "2025-08-01", None)],
                 limits=[("B05", "02", "2026-08-01", "2026-11-01", None)])
    assert told(by_card(person, visit_date="2026-10-31")) == (limit("B05", "低所得Ⅱ", "02", "2026-08-01", "2026-10-31"), None)
    assert told(by_card(person, visit_date="2026-11-01")) == (limit("B04", "一般", None, "2025-08-01"), "limit_from_ratio")


@pytest.mark.parametrize("insurer, birth", [(KOKUHO, "1955-05-17"), (KOUKI, "1945-05-17")])
def test_without_a_ratio_no_limit_of_the_elderly_is_guessed_r7_8(by_card, database, insurer, birth):
    answer = by_card(add(database, insurer=insurer, birth=birth, acquired="2022-05-17", cards=()))
    assert told(answer) == (None, "limit_not_registered")
    assert answer.all_reasons == ["elderly_ratio_not_registered", "limit_not_registered"]


@pytest.mark.parametrize("birth", ["2022-05-01", "1990-01-01", "1956-12-01"])
def test_below_70_no_ratio_carries_a_limit_r7_8(by_card, database, birth):
    answer = by_card(add(database, birth=birth, acquired=max(birth, "2015-04-01"), cards=(), ratios=[(20, "2026-08-01", None)]))
    assert told(answer) == (None, "limit_not_registered")


# --- Specific diseases (R7.6, R7.9).

def disease(category, self_pay, first="2024-02-01", last=None):
    return {"category": category, "self_pay": self_pay, "valid_from": first, "valid_until": last}


def test_diseases_are_told_by_card_to_whom_agreed_and_to_nobody_else_r7_9(desk, by_card, database):
    person = somebody(database, diseases=[("1", 10000, "2024-02-01", None)])
    assert by_card(person, "specific_diseases").json["specific_diseases"] == [disease("1", 10000)]
    assert by_card(person, "limit_information", "surgeries").json["specific_diseases"] is None
    assert desk.check(**person.asked(), consents={**AGREED, "specific_diseases": True}).json["specific_diseases"] is None
    assert by_card(somebody(database), "specific_diseases").json["specific_diseases"] == [], "none is told as none"


def test_several_diseases_are_told_and_only_those_of_the_day(by_card, database):
    person = somebody(database, diseases=[("2", None, "2024-02-01", "2026-11-01"), ("1", 5000, "2026-11-01", None), ("3", None, "2026-10-31", None)])

    def on(visit):
        return by_card(person, "specific_diseases", visit_date=visit).json["specific_diseases"]

    old, dialysis, third = disease("2", 10000, last="2026-10-31"), disease("1", 5000, "2026-11-01"), disease("3", 10000, "2026-10-31")
    assert on("2026-10-30") == [old]
    assert on("2026-10-31") == [old, third]
    assert on("2026-11-01") == [third, dialysis]


@pytest.mark.parametrize("facts, registered, pays", [
    ({"limits": [("A01", None, "2024-08-01", None, None)]}, ("1", None), 20000), ({"limits": [("A02", None, "2024-08-01", None, None)]}, ("1", None), 20000),
    ({"limits": [("A03", None, "2024-08-01", None, None)]}, ("1", None), 10000), ({"limits": []}, ("1", None), 10000),
    ({"limits": [("A01", None, "2024-08-01", None, None)]}, ("2", None), 10000), ({"limits": [("A01", None, "2024-08-01", None, None)]}, ("3", None), 10000),
    ({"limits": [("A01", None, "2024-08-01", None, None)]}, ("1", 10000), 10000), ({"limits": []}, ("1", 20000), 20000), ({"limits": []}, ("3", 0), 0),
    ({"limits": [], "insurer": KOKUHO, "birth": "1955-05-17", "ratios": [(30, "2026-08-01", None)]}, ("1", None), 10000)])
def test_a_month_with_a_disease_costs_at_most_what_is_registered_or_the_law_says_r7_6(by_card, database, facts, registered, pays):
    category, self_pay = registered
    person = somebody(database, diseases=[(category, self_pay, "2024-02-01", None)], **facts)
    assert by_card(person, "specific_diseases").json["specific_diseases"] == [disease(category, pays)]


# --- As of when, and of which membership (R3.4, R4.1).

def corrected(database, table, person, change):
    database.run(f"UPDATE shikaku.{table} SET {change}, known_from = %s WHERE member_key = %s", (CORRECTED, person.member_key))


def test_a_correction_of_a_limit_is_not_seen_before_it_was_known_r3_4(desk, by_card, database):
    person = somebody(database, limits=[("A03", "01", "2026-08-01", None, "2026-10-01")])
    corrected(database, "limits", person, "category = 'A05', certificate = '02', valid = '[2026-09-01,2027-08-01)', long_stay_from = NULL")
    old, new = limit("A03", "ウ", "01", "2026-08-01", None, "2026-10-01"), limit("A05", "オ", "02", "2026-09-01", "2027-07-31")
    for ask in (lambda **more: desk.check(**person.asked(), consents=AGREED, **more), lambda **more: by_card(person, **more)):
        assert told(ask()) == told(ask(known_at=CORRECTED)) == (new, None)
        assert told(ask(known_at=BEFORE)) == (old, None)


def test_a_limit_that_was_added_or_taken_back_is_as_it_was_known_r3_4(desk, by_card, database):
    taken_back, added = somebody(database), add(database, cards=())
    database.run("SET shikaku.changed_at = %s; DELETE FROM shikaku.limits WHERE member_key = %s", (CORRECTED, taken_back.member_key))
    database.run("""INSERT INTO shikaku.limits (member_key, insurer_number, category, valid, known_from)
                    SELECT member_key, insurer_number, 'A03', '[2024-08-01,)', %s FROM shikaku.members WHERE member_key = %s""",
                 (CORRECTED, added.member_key))
    for ask in (lambda person, **more: desk.check(**person.asked(), consents=AGREED, **more), by_card):
        assert told(ask(taken_back)) == told(ask(taken_back, known_at=CORRECTED)) == (None, "limit_not_registered")
        assert told(ask(taken_back, known_at=BEFORE)) == (A03, None)
        assert told(ask(added)) == (limit("A03", "ウ", None, "2024-08-01"), None)
        assert told(ask(added, known_at=BEFORE)) == (None, "limit_not_registered")


def test_a_correction_of_a_ratio_reaches_the_limit_only_when_it_was_known_r3_4(by_card, database):
    person = add(database, insurer=KOKUHO, birth="1955-05-17", cards=(), ratios=[(20, "2026-08-01", None)])
    corrected(database, "ratios", person, "percent = 30")
    assert told(by_card(person)) == (limit("B01", "現役並みⅢ", None, "2026-08-01"), "limit_from_ratio")
    assert told(by_card(person, known_at=BEFORE)) == (limit("B04", "一般", None, "2026-08-01"), "limit_from_ratio")


def test_a_correction_of_a_disease_is_not_seen_before_it_was_known_r3_4(by_card, database):
    person = somebody(database, diseases=[("1", None, "2024-02-01", None)])
    corrected(database, "specific_diseases", person, "category = '2', self_pay = 0, valid = '[2024-03-01,2027-01-01)'")
    assert by_card(person, "specific_diseases").json["specific_diseases"] == [disease("2", 0, "2024-03-01", "2026-12-31")]
    assert by_card(person, "specific_diseases", known_at=BEFORE).json["specific_diseases"] == [disease("1", 10000)]


def test_of_several_memberships_each_has_its_own_limit_and_diseases_r4_1(desk, by_card, database):
    older = somebody(database, diseases=[("2", None, "2024-02-01", None)], lost="2026-11-22")
    newer = add(database, insurer=KUMIAI, cards=(), person=older, acquired="2026-11-22", limits=[("A01", None, "2026-11-22", None, None)],
                diseases=[("1", None, "2026-11-22", None)])
    assert told(by_card(older)) == told(desk.check(**newer.asked(), consents=AGREED)) == (limit("A01", "ア", None, "2026-11-22"), None)
    assert by_card(older, "specific_diseases").json["specific_diseases"] == [disease("1", 20000, "2026-11-22")]
    assert told(by_card(older, visit_date="2026-11-21")) == (A03, None)
    assert by_card(older, "specific_diseases", visit_date="2026-11-21").json["specific_diseases"] == [disease("2", 10000)]


def test_a_newer_membership_elsewhere_does_not_lend_its_limit_to_the_older_ones_keys(desk, database):
    older = add(database, cards=())
    add(database, insurer=KUMIAI, cards=(), person=older, acquired="2020-04-01", limits=[("A01", None, "2024-08-01", None, None)])
    assert told(desk.check(**older.asked(), consents=AGREED)) == (None, "limit_not_registered")


def test_what_an_insurer_registers_is_told_at_the_next_check(desk, by_card, card_service, database):
    insurer = new_insurer(database, card_service)
    with insurer.client:
        person = add(database, insurer=insurer.number, cards=())
        record = insurer.get(f"/members/{person.member_id}").json
        assert told(by_card(person)) == (None, "limit_not_registered")

        def put(**changes):
            answer = insurer.put({**record, **changes}, f"/members/{person.member_id}")
            assert answer.status == 200, answer

        put(limits=[{"category": "A02", "certificate": "01", "valid_from": "2026-08-01"}], specific_diseases=[{"category": "1", "valid_from": "2026-01-01"}])
        a02 = limit("A02", "イ", "01", "2026-08-01")
        answer = by_card(person, "specific_diseases")
        assert told(answer) == told(desk.check(**person.asked(), consents=AGREED)) == (a02, None)
        assert answer.json["specific_diseases"] == [disease("1", 20000, "2026-01-01")]
        put(limits=[{"category": "A05", "certificate": "02", "valid_from": "2026-08-01", "valid_until": "2026-11-22", "long_stay_from": "2026-09-01"}])
        answer = by_card(person, "specific_diseases")
        assert told(answer) == (limit("A05", "オ", "02", "2026-08-01", "2026-11-22", "2026-09-01"), None)
        assert answer.json["specific_diseases"] == []
        put()
        assert told(by_card(person)) == (None, "limit_not_registered")


# --- The record (R13.1).

def test_an_answer_with_a_limit_is_on_record_as_it_left_r13_1(desk, by_card, database):
    person = somebody(database, diseases=[("1", None, "2024-02-01", None)])
    elderly = add(database, insurer=KOKUHO, birth="1955-05-17", cards=(), ratios=[(20, "2026-08-01", None)])
    bits = {code: 1 << place for place, code in enumerate(REASONS)}
    for answer, reasons in (
            (by_card(person, "specific_diseases"), 0), (desk.check(**person.asked(), consents=AGREED), 0),
            (desk.check(**person.asked()), bits["limit_consent_missing"]), (by_card(add(database, cards=())), bits["limit_not_registered"]),
            (by_card(elderly), bits["limit_from_ratio"])):
        digest, stored = database.run("SELECT answer_digest, reasons FROM shikaku.checks WHERE check_id = %s", (answer.json["check_id"],))[0]
        assert (bytes(digest), stored) == (hashlib.sha256(answer.body).digest(), reasons)
