"""Cover on the day of care (R3), and the five validities (R4). Today is 2026-11-22."""

import pytest

from api_people import KOUKI, KUMIAI, add
from support import Client

BEFORE = "2026-11-20T08:00:00+09:00"
CORRECTED = "2026-11-20T12:00:00+09:00"


def change(database, sql, *parameters):
    database.run(sql, parameters)


@pytest.mark.parametrize("visit, validity", [("2026-10-30", "valid"), ("2026-10-31", "invalid"), ("2026-11-01", "invalid")])
def test_the_loss_day_is_the_first_day_without_cover_r3_1(desk, database, visit, validity):
    person = add(database, lost="2026-10-31", loss_reason="99")
    answer = desk.check(**person.asked(), visit_date=visit)
    assert answer.json["validity"] == validity
    assert answer.reasons == ([] if validity == "valid" else ["membership_ended"])
    assert answer.json["qualification"]["lost_on"] == "2026-10-31" and answer.json["qualification"]["loss_reason"] == "99"
    assert (answer.json["copayment"] is not None) == (validity == "valid"), "copayment only with valid (R4.3)"


@pytest.mark.parametrize("visit, validity", [("2026-10-31", "invalid"), ("2026-11-01", "valid")])
def test_cover_begins_on_the_day_of_acquisition_r3_1(desk, database, visit, validity):
    person = add(database, acquired="2026-11-01")
    answer = desk.check(**person.asked(), visit_date=visit)
    assert answer.json["validity"] == validity
    assert answer.reasons == ([] if validity == "valid" else ["membership_not_started"])


@pytest.mark.parametrize("birth, visit, validity", [
    ("1951-11-22", "2026-11-21", "valid"), ("1951-11-22", "2026-11-22", "invalid"),
    ("1948-02-29", "2023-02-28", "valid"), ("1948-02-29", "2023-03-01", "invalid"),  # R1.1
])
def test_at_75_the_member_moves_on_the_birthday_itself_r3_2(desk, database, birth, visit, validity):
    person = add(database, birth=birth, acquired="1990-04-01", ratios=[(20, "2015-01-01", None)])
    answer = desk.check(**person.asked(), visit_date=visit)
    assert answer.json["validity"] == validity
    assert answer.reasons == ([] if validity == "valid" else ["moved_to_late_elderly"])


def test_a_member_of_39_stays_covered_past_75_r3_2(desk, database):
    person = add(database, insurer=KOUKI, birth="1940-01-01", ratios=[(10, "2020-08-01", None)])
    assert desk.check(**person.asked()).json["validity"] == "valid"


@pytest.mark.parametrize("visit, validity", [("2026-11-09", "valid"), ("2026-11-10", "invalid")])
def test_a_dependant_ends_the_day_the_insured_turns_75_r3_2(desk, database, visit, validity):
    insured = add(database, birth="1951-11-10", acquired="1990-04-01")
    person = add(database, birth="1958-03-03", insured_by=insured, number=insured.keys["number"], branch="01", acquired="1990-04-01")
    answer = desk.check(**person.asked(), visit_date=visit)
    assert answer.json["validity"] == validity
    assert answer.json["qualification"]["relationship"] == "dependent" and answer.json["qualification"]["insured_name"] == insured.name
    if validity == "invalid":
        assert answer.reasons == ["insured_moved_to_late_elderly"]


@pytest.mark.parametrize("visit, validity", [("2026-09-30", "valid"), ("2026-10-01", "invalid")])
def test_a_dependant_ends_at_the_latest_with_the_insured_r3_3(desk, database, visit, validity):
    insured = add(database, lost="2026-10-01")
    person = add(database, insured_by=insured, number=insured.keys["number"], branch="01", birth="2015-05-05")
    answer = desk.check(**person.asked(), visit_date=visit)
    assert answer.json["validity"] == validity and answer.json["qualification"]["lost_on"] == "2026-10-01"


def test_before_a_late_report_the_answer_is_the_one_of_then_r3_4(desk, database):
    person = add(database)
    change(database, "UPDATE shikaku.memberships SET lost_on = '2026-11-01', loss_reason = '03', known_from = %s WHERE membership_id = %s",
           CORRECTED, person.membership_id)
    change(database, "UPDATE shikaku.members SET name = '改姓 後', address = '転居先', known_from = %s WHERE member_key = %s", CORRECTED,
           person.member_key)
    now, then = desk.check(**person.asked()), desk.check(**person.asked(), known_at=BEFORE)
    assert now.json["validity"] == "invalid" and now.reasons == ["membership_ended"]
    assert then.json["validity"] == "valid" and then.reasons == []
    assert then.json["qualification"]["lost_on"] is None and then.json["qualification"]["loss_reason"] is None
    assert then.json["qualification"]["name"] == "改姓 後" and then.json["qualification"]["address"] == "転居先", "names are as now"
    exactly = desk.check(**person.asked(), known_at=CORRECTED)
    assert exactly.json["validity"] == "invalid", "known from that moment on"


def test_a_correction_of_a_ratio_is_not_seen_before_it_was_known_r3_4(desk, database):
    person = add(database, birth="1955-01-01", ratios=[(20, "2025-08-01", None)])
    change(database, "UPDATE shikaku.ratios SET percent = 30, known_from = %s WHERE member_key = %s", CORRECTED, person.member_key)
    assert desk.check(**person.asked()).json["copayment"]["ratio_percent"] == 30
    assert desk.check(**person.asked(), known_at=BEFORE).json["copayment"]["ratio_percent"] == 20


def test_a_corrected_number_is_asked_for_as_it_was_known_r3_4(desk, database):
    person = add(database, number="8600001")
    change(database, "UPDATE shikaku.memberships SET number = '8600002', number_key = '8600002', known_from = %s WHERE membership_id = %s",
           CORRECTED, person.membership_id)
    assert desk.check(**person.asked()).json["validity"] == "not_found"
    assert desk.check(**person.asked(number="8600002")).json["validity"] == "valid"
    then = desk.check(**person.asked(), known_at=BEFORE)
    assert then.json["validity"] == "valid" and then.json["qualification"]["number"] == "8600001"
    assert desk.check(**person.asked(number="8600002"), known_at=BEFORE).json["validity"] == "not_found"


def test_an_insureds_loss_reaches_the_dependant_only_when_it_was_known_r3_3_r3_4(desk, database):
    insured = add(database)
    person = add(database, insured_by=insured, number=insured.keys["number"], branch="01", birth="2015-05-05")
    change(database, "UPDATE shikaku.memberships SET lost_on = '2026-11-01', known_from = %s WHERE membership_id = %s", CORRECTED,
           insured.membership_id)
    assert desk.check(**person.asked()).json["validity"] == "invalid"
    assert desk.check(**person.asked(), known_at=BEFORE).json["validity"] == "valid"


def test_nobody_was_known_before_they_were_registered_r3_4(desk, database):
    person = add(database, known_from="2026-11-10T00:00:00Z")
    assert desk.check(**person.asked(), known_at="2026-11-09T00:00:00Z").json["validity"] == "not_found"


def test_the_state_of_card_and_link_is_as_now_whatever_known_at_says_r3_4(desk, database):
    person = add(database, cards=["revoked"], link="pending")
    answer = desk.check("qualification_notice", **person.asked(), with_card=True, known_at=BEFORE)
    assert answer.json["validity"] == "valid" and set(answer.reasons) == {"card_revoked", "link_not_confirmed"}


def test_known_at_of_this_very_moment_is_no_time_to_come_r3_4(desk, database):
    assert desk.check(**add(database).asked(), known_at="2026-11-22T01:00:00Z").status == 200


@pytest.mark.parametrize("moment", ["2026-11-22T10:00:00.000001+09:00", "2026-11-22T10:00:01+09:00", "2027-01-01T00:00:00Z"])
def test_known_at_in_the_future_is_named_r3_4(desk, database, moment):
    answer = desk.check(**add(database).asked(), known_at=moment, wrong=True)
    assert answer.status == 422 and answer.field_errors == {"/known_at": "out_of_range"}


@pytest.mark.parametrize("asked", ["2026-11-01", "2026-11-22"])
def test_the_newer_insurers_data_is_not_given_to_typed_keys_r4(desk, database, asked):
    old = add(database, lost="2026-10-01", loss_reason="03")
    new = add(database, insurer=KUMIAI, person=old, birth=old.keys["birth_date"], acquired="2026-10-01")
    answer = desk.check(**old.asked(), visit_date=asked)
    assert answer.json["validity"] == "invalid_newer_exists" and answer.reasons == ["membership_ended"]
    assert new.keys["number"] not in answer.text and KUMIAI not in answer.text and new.name not in answer.text
    assert answer.json["qualification"]["insurer_number"] == "01130012" and answer.json["copayment"] is None
    assert desk.check(**new.asked(), visit_date=asked).json["validity"] == "valid"


def test_a_newer_membership_that_does_not_cover_the_day_does_not_count_r4(desk, database):
    old = add(database, lost="2026-10-01")
    add(database, insurer=KUMIAI, person=old, birth=old.keys["birth_date"], acquired="2026-11-01")
    assert desk.check(**old.asked(), visit_date="2026-10-15").json["validity"] == "invalid"
    assert desk.check(**old.asked(), visit_date="2026-11-15").json["validity"] == "invalid_newer_exists"


def test_a_newer_membership_counts_only_from_when_it_was_known_r3_4_r4(desk, database):
    old = add(database, lost="2026-10-01")
    new = add(database, insurer=KUMIAI, person=old, birth=old.keys["birth_date"], acquired="2026-10-01", known_from=CORRECTED)
    assert desk.check(**old.asked()).json["validity"] == "invalid_newer_exists"
    assert desk.check(**old.asked(), known_at=BEFORE).json["validity"] == "invalid"
    assert desk.check(**new.asked(), known_at=BEFORE).json["validity"] == "not_found"


def test_a_newer_membership_under_39_makes_the_old_one_invalid_newer_exists_r3_2_r4(desk, database):
    old = add(database, birth="1951-11-10", acquired="1990-04-01")
    add(database, insurer=KOUKI, person=old, birth="1951-11-10", acquired="2026-11-10", ratios=[(10, "2026-11-10", None)])
    answer = desk.check(**old.asked())
    assert answer.json["validity"] == "invalid_newer_exists" and answer.reasons == ["moved_to_late_elderly"]


def test_twins_are_twins_at_any_moment_r3_4_r4(desk):
    answer = desk.check(insurer_number=KUMIAI, symbol="20", number="300", birth_date="2016-11-22", known_at=BEFORE)
    assert answer.json["validity"] == "multiple" and answer.json["qualification"] is None


def test_an_older_membership_that_still_covers_is_not_newer_r4(desk, database):
    older = add(database, acquired="2010-04-01")
    asked = add(database, insurer=KUMIAI, person=older, birth=older.keys["birth_date"], acquired="2020-04-01", lost="2026-10-01")
    assert desk.check(**asked.asked()).json["validity"] == "invalid"


def test_another_persons_membership_is_never_taken_for_a_newer_one_r4(desk, database):
    old = add(database, lost="2026-10-01")
    add(database, insurer=KUMIAI, birth=old.keys["birth_date"], acquired="2026-10-01")
    assert desk.check(**old.asked()).json["validity"] == "invalid"


def test_who_came_back_is_found_by_the_same_keys_r4(desk, database):
    person = add(database, acquired="2015-04-01", lost="2020-04-01", loss_reason="99")
    change(database, """INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key,
             number_key, acquired_on, known_from)
           SELECT member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key, number_key, '2024-04-01', known_from
             FROM shikaku.memberships WHERE membership_id = %s""", person.membership_id)
    assert desk.check(**person.asked(), visit_date="2026-11-22").json["qualification"]["acquired_on"] == "2024-04-01"
    assert desk.check(**person.asked(), visit_date="2019-11-22").json["qualification"]["acquired_on"] == "2015-04-01"
    between = desk.check(**person.asked(), visit_date="2022-11-22")
    assert between.json["validity"] == "invalid" and between.json["qualification"]["acquired_on"] == "2015-04-01"


def test_nobody_matching_is_an_answer_and_no_error_r4(desk):
    answer = desk.check(insurer_number="01130012", number="0000000", birth_date="1990-01-01")
    assert answer.status == 200 and answer.json["validity"] == "not_found" and answer.reasons == []
    assert answer.json["qualification"] is None and answer.json["copayment"] is None and answer.json["accepted"] is False


@pytest.mark.parametrize("visit", ["2026-11-23", "2026-12-23"])
def test_a_booking_up_to_31_days_ahead_is_answered_with_a_warning_r4_3(desk, database, visit):
    answer = desk.check(**add(database).asked(), visit_date=visit)
    assert answer.json["validity"] == "valid" and answer.reasons == ["future_visit_date"]
    assert answer.json["accepted"] and answer.json["visit_date"] == visit


def test_a_booking_32_days_ahead_is_refused_r4_3(desk, database):
    answer = desk.check(**add(database).asked(), visit_date="2026-12-24", wrong=True)
    assert answer.status == 422 and answer.field_errors == {"/visit_date": "out_of_range"}


def test_a_day_before_birth_is_refused_and_the_birthday_is_not_r4_3(desk, database):
    person = add(database, birth="2026-06-15", acquired="2026-06-15")
    answer = desk.check(**person.asked(), visit_date="2026-06-14", wrong=True)
    assert answer.status == 422 and answer.field_errors == {"/visit_date": "out_of_range"}
    assert desk.check(**person.asked(), visit_date="2026-06-15").json["validity"] == "valid"


def test_a_birth_date_in_the_future_is_named_when_no_visit_date_was_given_r4_3(desk):
    answer = desk.check(insurer_number="01130012", number="1", birth_date="2026-11-23", wrong=True)
    assert answer.status == 422 and answer.field_errors == {"/presented/birth_date": "out_of_range"}


def test_today_is_japans_day_and_not_greenwichs_r3(start):
    after_midnight = start(now="2026-11-21T15:30:00Z")
    person = add(after_midnight.database)
    with Client(after_midnight, after_midnight.database.token()) as desk:
        answer = desk.check(**person.asked())
        assert answer.json["visit_date"] == "2026-11-22"
        assert answer.json["checked_at"] == "2026-11-22T00:30:00.000+09:00"


@pytest.mark.parametrize("link", ["pending", "mismatch", None])
def test_a_new_member_is_not_sent_away_while_the_link_is_not_confirmed_r8_3(desk, database, link):
    answer = desk.check(**add(database, link=link).asked())
    assert answer.json["validity"] == "valid" and answer.json["accepted"] and answer.reasons == ["link_not_confirmed"]


def test_medical_information_is_never_opened_by_typed_keys_r12_1(desk, database):
    everything = dict.fromkeys(("limit_information", "surgeries", "diagnoses_medicines", "health_checkups", "specific_diseases"), True)
    answer = desk.check(**add(database).asked(), consents=everything)
    closed = {"granted": False, "until": None, "reason": "consent_needs_card"}
    assert answer.json["consents"] == dict.fromkeys(("surgeries", "diagnoses_medicines", "health_checkups", "specific_diseases"), closed)
    assert answer.json["accepted"], "refusing consent never blocks the visit"
