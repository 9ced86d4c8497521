"""Every bound, and what a client meets beyond it: never silence for ever, never another client's loss."""

import time

import pytest

from support.evidence import assert_on_record
from support_service import wait_until
from support_wire import CHECKS, check_body, check_request, request

KIB = 1024
BODY_MAX = 64 * KIB


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def chunked_check(token, body, pieces=1024, trailers=b""):
    """A check whose body comes in chunks."""
    head = request("POST", CHECKS, [f"Authorization: Bearer {token}", "Content-Type: application/json",
                                    "Transfer-Encoding: chunked"])
    chunks = b"".join(chunk(body[i:i + pieces]) for i in range(0, len(body), pieces))
    return head + chunks + b"0\r\n" + trailers + b"\r\n"


def padded(size):
    body = check_body()
    return body + b" " * (size - len(body))


def test_a_body_of_just_the_limit_is_taken(service, database):
    with service.wire() as wire:
        assert_on_record(database, [wire.ask(check_request(service.token, padded(BODY_MAX)))])
    with service.wire() as wire:
        wire.send(chunked_check(service.token, padded(BODY_MAX)))
        assert_on_record(database, [wire.read()])


@pytest.mark.parametrize("size", [BODY_MAX + 1, 300 * KIB])
@pytest.mark.parametrize("how", ["with a length", "in chunks"])
def test_a_body_over_the_limit_is_told_so_and_not_read_as_anything_else(service, database, how, size):
    body = padded(size)
    with service.wire() as wire:
        ask = check_request if how == "with a length" else chunked_check
        wire.send_as_far_as_it_goes(ask(service.token, body))
        wire.send_as_far_as_it_goes(check_request(service.token))
        answer = wire.read()
        assert (answer.status, answer.code()) == (413, "body_too_large")
        assert answer.headers["connection"] == "close"
        assert wire.is_closed()
    assert database.value("SELECT count(*) FROM shikaku.checks") == 0
    assert service.check().status == 200


@pytest.mark.parametrize("how", ["with a length", "in chunks"])
def test_a_body_without_end_is_cut_off(service, database, how):
    """Nobody reads 32 MiB; where the client still listens it is told 413."""
    head = ["Content-Type: application/json", f"Authorization: Bearer {service.token}"]
    piece = b" " * (64 * KIB)
    with service.wire() as wire:
        if how == "with a length":
            wire.send(request("POST", CHECKS, [*head, f"Content-Length: {512 * len(piece)}"]))
        else:
            wire.send(request("POST", CHECKS, [*head, "Transfer-Encoding: chunked"]))
            piece = chunk(piece)
        assert not all(wire.send_as_far_as_it_goes(piece) for _ in range(512)), "all of it was read"
        answer = wire.read()
        assert answer is None or answer.status == 413
    assert database.value("SELECT count(*) FROM shikaku.checks") == 0
    assert service.check().status == 200


def drip(wire, data, seconds=0.1):
    """Sends byte by byte. How many were sent when the other side had closed the connection; len(data): it had not."""
    for sent in range(len(data)):
        if not wire.send_as_far_as_it_goes(data[sent:sent + 1]):
            return sent
        time.sleep(seconds)
    return len(data)


def test_a_header_that_drips_in_does_not_hold_its_connection_for_ever(start, database):
    service = start(idle_timeout_ms=1000)
    with service.wire() as slow:
        data = check_request(service.token)
        assert drip(slow, data) < len(data)
    assert service.check().status == 200
    assert database.value("SELECT count(*) FROM shikaku.checks") == 1


def test_a_body_that_drips_in_does_not_hold_its_connection_for_ever(start, database):
    service = start(body_timeout_ms=1000)
    head, _, body = check_request(service.token).partition(b"\r\n\r\n")
    with service.wire() as slow:
        slow.send(head + b"\r\n\r\n")
        assert drip(slow, body) < len(body)
    assert service.check().status == 200
    assert database.value("SELECT count(*) FROM shikaku.checks") == 1


def test_a_request_in_small_pieces_is_answered_when_it_comes_in_time(service, database):
    with service.wire() as wire:
        assert drip(wire, check_request(service.token), 0.001) > 0
        assert_on_record(database, [wire.read()])


def test_a_client_that_does_not_read_its_answers_does_not_hold_its_connection_for_ever(start):
    service = start(send_timeout_ms=1000, loops=1)
    wires = [service.wire(receive_buffer=4096) for _ in range(5)]
    for wire in wires:
        wire.send(request(path="/openapi.yaml") * 100)  # ten megabytes: more than both sides' buffers hold
    wait_until(lambda: service.metric("shikaku_connections") > 0, "the clients to be taken")
    assert service.check().status == 200
    wait_until(lambda: service.metric("shikaku_connections") == 0, "the connections to be closed")
    for wire in wires:
        assert len(wire.read_some(100)) < 100
        wire.close()
    assert service.check().status == 200


def test_an_idle_connection_is_closed_at_its_deadline(start):
    service = start(idle_timeout_ms=500)
    with service.wire() as silent, service.wire() as served:
        assert served.ask(request()).status == 200
        assert silent.is_closed()
        assert served.is_closed()


def test_a_busy_connection_lives_as_long_as_it_asks(start):
    service = start(idle_timeout_ms=1000)
    with service.wire() as wire:
        for _ in range(15):
            assert wire.ask(request()).status == 200
            time.sleep(0.1)


def test_more_connections_than_the_limit_are_told_so_and_closed_and_the_others_serve_on(start):
    service = start(loops=1, connections_max=8)
    wires = []
    while (wire := service.wire()).ask(request()).status == 200:
        wires.append(wire)
    assert 8 <= len(wires) <= 9  # a loop's share is rounded up
    for _ in range(20):
        with service.wire() as beyond:
            answer = beyond.ask(check_request(service.token))
            assert (answer.status, answer.code()) == (503, "overloaded")
            assert answer.headers["retry-after"] == "1"
            assert answer.headers["connection"] == "close"
            assert "被保険者資格申立書" in answer.json()["desk"]
            assert beyond.is_closed()
    for wire in wires:
        assert wire.ask(check_request(service.token)).status == 200
    while wires:
        wires.pop().close()
    wait_until(lambda: service.check().status == 200, "room for a new client")


def test_clients_beyond_even_the_reserve_are_served_once_the_idle_ones_are_gone(start):
    service = start(loops=1, connections_max=4, idle_timeout_ms=1500)
    silent = [service.wire() for _ in range(4 + 64)]
    late = [service.wire() for _ in range(20)]
    for wire in late:
        wire.send(check_request(service.token))
    answers = [wire.read() for wire in late]
    assert all(answer is not None and answer.status in (200, 503) for answer in answers), answers
    for wire in silent + late:
        wire.close()
    wait_until(lambda: service.check().status == 200, "room for a new client")


def test_more_requests_at_once_than_the_limit_are_told_so_at_once_and_the_others_are_answered(start, server, database):
    service = start(loops=1, in_flight_max=3, answer_timeout_ms=20000, database_silence_ms=20000)
    assert service.check().status == 200
    server.pause()
    wires = service.send_many(3)
    wait_until(lambda: service.metric("shikaku_requests_in_flight") == 3, "three requests in flight")
    beyond = service.check_many(5)
    assert {(answer.status, answer.code()) for answer in beyond} == {(503, "overloaded")}
    server.resume()
    assert_on_record(database, service.read_many(wires))
    assert_on_record(database, [service.check()])


@pytest.mark.parametrize("audit_connection", [0, 1])
def test_more_questions_than_the_queue_takes_are_told_so_at_once_and_the_others_are_answered(
        start, server, database, audit_connection):
    service = start(loops=1, queue_max=5, answer_timeout_ms=20000, database_silence_ms=20000, audit_connection=audit_connection)
    assert service.check().status == 200
    server.pause()
    under_way = service.send_many(1)
    wait_until(lambda: service.metric("shikaku_requests_in_flight") == 1, "the first request to be under way")
    waiting = service.send_many(5)
    wait_until(lambda: service.metric("shikaku_requests_in_flight") == 6, "five requests to wait")
    beyond = service.check_many(5)
    assert {(answer.status, answer.code()) for answer in beyond} == {(503, "overloaded")}
    server.resume()
    assert_on_record(database, service.read_many(under_way + waiting))
    assert_on_record(database, [service.check()])


def test_more_questions_than_one_statement_takes_are_all_answered(start, server, database):
    service = start(loops=1, answer_timeout_ms=20000, database_silence_ms=20000)
    assert service.check().status == 200
    server.pause()
    wires = service.send_many(400)
    wait_until(lambda: service.metric("shikaku_requests_in_flight") == 400, "all to be in flight")
    server.resume()
    answers = service.read_many(wires)
    assert {answer.json()["validity"] for answer in answers} == {"valid"}
    assert_on_record(database, answers)
