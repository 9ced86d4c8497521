"""Each check is on record before its answer leaves, in chains that show an altered or a missing record (R13)."""

import datetime
import hashlib
import struct
import uuid

import psycopg2
import pytest

from api_people import add
from support import Client

COLUMNS = """check_id, checked_at, known_at, token_id, reasons, membership_id, data_version, chain_id, chain_position, visit_date, presented,
  setting, validity, with_card, accepted, digest, answer_digest, keys_digest, follows, owner, insurer_number, care_month"""
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def record(database, check_id):
    rows = database.run(f"SELECT {COLUMNS} FROM shikaku.checks WHERE check_id = %s", (check_id,))
    assert len(rows) == 1, f"{len(rows)} records of one answer"
    return dict(zip([name.strip() for name in COLUMNS.split(",")], rows[0]))


def count(database):
    return database.value("SELECT count(*) FROM shikaku.checks")


def number(value):
    return struct.pack(">Q", value & 0xFFFFFFFFFFFFFFFF)


def microseconds(moment):
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def optional(value):
    return number(0) + number(0) if value is None else number(1) + number(value)


def digest_of(row, previous):
    """As service/cases/record.c says; an auditor can do the same with nothing but the table."""
    return hashlib.sha256(b"".join([
        previous, uuid.UUID(row["chain_id"]).bytes, number(row["chain_position"]), uuid.UUID(row["check_id"]).bytes,
        number(microseconds(row["checked_at"])), bytes(row["answer_digest"]), bytes(row["keys_digest"]), number(row["token_id"]),
        number(len(row["owner"])), row["owner"].encode(), number((row["visit_date"] - datetime.date(1970, 1, 1)).days),
        optional(None if row["known_at"] is None else microseconds(row["known_at"])), number(row["presented"]), number(row["setting"]),
        number(int(row["with_card"])), number(row["validity"]), number(int(row["accepted"])), number(row["reasons"]),
        optional(row["membership_id"]), optional(row["data_version"]),
        b"" if row["insurer_number"] is None else number(len(row["insurer_number"])) + row["insurer_number"].encode(),
        b"" if row["care_month"] is None else number(-1) + number((row["care_month"] - datetime.date(1970, 1, 1)).days),
    ])).digest()


def chains(database):
    names = [name.strip() for name in COLUMNS.split(",")]
    made = {}
    for row in database.run(f"SELECT {COLUMNS} FROM shikaku.checks ORDER BY chain_id, chain_position"):
        row = dict(zip(names, row))
        made.setdefault(row["chain_id"], []).append(row)
    return made


def complaints(database):
    """What an auditor would say of the chains."""
    found = []
    for chain, rows in chains(database).items():
        if [row["chain_position"] for row in rows] != list(range(len(rows))):
            found.append(f"{chain}: positions {[row['chain_position'] for row in rows][:5]}…")
        previous = bytes(rows[0]["follows"] or bytes(32))
        for row in rows:
            if digest_of(row, previous) != bytes(row["digest"]):
                found.append(f"{chain}: record {row['chain_position']} is not what its digest says")
            previous = bytes(row["digest"])
    return found


VALIDITY = {"valid": 1, "invalid": 2, "invalid_newer_exists": 3, "not_found": 4, "multiple": 5}
KIND = {"qualification_notice": 2, "portal_record": 3, "eligibility_certificate": 4, "insurance_card": 5}


LIMIT_CONSENT_MISSING = 1 << 22


@pytest.mark.parametrize("kind, facts, asked, reasons", [
    ("eligibility_certificate", {}, {}, LIMIT_CONSENT_MISSING),
    ("eligibility_certificate", {"lost": "2026-11-01"}, {"visit_date": "2026-11-02"}, 1 << 0),
    ("portal_record", {"registered": False}, {"with_card": True, "known_at": "2026-11-01T00:00:00.123456Z"},
     LIMIT_CONSENT_MISSING | 1 << 11),
    ("qualification_notice", {}, {"setting": "school"}, LIMIT_CONSENT_MISSING),
    ("insurance_card", {}, {"visit_date": "2026-01-01"}, LIMIT_CONSENT_MISSING | 1 << 17),
    ("eligibility_certificate", {"certificate": None, "link": "pending"}, {"number": "0000000"}, 0),
])
def test_each_answer_is_on_record_with_what_was_asked_and_answered_r13_1(desk, database, kind, facts, asked, reasons):
    person = add(database, **facts)
    answer = desk.check(kind, **person.asked(**asked))
    body, row = answer.json, record(database, answer.json["check_id"])
    assert bytes(row["answer_digest"]) == hashlib.sha256(answer.body).digest(), "the exact bytes that left"
    assert row["owner"] == "1319900013" and row["token_id"] > 0
    assert row["insurer_number"] == person.keys["insurer_number"].zfill(8), "also where nobody was found"
    assert row["checked_at"] == datetime.datetime.fromisoformat(body["checked_at"])
    assert str(row["visit_date"]) == body["visit_date"]
    assert row["known_at"] == (datetime.datetime.fromisoformat(asked["known_at"].replace("Z", "+00:00")) if "known_at" in asked else None)
    assert (row["presented"], row["setting"], row["with_card"]) == (KIND[kind], int(asked.get("setting") == "school"), "with_card" in asked)
    assert (row["validity"], row["accepted"], row["reasons"]) == (VALIDITY[body["validity"]], body["accepted"], reasons)
    if body["qualification"] is None:
        assert row["membership_id"] is None and row["data_version"] is None
    else:
        version = database.value("SELECT data_version FROM shikaku.standings WHERE membership_id = %s", (person.membership_id,))
        assert (row["membership_id"], row["data_version"]) == (person.membership_id, version)
    assert answer.header("X-Request-Id") == body["check_id"]


def test_the_same_keys_in_another_spelling_are_the_same_on_record_r13_1(desk, database):
    person = add(database, symbol="12-34")
    plain, wide = desk.check(**person.asked()), desk.check(**person.asked(symbol="１２ー３４", insurer_number="０１１３００１２"))
    other = desk.check(**person.asked(symbol="12-35"))
    digests = [bytes(record(database, answer.json["check_id"])["keys_digest"]) for answer in (plain, wide, other)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("status, request_of", [
    (400, lambda desk: desk.post("{", wrong=True)),
    (401, lambda desk: desk.post({}, headers={"Authorization": None}, wrong=True)),
    (401, lambda desk: desk.post({}, headers={"Authorization": "Bearer skk_" + "A" * 43}, wrong=True)),
    (404, lambda desk: desk.get("/v1/nothing", wrong=True)),
    (405, lambda desk: desk.get("/v1/eligibility-checks", wrong=True)),
    (413, lambda desk: desk.post(b" " * 65537, wrong=True)),
    (415, lambda desk: desk.post("{}", headers={"Content-Type": "text/plain"}, wrong=True)),
    (422, lambda desk: desk.post({"presented": {}}, wrong=True)),
])
def test_a_refused_question_is_no_check_but_leaves_a_trace_r13(desk, service, database, status, request_of):
    before = count(database)
    answer = request_of(desk)
    assert answer.status == status
    assert count(database) == before
    lines = [line for line in service.security_log().splitlines() if answer.json["instance"] in line]
    assert len(lines) == 1 and answer.json["code"] in lines[0]


def test_a_refusal_names_the_field_in_the_trace_and_never_its_value_r13(desk, service):
    answer = desk.check(insurer_number="01130012", number="1", birth_date="31 May 1987, my secret", wrong=True)
    line = next(line for line in service.security_log().splitlines() if answer.json["instance"] in line)
    assert "/presented/birth_date" in line and "secret" not in line


def test_an_unknown_fields_name_may_be_personal_and_is_not_logged_r13(desk, service):
    answer = desk.post({"presented": {"kind": "portal_record", "PIN=4711": 1}, "個人番号 987654321098": 1}, wrong=True)
    assert answer.status == 422
    line = next(line for line in service.security_log().splitlines() if answer.json["instance"] in line)
    assert "987654321098" not in line and "4711" not in line


def test_a_stranger_cannot_write_lines_into_the_security_log_r13(desk, service):
    before = len(service.security_log().splitlines())
    desk.post({"x\n2026-11-22T10:00:00.000+09:00 notice security: token created id=1": 1}, wrong=True)
    assert len(service.security_log().splitlines()) == before + 1


def test_an_auditor_finds_every_chain_whole_r13_2(desk, database):
    for _ in range(5):
        desk.check(insurer_number="01130012", number="0000000", birth_date="1990-01-01")
    assert chains(database) and complaints(database) == []


def test_after_a_restart_the_new_chain_names_the_head_it_follows_r13_2(start):
    first = start(loops=1)
    token = first.database.token()
    ask = {"insurer_number": "01130012", "number": "1234567", "birth_date": "1980-05-17"}
    with Client(first, token) as desk:
        for _ in range(3):
            desk.check(**ask)
    assert first.stop() == 0
    known = {bytes(row["digest"]) for rows in chains(first.database).values() for row in rows}
    first.start()
    with Client(first, token) as desk:
        check_id = desk.check(**ask).json["check_id"]
    row = record(first.database, check_id)
    assert row["chain_position"] == 0 and bytes(row["follows"]) in known
    assert complaints(first.database) == []


def test_an_altered_and_a_removed_record_are_noticed_r13_2(start):
    running = start(loops=1)
    with Client(running, running.database.token()) as desk:
        ids = [desk.check(insurer_number="01130012", number="1234567", birth_date="1980-05-17").json["check_id"] for _ in range(4)]
    database = running.database
    assert complaints(database) == []
    as_intruder = "SET session_replication_role = replica; "
    database.run(as_intruder + "UPDATE shikaku.checks SET accepted = false WHERE check_id = %s", (ids[1],), user="postgres")
    assert len(complaints(database)) == 1
    database.run(as_intruder + "UPDATE shikaku.checks SET accepted = true WHERE check_id = %s", (ids[1],), user="postgres")
    assert complaints(database) == []
    database.run(as_intruder + "DELETE FROM shikaku.checks WHERE check_id = %s", (ids[2],), user="postgres")
    assert complaints(database)


@pytest.mark.parametrize("sql", ["UPDATE shikaku.checks SET accepted = false", "DELETE FROM shikaku.checks", "TRUNCATE shikaku.checks"])
def test_the_service_itself_cannot_change_its_records_r13_2(desk, database, sql):
    desk.check(insurer_number="01130012", number="0000000", birth_date="1990-01-01")
    before = count(database)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        database.run(sql, user="shikaku_service")
    assert count(database) == before
