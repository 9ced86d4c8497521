"""An insurer in numbers, as of a day: counted by hand here, by the service there."""

import csv
import io

import pytest

from api_cards import Believed, check_by_card, make_known
from api_insurers import new_insurer
from api_people import add
from support import Client
from test_api_requests import refused

TODAY, YESTERDAY = "2026-11-22", "2026-11-21"
NUMBERS = ("members", "registered_cards", "links", "certificates")


@pytest.fixture
def insurer(database, service):
    made = new_insurer(database, service)
    with made.client:
        yield made


def statistics(insurer, query="", **more):
    answer = insurer.get("/statistics" + query, **more)
    assert answer.status == 200, answer
    return answer.json


def numbers(insurer, query=""):
    found = statistics(insurer, query)
    return {name: found[name] for name in NUMBERS}


def change(database, person, when, **columns):
    """Something of a member's record becomes another, and with it the member's version."""
    table = columns.pop("table", "members")
    if table != "members":
        where = "membership_id = %s" if table == "eligibility_certificates" else "member_key = %s"
        key = person.membership_id if table == "eligibility_certificates" else person.member_key
        database.run(f"UPDATE shikaku.{table} SET {', '.join(f'{name} = %s' for name in columns)}, known_from = %s WHERE {where}",
                     (*columns.values(), when, key))
        columns = {}
    database.run(f"UPDATE shikaku.members SET {''.join(f'{name} = %s, ' for name in columns)}known_from = %s WHERE member_key = %s",
                 (*columns.values(), when, person.member_key))


def test_nobody_is_none_of_everything(insurer):
    assert statistics(insurer) == {
        "insurer_number": insurer.number, "as_of": TODAY, "known_at": "2026-11-22T10:00:00.000+09:00",
        "members": {"total": 0, "insured": 0, "dependants": 0}, "registered_cards": {"count": 0, "percent": None},
        "links": {"linked": 0, "pending": 0, "mismatch": 0}, "certificates": {"issued": 0, "returned": 0, "revoked": 0, "expired": 0, "replaced": 0},
        "notices": {"issued": 0}, "checks": []}


def test_a_population_counted_by_hand_is_counted_alike(insurer, database):
    number = insurer.number
    add(database, insurer=number)                                                     # insured, registered, linked, certificate issued
    parent = add(database, insurer=number, link="pending", registered=False)          # insured
    add(database, insurer=number, insured_by=parent, link=None, certificate=None)     # dependant, registered
    add(database, insurer=number, insured_by=parent, link="mismatch", cancelled=True, certificate="returned")
    add(database, insurer=number, certificate_until=YESTERDAY)                        # past its last day
    add(database, insurer=number, certificate_until=TODAY, registered=False)
    gone = add(database, insurer=number, lost=TODAY, certificate="revoked")           # no member any more; the certificate counts
    add(database, insurer=number, insured_by=gone, certificate="replaced")            # nor who depends on them
    add(database, insurer=number, acquired="2026-11-23", certificate=None)            # not yet
    old = add(database, insurer=number, birth="1951-11-22", certificate="expired")    # 75 today: another insurer's now
    add(database, insurer=number, insured_by=old, certificate=None)
    add(database, insurer=number, birth="1951-11-23", certificate=None)               # 75 tomorrow
    found = statistics(insurer)
    assert found["members"] == {"total": 7, "insured": 5, "dependants": 2}
    assert found["registered_cards"] == {"count": 4, "percent": 57.1}
    assert found["links"] == {"linked": 4, "pending": 2, "mismatch": 1}
    assert found["certificates"] == {"issued": 3, "returned": 1, "revoked": 1, "expired": 2, "replaced": 1}


def test_the_share_of_registered_cards_has_one_decimal(insurer, database):
    """As the leaflets show it: 60.1 %."""
    database.run("""WITH people AS (INSERT INTO shikaku.persons (register_code) SELECT %s || i FROM generate_series(1, 138) AS i RETURNING person_id),
        members AS (
          INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, sex, birth_date, known_from)
            SELECT %s, person_id, person_id, '試験', 'シケン', 'male', '1990-01-01', '2026-01-01Z' FROM people RETURNING member_key, insurer_number, person_id)
        INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, known_from)
          SELECT member_key, insurer_number, 'insured', '1', '1', '2020-01-01', '2026-01-01Z' FROM members""", (f"share-{insurer.number}-", insurer.number))
    register = """INSERT INTO shikaku.use_registrations (person_id, registered_at, channel)
        SELECT person_id, '2026-01-01Z', 'portal' FROM shikaku.members WHERE insurer_number = %s ORDER BY person_id OFFSET %s LIMIT %s"""
    for already, more, percent in ((0, 0, 0.0), (0, 69, 50.0), (69, 14, 60.1), (83, 54, 99.3), (137, 1, 100.0)):
        database.run(register, (insurer.number, already, more))
        assert statistics(insurer)["registered_cards"] == {"count": already + more, "percent": percent}


def test_an_insurer_of_the_late_elderly_counts_them(database, service):
    insurer = new_insurer(database, service, prefix="39")
    with insurer.client:
        add(database, insurer=insurer.number, birth="1930-01-01")
        assert statistics(insurer)["members"] == {"total": 1, "insured": 1, "dependants": 0}


def test_a_period_counts_from_its_first_day_to_the_day_before_its_loss(insurer, database):
    add(database, insurer=insurer.number, acquired="2026-11-10", lost="2026-11-20")
    assert [statistics(insurer, f"?as_of=2026-11-{day:02}")["members"]["total"] for day in (9, 10, 19, 20)] == [0, 1, 1, 0]


def test_what_was_not_known_on_the_day_does_not_count_for_it(insurer, database):
    person = add(database, insurer=insurer.number, known_from="2026-11-10T03:00:00Z", certificate=None)
    assert numbers(insurer, "?as_of=2026-11-09")["members"]["total"] == 0
    assert numbers(insurer, "?as_of=2026-11-10")["members"]["total"] == 1
    # On the 15th it becomes known that cover ended on the 5th.
    change(database, person, "2026-11-15T03:00:00Z", table="memberships", lost_on="2026-11-05", loss_reason="03")
    assert numbers(insurer, "?as_of=2026-11-14")["members"]["total"] == 1, "as was known then (R3.4)"
    assert numbers(insurer, "?as_of=2026-11-15")["members"]["total"] == 0
    # And on the 18th that it did not.
    change(database, person, "2026-11-18T03:00:00Z", table="memberships", lost_on=None, loss_reason=None)
    assert [numbers(insurer, f"?as_of=2026-11-{day}")["members"]["total"] for day in (14, 17, 18, 21, 22)] == [1, 0, 1, 1, 1]


def test_a_day_ends_at_midnight_in_japan(insurer, database):
    add(database, insurer=insurer.number, known_from="2026-11-10T14:59:59.999999Z")
    add(database, insurer=insurer.number, known_from="2026-11-10T15:00:00Z")
    assert [numbers(insurer, f"?as_of=2026-11-{day}")["members"]["total"] for day in ("09", "10", "11")] == [0, 1, 2]
    found = statistics(insurer, "?as_of=2026-11-10")
    assert (found["as_of"], found["known_at"]) == ("2026-11-10", "2026-11-11T00:00:00.000+09:00")


def test_states_are_those_of_the_day(insurer, database):
    person = add(database, insurer=insurer.number, link="pending", known_from="2026-11-01T00:00:00Z", certificate_until="2026-11-12")
    parent = add(database, insurer=insurer.number, known_from="2026-11-01T00:00:00Z", certificate=None, registered=False)
    child = add(database, insurer=insurer.number, insured_by=parent, known_from="2026-11-01T00:00:00Z", certificate=None, registered=False)
    change(database, person, "2026-11-05T00:00:00Z", table="links", state="mismatch", mismatched=["name"], decided_at="2026-11-05T00:00:00Z")
    change(database, person, "2026-11-07T00:00:00Z", table="links", state="linked", mismatched=None, decided_at="2026-11-07T00:00:00Z")
    change(database, person, "2026-11-15T00:00:00Z", table="eligibility_certificates", state="returned")
    change(database, child, "2026-11-16T00:00:00Z", birth_date="2015-01-01")
    change(database, parent, "2026-11-17T00:00:00Z", birth_date="1950-01-01")  # turned 75: the child goes with them
    database.run("UPDATE shikaku.use_registrations SET cancelled_at = '2026-11-18T00:00:00Z' WHERE person_id = %s", (person.person_id,))
    links = {day: numbers(insurer, f"?as_of=2026-11-{day:02}")["links"] for day in (4, 5, 7)}
    assert links == {4: {"linked": 2, "pending": 1, "mismatch": 0}, 5: {"linked": 2, "pending": 0, "mismatch": 1}, 7: {"linked": 3, "pending": 0, "mismatch": 0}}
    certificates = {day: numbers(insurer, f"?as_of=2026-11-{day:02}")["certificates"] for day in (12, 13, 15)}
    assert [(found["issued"], found["expired"], found["returned"]) for found in certificates.values()] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    members = [numbers(insurer, f"?as_of=2026-11-{day}")["members"] for day in (16, 17, 22)]
    assert members == [{"total": 3, "insured": 2, "dependants": 1}] + [{"total": 1, "insured": 1, "dependants": 0}] * 2
    registered = [numbers(insurer, f"?as_of=2026-11-{day}")["registered_cards"]["count"] for day in (17, 18, 22)]
    assert registered == [1, 0, 0]


def test_a_registration_counts_from_its_day_on(insurer, database):
    person = add(database, insurer=insurer.number, registered=False)
    database.run("INSERT INTO shikaku.use_registrations VALUES (%s, '2026-11-20T00:00:00Z', 'atm')", (person.person_id,))
    assert [numbers(insurer, f"?as_of=2026-11-{day}")["registered_cards"]["count"] for day in (19, 20, 21, 22)] == [0, 1, 1, 1]


def test_whatever_changed_since_the_past_is_counted_as_it_was(insurer, database):
    """All that can happen to a record happens today; yesterday's numbers stay."""
    number, early = insurer.number, "2026-11-01T00:00:00Z"
    people = [add(database, insurer=number, known_from=early) for _ in range(6)]
    child = add(database, insurer=number, insured_by=people[0], known_from=early, link="pending")
    gone = add(database, insurer=number, lost="2026-11-01", loss_reason="01", known_from=early)
    before = numbers(insurer, "?as_of=2026-11-20")
    assert before["members"]["total"] == 7
    now = "2026-11-21T00:00:00Z"
    change(database, people[0], now, table="memberships", lost_on="2026-11-10", loss_reason="99")
    change(database, people[1], now, table="links", state="mismatch", mismatched=["address"])
    change(database, people[2], now, table="eligibility_certificates", state="revoked")
    change(database, people[3], now, birth_date="1940-01-01")
    change(database, gone, now, table="memberships", lost_on=None, loss_reason=None)
    change(database, child, now, table="links", state="linked", decided_at=now)
    database.run("UPDATE shikaku.use_registrations SET cancelled_at = %s WHERE person_id = %s", (now, people[4].person_id))
    database.run("SELECT set_config('shikaku.changed_at', %s, false); DELETE FROM shikaku.eligibility_certificates WHERE membership_id = %s;"
                 " DELETE FROM shikaku.memberships WHERE membership_id = %s", (now, people[5].membership_id, people[5].membership_id))
    change(database, people[5], now)
    add(database, insurer=number, known_from=now)
    after = numbers(insurer, "?as_of=2026-11-20")
    after["certificates"]["issued"] += 1  # a certificate without its period is nobody's any more
    assert after == before
    assert numbers(insurer)["members"] == {"total": 5, "insured": 5, "dependants": 0}


def test_checks_are_counted_for_whose_members_they_were_about(insurer, database, desk, service):
    person = add(database, insurer=insurer.number)
    gone = add(database, insurer=insurer.number, lost="2026-01-01")
    twin = add(database, insurer=insurer.number, number="77100001", branch="01")
    add(database, insurer=insurer.number, number="77100001", branch="02")
    other = add(database)
    for _ in range(3):
        assert desk.check(**person.asked()).json["accepted"] is True
    assert desk.check("qualification_notice", **person.asked()).json["accepted"] is False
    desk.check(**gone.asked())
    desk.check(**twin.asked(branch_number=...))
    desk.check(**person.asked(number="404404"))
    desk.check(**other.asked())
    desk.check(**person.asked(insurer_number="01130013"))
    assert statistics(insurer)["checks"] == [
        {"day": TODAY, "validity": "valid", "accepted": True, "count": 3}, {"day": TODAY, "validity": "valid", "accepted": False, "count": 1},
        {"day": TODAY, "validity": "invalid", "accepted": False, "count": 1}, {"day": TODAY, "validity": "not_found", "accepted": False, "count": 1},
        {"day": TODAY, "validity": "multiple", "accepted": False, "count": 1}]
    assert statistics(insurer, f"?as_of={YESTERDAY}")["checks"] == []


def test_a_check_by_card_counts_for_the_insurer_that_answers(start):
    believed = Believed()
    running = start(**believed.settings)
    database = running.database
    one, other = new_insurer(database, running), new_insurer(database, running)
    with one.client, other.client, Client(running, database.token()) as desk:
        person = add(database, insurer=one.number, lost="2026-04-01", cards=())
        add(database, insurer=other.number, acquired="2026-04-01", person=person)
        card = make_known(database, person, believed.g2.card(), believed.g2)
        assert check_by_card(desk, card).json["qualification"]["insurer_number"] == other.number
        assert check_by_card(desk, card, visit_date="2026-03-31").json["qualification"]["insurer_number"] == one.number
        database.run("UPDATE shikaku.cards SET state = 'revoked' WHERE person_id = %s", (person.person_id,))
        assert check_by_card(desk, card).reasons == ["card_revoked"]  # tells of nobody
        for insurer in (one, other):
            assert statistics(insurer)["checks"] == [{"day": TODAY, "validity": "valid", "accepted": True, "count": 1}]


def test_as_csv_it_says_the_same(insurer, database, desk):
    person = add(database, insurer=insurer.number)
    add(database, insurer=insurer.number, registered=False, link="mismatch")
    desk.check(**person.asked())
    answer = insurer.get("/statistics", headers={"Accept": "text/csv"})
    assert (answer.status, answer.header("Content-Type")) == (200, "text/csv; charset=utf-8; header=present")
    assert answer.header("Cache-Control") == "no-store" and answer.text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert list(rows[0]) == ["insurer_number", "as_of", "group", "name", "day", "accepted", "value"]
    assert {(row["insurer_number"], row["as_of"]) for row in rows} == {(insurer.number, TODAY)}
    said = statistics(insurer)
    expected = [(group, name, "", "", str(value)) for group in ("members", "registered_cards", "links", "certificates", "notices")
                for name, value in said[group].items()]
    expected += [("checks", count["validity"], count["day"], str(count["accepted"]).lower(), str(count["count"])) for count in said["checks"]]
    assert [(row["group"], row["name"], row["day"], row["accepted"], row["value"]) for row in rows] == expected
    assert ("registered_cards", "percent", "", "", "50.0") in expected


def test_as_csv_a_share_of_nobody_is_empty(insurer):
    rows = list(csv.DictReader(io.StringIO(insurer.get("/statistics", headers={"Accept": "text/csv"}).text)))
    assert [row["value"] for row in rows if row["name"] == "percent"] == [""]


@pytest.mark.parametrize("accept, kind", [(None, "application/json"), ("*/*", "application/json"), ("text/*", "text/csv; charset=utf-8; header=present"),
                                          ("application/json, text/csv", "application/json"), ("text/csv;q=0.9", "text/csv; charset=utf-8; header=present")])
def test_the_form_is_the_one_that_is_accepted(insurer, accept, kind):
    assert insurer.get("/statistics", headers={"Accept": accept}).header("Content-Type") == kind


def test_another_form_is_not_there(insurer):
    refused(insurer.get("/statistics", headers={"Accept": "application/pdf"}), 406, "not_acceptable")


@pytest.mark.parametrize("query", ["as_of=2026-11-23", "as_of=2026-02-30", "as_of=", "as_of=yesterday", "as_of=1867-01-01", "check_days=0", "check_days=32",
                                   "check_days=x", "check_days=", "check_days=007", "day=2026-11-22", "as_of=2026-11-22&as_of=2026-11-21"])
def test_a_wrong_query_is_refused(insurer, query):
    refused(insurer.get(f"/statistics?{query}", wrong=True), 400, "invalid_query")


def test_nobody_sees_anybody_elses_numbers(insurer, database, service, token):
    other = new_insurer(database, service)
    with other.client:
        add(database, insurer=insurer.number)
        assert statistics(other)["members"]["total"] == 0 and statistics(insurer)["members"]["total"] == 1
        refused(other.client.get(insurer.path + "/statistics"), 403, "not_your_insurer")
    for scope in (token, database.token("operator")):
        with Client(service, scope) as client:
            refused(client.get(insurer.path + "/statistics"), 403, "scope_missing")
