"""Many desks at once: questions travel to the database together, answers must come back to whoever asked (R13, R14)."""

import json
import threading

import pytest

from api_people import add
from support import Client
from support.client import connect, read_answers
from test_api_evidence import complaints
from test_api_requests import CHECKS


def request_of(token, keys, **fields):
    body = json.dumps({**fields, "presented": {"kind": "eligibility_certificate", **keys}}, ensure_ascii=False).encode()
    return b"\r\n".join([f"POST {CHECKS} HTTP/1.1".encode(), b"Host: desk", b"Authorization: Bearer " + token.encode(),
                         b"Content-Type: application/json", b"Content-Length: %d" % len(body), b"", body])


def read(wire, count):
    received = b""
    while len(read_answers(received)) < count:
        more = wire.recv(65536)
        assert more, f"closed after {len(read_answers(received))} of {count} answers"
        received += more
    return read_answers(received)


@pytest.fixture(scope="module")
def people(database):
    return [add(database, lost="2026-11-01" if place % 5 == 0 else None) for place in range(40)]


def test_a_hundred_desks_at_once_each_get_their_own_patient(service, database, token, people):
    questions = []
    for place in range(120):
        person = people[place % len(people)]
        keys = person.asked(number="0000000") if place % 7 == 0 else person.keys
        fields = {"known_at": "2026-11-01T00:00:00Z"} if place % 3 == 0 else {}
        questions.append((None if place % 7 == 0 else person.name, request_of(token, keys, **fields)))
    wires = [connect(service.address) for _ in questions]
    try:
        for wire, (_, request) in zip(wires, questions):
            wire.sendall(request)
        answers = [read(wire, 1)[0] for wire in wires]
    finally:
        for wire in wires:
            wire.close()
    assert {answer.status for answer in answers} == {200}
    named = [(answer.json["qualification"] or {"name": None})["name"] for answer in answers]
    assert named == [name for name, _ in questions]
    assert len({answer.json["check_id"] for answer in answers}) == len(answers)
    known = database.value("SELECT count(*) FROM shikaku.checks WHERE check_id = ANY (%s::uuid[])",
                           ([answer.json["check_id"] for answer in answers],))
    assert known == len(answers), "each of them is on record"


def test_questions_sent_ahead_on_one_connection_are_answered_in_order(service, token, people):
    with connect(service.address) as wire:
        wire.sendall(b"".join(request_of(token, person.keys) for person in people[:10]))
        answers = read(wire, 10)
    assert [answer.json["qualification"]["name"] for answer in answers] == [person.name for person in people[:10]]


def test_one_wrong_question_among_many_spoils_none_of_the_others(service, token, people):
    requests = [request_of(token, person.keys if place % 2 else person.asked(branch_number="x")) for place, person in enumerate(people)]
    wires = [connect(service.address) for _ in requests]
    try:
        for wire, request in zip(wires, requests):
            wire.sendall(request)
        statuses = [read(wire, 1)[0].status for wire in wires]
    finally:
        for wire in wires:
            wire.close()
    assert statuses == [200 if place % 2 else 422 for place in range(len(requests))]


@pytest.mark.parametrize("settings", [{"loops": 1}, {"loops": 3}, {"audit_connection": 1}])
def test_after_a_crowd_an_auditor_still_finds_every_chain_whole_r13_2(start, settings):
    running = start(**settings)
    token = running.database.token()
    person = add(running.database)
    statuses = []

    def ask():
        with Client(running, token) as desk:
            for _ in range(25):
                statuses.append(desk.check(**person.asked()).status)

    desks = [threading.Thread(target=ask) for _ in range(12)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()
    assert statuses == [200] * 300
    assert running.database.value("SELECT count(*) FROM shikaku.checks") == 300
    assert complaints(running.database) == []
