"""Two who change one member at once, a request that is sent again, numbers on their way to the register, and what is away."""

import base64
import threading
import time
import uuid

import pytest

from api_insurers import new_insurer
from api_members import NUMBER, OTHER_NUMBER, at, dependant_of, keys_of, period, record
from support import Client
from test_api_requests import refused, refused_fields

LOSS = {"lost_on": "2026-11-01", "loss_reason": "03"}


@pytest.fixture
def insurer(database, service):
    made = new_insurer(database, service)
    with made.client:
        yield made


def matching(tag):
    return {"If-Match": tag}


def test_of_two_who_read_the_same_version_one_is_told_that_it_has_changed(insurer):
    seen = insurer.put(record(), at("E-1"))
    first, second = ({**seen.json, "address": address} for address in ("一丁目", "二丁目"))
    assert insurer.put(first, at("E-1"), headers=matching(seen.header("ETag"))).status == 200
    refused(insurer.put(second, at("E-1"), headers=matching(seen.header("ETag"))), 412, "precondition_failed")
    refused(insurer.client.request("PATCH", insurer.path + at("E-1"), {"address": "三丁目"}, headers=matching(seen.header("ETag"))), 412,
            "precondition_failed")
    for path, body in ((at("E-1", "/loss"), LOSS), (at("E-1", "/reinstatement"), {})):
        refused(insurer.post(body, path, headers=matching(seen.header("ETag"))), 412, "precondition_failed")
    now = insurer.get(at("E-1"))
    assert now.json["address"] == "一丁目" and now.header("ETag") != seen.header("ETag")
    assert insurer.post(LOSS, at("E-1", "/loss"), headers=matching(now.header("ETag"))).status == 200


def test_who_expects_a_record_where_there_is_none_makes_none(insurer):
    for tag in ("*", '"64a4f1c2e8b40"'):
        refused(insurer.put(record(), at("E-1"), headers=matching(tag)), 412, "precondition_failed")
        refused(insurer.client.request("PATCH", insurer.path + at("E-1"), {"sex": "male"}, headers=matching(tag)), 412, "precondition_failed")
    refused(insurer.get(at("E-1")), 404, "no_such_member")
    insurer.put(record(), at("E-1"))
    assert insurer.put(record(), at("E-1"), headers=matching("*")).status == 200


@pytest.mark.parametrize("tag", ["", "64a4f1c2e8b40", 'W/"64a4f1c2e8b40"', '"64A4"', '""'])
def test_what_is_no_version_of_ours_matches_nothing(insurer, tag):
    insurer.put(record(), at("E-1"))
    refused(insurer.put(record(), at("E-1"), headers=matching(tag), wrong=True), 412, "precondition_failed")


def at_once(service, insurer, requests):
    """Sends them from as many connections at the same moment; the answers in order."""
    answers = [None] * len(requests)
    ready = threading.Barrier(len(requests))

    def send(place, method, path, body, headers):
        with Client(service, insurer.token) as client:
            ready.wait()
            answers[place] = client.request(method, insurer.path + path, body, headers=headers)

    threads = [threading.Thread(target=send, args=(place, *request)) for place, request in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_many_who_change_one_version_at_once_exactly_one_does(service, insurer):
    seen = insurer.put(record(), at("E-1"))
    answers = at_once(service, insurer, [("PUT", at("E-1"), {**seen.json, "address": f"{number}丁目"}, matching(seen.header("ETag")))
                                        for number in range(1, 9)])
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    winner = next(answer for answer in answers if answer.status == 200)
    assert insurer.get(at("E-1")).body == winner.body


def test_patches_of_several_fields_at_once_lose_nothing(service, insurer):
    insurer.put(record(), at("E-1"))
    changes = {"address": "一丁目", "household_head": "資格　太郎", "name_other": "リ　ピン", "postal_code": "100-0001"}
    answers = at_once(service, insurer, [("PATCH", at("E-1"), {name: value}, matching("*")) for name, value in changes.items()])
    assert [answer.status for answer in answers] == [200] * 4
    now = insurer.get(at("E-1")).json
    assert {name: now[name] for name in changes} == changes


def test_many_who_register_one_member_at_once_register_one(service, insurer, database):
    body = record(member_id="E-1", name="一人　だけ")
    persons = database.value("SELECT count(*) FROM shikaku.persons")
    answers = at_once(service, insurer, [("POST", "/members", body, None) for _ in range(6)])
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    answers = at_once(service, insurer, [("PUT", at("E-2"), {**body, "member_id": "E-2"}, None) for _ in range(6)])
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
    assert database.value("SELECT count(*) FROM shikaku.members WHERE name = '一人　だけ'") == 2
    assert database.value("SELECT count(*) FROM shikaku.persons") == persons + 2, "who lost the race leaves nobody behind"


def test_a_family_changed_all_at_once_is_right_afterwards(service, insurer, database):
    insurer.put(record(), at("E-1"))
    family = [insurer.put(record(dependant_of("E-1")), at(f"E-{number}")).json for number in range(2, 6)]
    requests = [("POST", at("E-1", "/loss"), LOSS, None)]
    requests += [("PATCH", at(member["member_id"]), {"address": "一丁目"}, None) for member in family]
    assert [answer.status for answer in at_once(service, insurer, requests)] == [200] * 5
    assert database.value("SELECT shikaku.compare_standings()") == 0


# Idempotency-Key.

def keyed(key):
    return {"Idempotency-Key": key}


def test_a_registration_that_is_sent_again_gets_the_answer_that_it_got(insurer):
    key, body = str(uuid.uuid4()), record(member_id="E-1")
    made = insurer.post(body, "/members", headers=keyed(key))
    assert made.status == 201 and made.header("Idempotent-Replayed") is None
    insurer.client.request("PATCH", insurer.path + at("E-1"), {"address": "一丁目"})
    again = insurer.post(body, "/members", headers=keyed(key))
    assert (again.status, again.body, again.header("ETag")) == (201, made.body, made.header("ETag"))
    assert again.header("Idempotent-Replayed") == "true"
    refused(insurer.post({**body, "sex": "male"}, "/members", headers=keyed(key)), 409, "idempotency_key_reused")
    refused(insurer.post(body, "/members", headers=keyed("a b"), wrong=True), 400, "invalid_idempotency_key")


def test_a_loss_that_is_sent_again_gets_the_answer_that_it_got_whatever_came_since(insurer):
    key = str(uuid.uuid4())
    insurer.put(record(), at("E-1"))
    ended = insurer.post(LOSS, at("E-1", "/loss"), headers=keyed(key))
    back = insurer.post({}, at("E-1", "/reinstatement"), headers=keyed(str(uuid.uuid4())))
    insurer.put({**back.json, "memberships": [{**back.json["memberships"][0], "acquired_on": "2026-11-10"}]}, at("E-1"))
    again = insurer.post(LOSS, at("E-1", "/loss"), headers=keyed(key))
    assert (again.status, again.body, again.header("Idempotent-Replayed")) == (200, ended.body, "true")
    assert insurer.get(at("E-1")).json["memberships"][0]["lost_on"] is None, "and nothing is done again"
    refused(insurer.post({**LOSS, "loss_reason": "01"}, at("E-1", "/loss"), headers=keyed(key)), 409, "idempotency_key_reused")
    refused(insurer.post({}, at("E-1", "/reinstatement"), headers=keyed(key)), 409, "idempotency_key_reused")


def test_what_was_refused_does_not_use_up_its_key(insurer):
    key = str(uuid.uuid4())
    refused(insurer.post(LOSS, at("E-1", "/loss"), headers=keyed(key)), 404, "no_such_member")
    insurer.put(record(period("2026-11-05")), at("E-1"))
    refused_fields(insurer.post(LOSS, at("E-1", "/loss"), headers=keyed(key)), {"/lost_on": "out_of_range"})
    insurer.put(record(), at("E-1"))
    assert insurer.post(LOSS, at("E-1", "/loss"), headers=keyed(key)).status == 200


def test_a_key_sent_twice_at_once_does_it_once(service, insurer):
    insurer.put(record(), at("E-1"))
    key = str(uuid.uuid4())
    answers = at_once(service, insurer, [("POST", at("E-1", "/loss"), LOSS, keyed(key)) for _ in range(4)])
    assert {answer.status for answer in answers} == {200} and len({answer.body for answer in answers}) == 1
    assert sorted(answer.header("Idempotent-Replayed") or "" for answer in answers) == ["", "true", "true", "true"]


# The number, on its way to the resident register (R2.4, R8).

@pytest.fixture
def with_key(start, database, tmp_path):
    key = tmp_path / "numbers.key"
    key.write_text("0123456789abcdef" * 4 + "\n", encoding="ascii")
    key.chmod(0o600)
    running = start(on=database, individual_number_key=key)
    made = new_insurer(database, running)
    with made.client:
        yield made


def sealed(database, insurer, member_id):
    return [bytes(one) for one, in database.run("""SELECT p.sealed FROM shikaku.pending_numbers AS p JOIN shikaku.members AS m USING (member_key)
        WHERE m.insurer_number = %s AND m.member_id = %s""", (insurer.number, member_id), user="postgres")]


def test_a_number_waits_sealed_and_is_never_shown_R2_4(with_key, database):
    made = with_key.put(record(individual_number=NUMBER), at("E-1"))
    assert made.status == 201 and NUMBER not in made.text
    assert (made.json["link"]["state"], made.json["individual_number_last4"]) == ("pending", None)
    kept, = sealed(database, with_key, "E-1")
    assert len(kept) == 12 + 28 and NUMBER.encode() not in kept and NUMBER.encode() not in base64.b64encode(kept)
    for answer in (with_key.get(at("E-1")), with_key.get(at("E-1", "/history"))):
        assert NUMBER not in answer.text and NUMBER[-4:] not in answer.text


def test_a_number_sent_again_waits_once_and_another_takes_its_place_R8_1(with_key, database):
    body = record(individual_number=NUMBER)
    made = with_key.put(body, at("E-1"))
    kept = sealed(database, with_key, "E-1")
    again = with_key.put({**body, "individual_number": "8017-5989-8349"}, at("E-1"))
    assert (again.status, again.header("ETag")) == (200, made.header("ETag")) and sealed(database, with_key, "E-1") == kept
    without = with_key.put({**body, "individual_number": None}, at("E-1"))
    assert without.header("ETag") == made.header("ETag") and sealed(database, with_key, "E-1") == kept
    other = with_key.client.request("PATCH", with_key.path + at("E-1"), {"individual_number": OTHER_NUMBER})
    assert other.header("ETag") != made.header("ETag") and sealed(database, with_key, "E-1") != kept
    with_key.put(body, at("E-2"))
    assert sealed(database, with_key, "E-2") not in ([], kept), "sealed for this member alone"


def test_a_wrong_check_digit_is_noticed_before_anything_is_kept_R2_4(with_key, database):
    refused_fields(with_key.put(record(individual_number=NUMBER[:-1] + "0"), at("E-1")), {"/individual_number": "check_digit"})
    refused_fields(with_key.put(record(individual_number=NUMBER[:-1]), at("E-1"), wrong=True), {"/individual_number": "wrong_form"})
    refused(with_key.get(at("E-1")), 404, "no_such_member")


# What holds a record, and what is away.

def running_import(database, insurer):
    database.run("""INSERT INTO shikaku.jobs (job_id, kind, insurer_number, state, created_at, runner, lease_until, not_before)
        VALUES (gen_random_uuid(), 'import', %s, 'running', '2026-11-22Z', gen_random_uuid(), '2027-11-23Z', '2026-11-22Z')""", (insurer.number,))


def test_who_would_wait_for_an_import_is_told_to_come_again(insurer, database, desk):
    made = insurer.put(record(), at("E-1")).json
    running_import(database, insurer)
    holder = database.connect()
    holder.autocommit = False
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT FROM shikaku.members WHERE insurer_number = %s FOR NO KEY UPDATE", (insurer.number,))
            for method, path, body in (("PUT", at("E-1"), {**made, "address": "一丁目"}), ("PATCH", at("E-1"), {"address": "一丁目"}),
                                       ("POST", at("E-1", "/loss"), LOSS)):
                answer = insurer.client.request(method, insurer.path + path, body)
                refused(answer, 409, "import_running")
                assert answer.json["retry"] == "backoff"
            assert insurer.get(at("E-1")).json == made, "reading waits for nobody"
            assert desk.check("eligibility_certificate", **keys_of(insurer, made)).json["validity"] == "valid"
    finally:
        holder.close()
    assert insurer.client.request("PATCH", insurer.path + at("E-1"), {"address": "一丁目"}).status == 200


def test_one_member_that_is_held_does_not_hold_another_up(service, insurer, database):
    """They travel to the database together."""
    insurer.put(record(), at("E-1"))
    running_import(database, insurer)
    holder = database.connect()
    holder.autocommit = False
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT FROM shikaku.members WHERE insurer_number = %s AND member_id = 'E-1' FOR NO KEY UPDATE", (insurer.number,))
            answers = at_once(service, insurer, [("PUT", at(f"E-{number}"), record(), None) for number in range(1, 7)])
    finally:
        holder.close()
    assert [answer.status for answer in answers] == [409] + [201] * 5


def test_without_the_database_nothing_is_registered_and_nothing_is_invented(start, template):
    database = template.clone()
    running = start(on=database, statement_timeout_ms=2000, database_silence_ms=3000, answer_timeout_ms=6000)
    insurer = new_insurer(database, running)
    with insurer.client:
        made = insurer.put(record(), at("E-1"))
        database.server.run(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        database.server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database.name,))
        for method, path, body in (("GET", at("E-1"), None), ("PUT", at("E-1"), record()), ("PATCH", at("E-1"), {}), ("GET", at("E-1", "/history"), None)):
            answer = insurer.client.request(method, insurer.path + path, body)
            refused(answer, 503, "database_unavailable")
            assert answer.header("Retry-After")
        database.server.run(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")
        until = time.monotonic() + 30
        while insurer.get(at("E-1")).status == 503 and time.monotonic() < until:
            time.sleep(0.2)
        assert insurer.get(at("E-1")).body == made.body
