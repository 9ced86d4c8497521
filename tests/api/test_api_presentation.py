"""What is shown at the desk (R6), and people whom the answers must protect (R14)."""

import csv
import json
import pathlib

import pytest

from api_people import add
from catalogues import words

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "unit" / "vectors"
CARDS = {"usable": ["active"], "none_known": [], "suspended": ["suspended", "revoked"], "revoked": ["revoked"]}
NEXT_ACTIONS = words("NEXT_ACTIONS")
REASONS = words("REASONS")


def table(name):
    with open(VECTORS / name, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_row_of_the_table_of_documents_is_answered_as_it_says_r6(desk, database):
    people = {}
    differing = []
    rows = [row for row in table("presentations.csv") if row["kind"] != "card"]
    for row in rows:
        facts = (row["registered"], row["self_information_stopped"], row["cards"], row["certificate"], row["certificate_valid_until"])
        if facts not in people:
            people[facts] = add(database, registered=row["registered"] == "true", stopped=row["self_information_stopped"] == "true",
                                cards=CARDS[row["cards"]], certificate=None if row["certificate"] == "none" else row["certificate"],
                                certificate_until=row["certificate_valid_until"] or "2040-12-31")
        answer = desk.check(row["kind"], **people[facts].asked(), setting=row["setting"], with_card=row["with_card"] == "true",
                            visit_date=row["visit_date"])
        found = (answer.json["validity"], answer.json["accepted"], set(answer.reasons) - {"future_visit_date"})
        if found != ("valid", row["accepted"] == "true", set(row["reasons"].split())):
            differing.append(f"{row['shows']}: {dict(row)}: {found}")
    assert len(rows) > 50 and not differing, "\n".join(differing)


# A desk's whole answer: what is shown, to whom, and what it is told to do (R6.2).
DESK = [
    ("qualification_notice", {"with_card": True}, {"registered": False},
     "card_not_registered", "register_card_now ask_for_eligibility_certificate charge_full_amount"),
    ("qualification_notice", {"with_card": True}, {"registered": True, "cancelled": True},
     "card_not_registered", "register_card_now ask_for_eligibility_certificate charge_full_amount"),
    ("portal_record", {"with_card": True}, {"cards": ["revoked"]}, "card_revoked", "ask_for_eligibility_certificate charge_full_amount"),
    ("portal_record", {"with_card": True}, {"cards": ["suspended"]}, "card_suspended", "ask_for_eligibility_certificate charge_full_amount"),
    ("portal_record", {"with_card": True}, {"cards": ["revoked", "active"]}, "", ""),
    ("qualification_notice", {}, {}, "card_required_with_document", "ask_for_eligibility_certificate charge_full_amount"),
    ("portal_record", {}, {"registered": False},
     "card_required_with_document card_not_registered", "ask_for_eligibility_certificate charge_full_amount"),
    ("qualification_notice", {"setting": "school"}, {}, "", ""),
    ("qualification_notice", {"setting": "school"}, {"registered": False}, "card_not_registered", "ask_for_eligibility_certificate"),
    ("eligibility_certificate", {}, {"certificate": None}, "certificate_not_on_record", ""),
    ("eligibility_certificate", {}, {"certificate": "returned"},
     "certificate_not_current", "show_notice_or_portal_record contact_insurer charge_full_amount"),
    ("eligibility_certificate", {"setting": "school"}, {"certificate": "revoked"},
     "certificate_not_current", "show_notice_or_portal_record contact_insurer"),
    ("eligibility_certificate", {}, {"certificate_until": "2026-11-21"},
     "certificate_not_current", "show_notice_or_portal_record contact_insurer charge_full_amount"),
    ("eligibility_certificate", {}, {"certificate_until": "2026-11-22"}, "", ""),
    ("insurance_card", {}, {}, "insurance_card_ended", "ask_for_eligibility_certificate show_notice_or_portal_record charge_full_amount"),
    ("insurance_card", {"visit_date": "2025-12-01"}, {}, "", ""),
    ("insurance_card", {"visit_date": "2025-12-02"}, {}, "tolerated_until_2026_03_31", ""),
    ("insurance_card", {"visit_date": "2026-03-31"}, {}, "tolerated_until_2026_03_31", ""),
    ("insurance_card", {"visit_date": "2026-04-01"}, {},
     "insurance_card_ended", "ask_for_eligibility_certificate show_notice_or_portal_record charge_full_amount"),
    ("qualification_notice", {"visit_date": "2026-03-31"}, {"registered": False}, "tolerated_until_2026_03_31", ""),
    ("qualification_notice", {"visit_date": "2026-04-01"}, {}, "card_required_with_document",
     "ask_for_eligibility_certificate charge_full_amount"),
    ("portal_record", {"visit_date": "2026-03-31"}, {}, "card_required_with_document", "ask_for_eligibility_certificate charge_full_amount"),
    ("eligibility_certificate", {}, {"lost": "2026-11-01"}, "membership_ended",
     "ask_for_eligibility_certificate show_notice_or_portal_record contact_insurer charge_full_amount"),
    ("qualification_notice", {"with_card": True}, {"lost": "2026-11-01"}, "membership_ended",
     "ask_for_eligibility_certificate show_notice_or_portal_record contact_insurer accept_declaration charge_full_amount"),
    ("qualification_notice", {"with_card": True, "setting": "school"}, {"lost": "2026-11-01"}, "membership_ended",
     "ask_for_eligibility_certificate show_notice_or_portal_record contact_insurer accept_declaration"),
]


@pytest.mark.parametrize("kind, shown, facts, reasons, actions", DESK)
def test_the_desk_is_told_what_to_do_in_order_r6_2(desk, database, kind, shown, facts, reasons, actions):
    answer = desk.check(kind, **add(database, **facts).asked(), **shown)
    assert answer.reasons == reasons.split() and answer.next_actions == actions.split()
    assert answer.json["accepted"] == (not actions)
    assert answer.json["scope"] == (None if actions else "full")
    assert all(reason["text"] == REASONS[reason["code"]] for reason in answer.json["reasons"])
    assert all(action["text"] == NEXT_ACTIONS[action["code"]] for action in answer.json["next_actions"])


def test_the_full_charge_says_that_it_is_paid_back_r6_2(desk, database):
    answer = desk.check("qualification_notice", **add(database).asked())
    assert "療養費" in answer.json["next_actions"][-1]["text"]


@pytest.mark.parametrize("shown", [{}, {"with_card": True}, {"setting": "school"}])
def test_nobody_of_an_unknown_or_doubled_person_is_told_to_charge_a_pupil_r6_2(desk, shown):
    unknown = desk.check("qualification_notice", insurer_number="01130012", number="0000000", birth_date="1990-01-01", **shown)
    twins = desk.check("qualification_notice", insurer_number="06136022", number="300", birth_date="2016-11-22", **shown)
    assert (unknown.json["validity"], twins.json["validity"]) == ("not_found", "multiple")
    for answer in (unknown, twins):
        assert not answer.json["accepted"]
        expected = ["show_notice_or_portal_record", "contact_insurer"]
        expected += ["accept_declaration"] if shown.get("with_card") else []
        expected += [] if shown.get("setting") == "school" else ["charge_full_amount"]
        assert answer.next_actions == expected


def test_a_replaced_certificate_does_not_hide_the_newest_r6(desk, database):
    person = add(database, certificate="replaced")
    assert desk.check(**person.asked()).reasons == ["certificate_not_on_record"]
    database.run("""INSERT INTO shikaku.eligibility_certificates (membership_id, issued_on, valid_from, valid_until, known_from)
                    VALUES (%s, '2026-01-01', '2026-01-01', '2030-12-31', '2026-01-01Z')""", (person.membership_id,))
    assert desk.check(**person.asked()).reasons == []


@pytest.mark.parametrize("facts", [{"non_disclosure": True}, {"non_disclosure": True, "stopped": True}])
def test_a_protected_persons_address_is_in_no_answer_r14(desk, database, facts):
    person = add(database, **facts)
    answer = desk.check(**person.asked())
    assert answer.json["accepted"] and answer.json["qualification"]["address"] is None and "試験県" not in answer.text
    assert "試験県" in desk.check(**add(database).asked()).text, "everyone else's is"


@pytest.mark.parametrize("kind, shown", [
    (kind, shown) for kind in ("qualification_notice", "portal_record", "eligibility_certificate", "insurance_card")
    for shown in ({}, {"with_card": True}, {"setting": "school"}, {"with_card": True, "setting": "school"}, {"visit_date": "2026-03-31"})
])
def test_who_had_information_stopped_looks_exactly_like_someone_unregistered_r14(desk, database, kind, shown):
    def answer_of(person):
        body = desk.check(kind, **person.asked(), **shown).text
        return json.loads(body.replace(person.name, "NAME").replace(person.keys["number"], "NUMBER")
                          .replace(json.loads(body)["qualification"]["name_kana"], "KANA").replace(json.loads(body)["check_id"], "ID"))

    stopped = add(database, stopped=True, registered=True, non_disclosure=True)
    unregistered = add(database, registered=False, cards=[], non_disclosure=True)
    assert answer_of(stopped) == answer_of(unregistered)
