"""Mended defects that must not come back: large records and crowded keys, questions as of another time, and words that belong to
nobody outside. Today is 2026-11-22."""

import re
import time

import pytest

from api_people import KOUKI, KUMIAI, KYOKAI, add
from support import ROOT, Client, Database, Service
from support.client import connect
from support.database import NOW
from test_api_crowds import read, request_of
from test_api_requests import good, refused, refused_fields

FIRST_KNOWN = "2026-11-18T12:00:00+09:00"
BETWEEN = "2026-11-20T08:00:00+09:00"
CORRECTED = "2026-11-20T12:00:00+09:00"


# Records that are larger than the ordinary ones.


def yearly(count):
    """So many yearly ratios one after the other, the last of them open: (percent, first day, first day after)."""
    first = [f"{2026 - count + 1 + year}-08-01" for year in range(count)]
    return [(20 if place < count - 1 else 30, day, end) for place, (day, end) in enumerate(zip(first, [*first[1:], None]))]


@pytest.mark.parametrize("count", [16, 17, 18, 40])
@pytest.mark.parametrize("fields", [{}, {"known_at": BETWEEN}], ids=["now", "as known then"])
def test_an_old_member_with_a_ratio_for_each_year_pays_by_the_current_one_r7_1(desk, database, count, fields):
    person = add(database, insurer=KOUKI, birth="1930-01-01", acquired="1975-01-01", ratios=yearly(count))
    answer = desk.check(**person.asked(), **fields)
    assert answer.json["copayment"] == {"ratio_percent": 30, "basis": "late_elderly", "valid_from": "2026-08-01", "valid_until": None}
    assert answer.reasons == [] and answer.json["accepted"] is True
    earlier = desk.check(**person.asked(), **fields, visit_date="2026-07-31")
    assert earlier.json["copayment"] == {"ratio_percent": 20, "basis": "late_elderly", "valid_from": "2025-08-01", "valid_until": "2026-07-31"}


@pytest.mark.parametrize("fields", [{}, {"known_at": BETWEEN}], ids=["now", "as known then"])
@pytest.mark.parametrize("count", [16, 17, 20])
def test_keys_that_name_a_whole_crowd_are_answered_as_several_persons_r4(desk, database, count, fields):
    number = f"77{count:02}{len(fields)}"
    crowd = [add(database, insurer=KUMIAI, symbol="777", number=number, branch=f"{place:02}") for place in range(count)]
    answer = desk.check(**crowd[0].asked(branch_number=...), **fields)
    assert answer.status == 200 and answer.json["validity"] == "multiple"
    assert answer.json["qualification"] is None and answer.json["accepted"] is False
    last = desk.check(**crowd[-1].asked(), **fields)
    assert last.json["validity"] == "valid" and last.json["qualification"]["name"] == crowd[-1].name


def add_years(database, person, count):
    """Earlier memberships of the same member under the same keys, a year each."""
    for year in range(count):
        database.run("""INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key,
                          number_key, acquired_on, lost_on, loss_reason, known_from)
                        SELECT member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key, number_key,
                          make_date(%s, 4, 1), make_date(%s, 3, 1), '99', known_from
                          FROM shikaku.memberships WHERE membership_id = %s""", (1990 + year, 1991 + year, person.membership_id))


@pytest.mark.parametrize("fields", [{}, {"known_at": BETWEEN}], ids=["now", "as known then"])
def test_one_patients_endless_record_costs_neither_them_nor_the_patients_asked_for_beside_them_an_answer(service, database, token, fields):
    long_one = add(database, birth="1960-01-01")
    add_years(database, long_one, 20)
    others = [add(database) for _ in range(20)]
    people = [*others[:10], long_one, *others[10:]]
    wires = [connect(service.address) for _ in people]
    try:
        for wire, person in zip(wires, people):
            wire.sendall(request_of(token, person.keys, **fields))
        answers = [read(wire, 1)[0] for wire in wires]
    finally:
        for wire in wires:
            wire.close()
    assert [answer.status for answer in answers] == [200] * len(people)
    assert [answer.json["qualification"]["name"] for answer in answers] == [person.name for person in people]
    about_it = answers[10].json
    assert (about_it["validity"], about_it["qualification"]["acquired_on"]) == ("valid", "2015-04-01")


@pytest.mark.parametrize("times", [3, 4, 15])
@pytest.mark.parametrize("fields", [{}, {"known_at": BETWEEN}], ids=["now", "as known then"])
def test_a_member_who_came_back_again_and_again_is_still_answered_r3_1(desk, database, times, fields):
    """Each of the periods is another membership of the same person, to each of the others."""
    person = add(database, birth="1960-01-01")
    add_years(database, person, times)
    answer = desk.check(**person.asked(), **fields)
    assert answer.status == 200, answer
    assert answer.json["validity"] == "valid" and answer.json["qualification"]["acquired_on"] == "2015-04-01"


def test_a_patient_with_many_insurers_behind_them_is_still_answered_r4(desk, database):
    """Seventeen earlier memberships elsewhere are nothing that the keys match, only what "newer" is judged by."""
    person = add(database, birth="1960-01-01")
    for year in range(17):
        add(database, insurer=KUMIAI, person=person, birth="1960-01-01", acquired=f"{1990 + year}-04-01", lost=f"{1991 + year}-03-01",
            certificate=None)
    answer = desk.check(**person.asked())
    assert answer.status == 200, answer
    assert answer.json["validity"] == "valid" and answer.json["accepted"] is True


# As of another time (R3.4).


def test_before_a_dependant_became_insured_the_answer_is_that_of_a_dependant_r3_3_r3_4(desk, database):
    insured = add(database)
    person = add(database, insured_by=insured, number=insured.keys["number"], branch="01", birth="1992-02-02")
    database.run("UPDATE shikaku.memberships SET lost_on = '2026-11-01', loss_reason = '03', known_from = %s WHERE membership_id = %s",
                 (FIRST_KNOWN, insured.membership_id))
    database.run("""UPDATE shikaku.memberships SET relationship = 'insured', insured_membership_id = NULL, known_from = %s
                    WHERE membership_id = %s""", (CORRECTED, person.membership_id))

    def about(**fields):
        answer = desk.check(**person.asked(), **fields)
        had = answer.json["qualification"]
        return answer.json["validity"], answer.reasons, had["relationship"], had["insured_name"], had["lost_on"]

    assert about() == ("valid", [], "insured", person.name, None)
    assert about(known_at=CORRECTED) == ("valid", [], "insured", person.name, None)
    assert about(known_at=BETWEEN) == ("invalid", ["membership_ended"], "dependent", insured.name, "2026-11-01")
    assert about(known_at="2026-11-17T00:00:00Z") == ("valid", [], "dependent", insured.name, None)


CROWD = """
  BEGIN;
  SET LOCAL shikaku.standings = 'deferred';
  WITH p AS (
    INSERT INTO shikaku.persons (register_code) SELECT 'crowd' || g FROM generate_series(1, 20000) AS g
      RETURNING person_id, substr(register_code, 6)::integer AS g
  ), m AS (
    INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, sex, birth_date, known_from)
      SELECT '01130012', 'crowd' || g, person_id, '群衆', 'グン', 'male', date '1950-01-01' + g % 18000, '2025-01-01Z' FROM p
      RETURNING member_key, substr(member_id, 6)::integer AS g
  )
  INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, symbol_key, number_key, acquired_on, known_from)
    SELECT member_key, '01130012', 'insured', (20000000 + g)::text, '1', (20000000 + g)::text, '1', '2020-01-01', '2025-01-01Z' FROM m;
  SELECT shikaku.rebuild_standings();
  COMMIT;
  ANALYZE shikaku.members, shikaku.memberships, shikaku.memberships_history, shikaku.standings;
"""


def test_a_number_that_thousands_share_is_found_by_the_keys_of_then_r2_2_r3_4(template):
    with template.clone() as crowded:
        crowded.run(CROWD)
        person = add(crowded, insurer=KYOKAI, symbol="30000001", number="1", branch=None, birth="1960-01-01")
        crowded.run("""UPDATE shikaku.memberships SET symbol = '30000002', symbol_key = '30000002', known_from = %s
                       WHERE membership_id = %s""", (CORRECTED, person.membership_id))
        with Service(crowded, now=NOW, loops=1) as running, Client(running, crowded.token()) as desk:
            then = desk.check(**person.asked(), known_at=BETWEEN)
            assert then.status == 200 and then.json["validity"] == "valid"
            assert then.json["qualification"]["symbol"] == "30000001"
            corrected = desk.check(**person.asked(symbol="30000002"), known_at=BETWEEN)
            assert corrected.status == 200 and corrected.json["validity"] == "not_found"
            several = desk.check(**person.asked(symbol=...), known_at=BETWEEN)
            assert several.status == 200 and several.json["validity"] == "multiple"
            assert desk.check(**person.asked(symbol="30000002")).json["validity"] == "valid"
            assert desk.check(**person.asked()).json["validity"] == "not_found"
            assert running.stop() == 0


# What is nobody's business.


@pytest.mark.parametrize("name", ["検査花子", "pin4821", "a\nrefused request=x"], ids=["Japanese", "a PIN", "a forged line"])
@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside presented"])
def test_whatever_a_terminal_calls_a_field_by_mistake_is_in_no_log(start, name, inside):
    running = start(loops=1)
    body = good()
    (body["presented"] if inside else body)[name] = "1"
    pointer = ("/presented/" if inside else "/") + name.replace("/", "~1")
    with Client(running, running.database.token()) as desk:
        answer = desk.post(body, wrong=True)
    refused_fields(answer, {pointer: "unknown_field"})
    lines = [line for line in running.security_log().splitlines() if answer.header("X-Request-Id") in line]
    assert len(lines) == 1 and "problem=invalid_fields" in lines[0], "the refusal itself leaves its trace"
    for said in (running.security_log(), running.log()):
        assert name not in said and name.split("\n")[-1] not in said
        assert name.encode("unicode_escape").decode() not in said


def troubles():
    """What /readyz may say of a database, by name."""
    said = (ROOT / "service" / "store" / "schema.h").read_text(encoding="utf-8")
    return dict(re.findall(r'#define TROUBLE_(\w+) "([^"]+)"', said))


def no_change(database):
    pass


def read_only(database):
    database.server.run(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")


def newer_schema(database):
    database.run("UPDATE shikaku.schema_version SET version = 99, oldest_service = 99")


@pytest.mark.parametrize("change, url, trouble", [
    pytest.param(no_change, "host=/tmp/hidden-folder user=hidden_role dbname=hidden_base", "AWAY", id="no such folder"),
    pytest.param(no_change, "host=127.0.0.1 port=1 user=hidden_role dbname=hidden_base", "AWAY", id="nobody listens"),
    pytest.param(no_change, "host={socket} user=hidden_role dbname={name}", "AWAY", id="no such role"),
    pytest.param(no_change, "host={socket} user=shikaku_service dbname=hidden_base", "AWAY", id="no such database"),
    pytest.param(no_change, "host={socket} user=shikaku_service dbname={name} hidden_option=1", "AWAY", id="a broken URL"),
    pytest.param(no_change, "host={socket} user=shikaku_service dbname={empty}", "NO_SCHEMA", id="no schema"),
    pytest.param(read_only, "host={socket} user=shikaku_service dbname={name}", "READ_ONLY", id="read-only"),
    pytest.param(newer_schema, "host={socket} user=shikaku_service dbname={name}", "OTHER_SCHEMA", id="another schema"),
])
def test_an_unready_service_tells_a_stranger_no_host_path_or_role(template, change, url, trouble):
    server = template.server
    with template.clone() as database, Database(server, next(server.names), "") as empty:
        change(database)
        url = url.format(socket=server.socket, name=database.name, empty=empty.name)
        with Service(database, wait="alive", database_url=url, now=NOW, loops=1) as running, Client(running, "x") as stranger:
            wanted = troubles()[trouble]
            seen, end = [], time.monotonic() + 30
            while not seen or seen[-1].json["detail"] != wanted:
                assert time.monotonic() < end, f"waited for {wanted!r}, last: {seen[-1]}"
                seen.append(stranger.get("/readyz"))
                refused(seen[-1], 503, "database_unavailable")
                time.sleep(0.02)
            answer = stranger.post(good())
            assert answer.status in (401, 503)
            for text in {said.text for said in [*seen, answer]}:
                for secret in ("hidden", server.socket, "127.0.0.1", "shikaku_", database.name, "/tmp", "libpq", "FATAL", "port"):
                    assert secret not in text, text
            assert running.stop() == 0
