"""Desks that hang up, are cut off or fall silent, at whatever point of their request."""

import socket

import pytest

from support.aftermath import repeat
from support.evidence import assert_on_record
from support_service import wait_until
from support_wire import Wire, check_request, request

CLIENTS = 1000
BEGUN = b"POST /v1/eligibility-checks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n"
# MHD may miss a FIN that comes together with the last bytes: then the deadline ends the connection.
SHORT = {"idle_timeout_ms": 1000, "body_timeout_ms": 1000, "send_timeout_ms": 1000, "answer_timeout_ms": 20000,
         "database_silence_ms": 20000}


def hang_up(wires):
    """Half of them politely, half with a reset."""
    for index, wire in enumerate(wires):
        if index % 2:
            wire.reset()
        else:
            wire.close()


def wait_waiting(service, count):
    wait_until(lambda: service.metric("shikaku_requests_in_flight") == count, f"{count} requests in flight")


@pytest.mark.parametrize("loops", [1, 2])
def test_a_thousand_clients_that_leave_while_the_database_is_frozen_leave_nothing_behind(many_descriptors, start, server, loops):
    service = start(loops=loops, database_silence_ms=60000, answer_timeout_ms=60000)

    def freeze():
        server.pause()
        wires = service.send_many(CLIENTS)
        wait_waiting(service, CLIENTS)
        hang_up(wires)
        server.resume()

    repeat(service.aftermath, freeze)
    assert {answer.status for answer in service.check_many(20)} == {200}


def test_answers_that_come_after_deadline_and_client_meet_nobody(many_descriptors, start, server, database):
    service = start(database_silence_ms=60000, answer_timeout_ms=300)
    server.pause()
    hang_up(service.send_many(CLIENTS))
    wait_waiting(service, 0)
    server.resume()
    wait_until(lambda: service.check().status == 200, "checks to be answered again")
    assert_on_record(database, service.check_many(20))


def before_its_request(service, _):
    return service.send_many(50, lambda _: b"")


def in_its_first_line(service, _):
    return service.send_many(50, lambda _: BEGUN[:20])


def in_its_header(service, _):
    return service.send_many(50, lambda _: BEGUN)


def before_its_body(service, _):
    return service.send_many(50, lambda _: BEGUN + b"\r\n")


def in_its_body(service, _):
    return service.send_many(50, lambda _: BEGUN + b"\r\n" + b"{" * 100)


def while_its_answer_is_waited_for(service, server):
    server.pause()
    wires = service.send_many(50)
    wait_waiting(service, 50)
    return wires


def while_its_answer_is_written(service, _):
    """Ten megabytes, more than both sides' buffers hold, of which it has read some."""
    wires = [service.wire(receive_buffer=4096) for _ in range(5)]
    for wire in wires:
        wire.send(request(path="/openapi.yaml") * 100)
        assert wire.read().status == 200
    return wires


def after_its_answer(service, _):
    wires = service.send_many(50)
    assert {wire.read().status for wire in wires} == {200}
    return wires


WAYS_TO_LEAVE = {
    "vanishes": Wire.fall_silent,  # half open: its machine is gone
    "is cut off": Wire.reset,
    "hangs up": Wire.close,
}


@pytest.mark.parametrize("when", [
    before_its_request, in_its_first_line, in_its_header, before_its_body, in_its_body, while_its_answer_is_waited_for,
    while_its_answer_is_written, after_its_answer], ids=lambda when: when.__name__.replace("_", " "))
def test_nothing_is_left_of_a_client_that_leaves(start, server, when):
    service = start(loops=1, **SHORT)
    for leave in WAYS_TO_LEAVE.values():
        wires = when(service, server)
        for wire in wires:
            leave(wire)
        server.resume()
        assert service.check().status == 200
        service.aftermath.wait_quiet()


def test_a_client_that_half_closes_after_asking_gets_its_answer(service, database):
    with service.wire() as wire:
        wire.send(check_request(service.token))
        wire.socket.shutdown(socket.SHUT_WR)
        answer = wire.read()
    assert answer is not None
    assert_on_record(database, [answer])
