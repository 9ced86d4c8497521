"""Desks that hang up while their answer waits for the database."""

import socket

import pytest

from support.evidence import assert_on_record
from support_service import wait_until
from support_wire import check_request, open_files

CLIENTS = 200


def hang_up(wires):
    """Half of them politely, half with a reset."""
    for index, wire in enumerate(wires):
        if index % 2:
            wire.reset()
        else:
            wire.close()


def wait_idle(service, files):
    wait_until(lambda: service.metric("shikaku_requests_in_flight") == 0, "nothing to be in flight")
    wait_until(lambda: service.metric("shikaku_connections") == 0, "the connections to be closed")
    wait_until(lambda: open_files(service.process.pid) <= files, "the files to be closed")


@pytest.mark.parametrize("loops", [1, 2])
def test_clients_that_leave_while_the_database_is_frozen_leave_nothing_behind(start, server, database, loops):
    service = start(loops=loops, database_silence_ms=20000, answer_timeout_ms=20000)
    assert service.check().status == 200
    wait_until(lambda: service.metric("shikaku_connections") == 0, "a quiet service")
    files = open_files(service.process.pid)
    for _ in range(2):
        server.pause()
        wires = service.send_many(CLIENTS)
        wait_until(lambda: service.metric("shikaku_requests_in_flight") == CLIENTS, "all to be in flight")
        hang_up(wires)
        server.resume()
        wait_idle(service, files)
    assert_on_record(database, service.check_many(20))


def test_answers_that_come_after_deadline_and_client_meet_nobody(start, server, database):
    service = start(database_silence_ms=20000, answer_timeout_ms=300)
    assert service.check().status == 200
    wait_until(lambda: service.metric("shikaku_connections") == 0, "a quiet service")
    files = open_files(service.process.pid)
    server.pause()
    hang_up(service.send_many(CLIENTS))
    wait_idle(service, files)
    server.resume()
    wait_until(lambda: service.check().status == 200, "checks to be answered again")
    assert_on_record(database, service.check_many(20))


def test_a_client_that_leaves_in_the_middle_of_its_request_leaves_nothing_behind(start, database):
    # MHD may miss a FIN that comes together with the last bytes: then the deadline ends the connection.
    service = start(idle_timeout_ms=1000, body_timeout_ms=1000)
    assert service.check().status == 200
    wait_until(lambda: service.metric("shikaku_connections") == 0, "a quiet service")
    files = open_files(service.process.pid)
    begun = b"POST /v1/eligibility-checks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n"
    for data in (b"", begun[:20], begun, begun + b"\r\n", begun + b"\r\n" + b"{" * 100):
        hang_up(service.send_many(10, lambda _, data=data: data))
    wait_idle(service, files)
    assert database.value("SELECT count(*) FROM shikaku.checks") == 1
    assert service.check().status == 200


def test_a_client_that_half_closes_after_asking_gets_its_answer(service, database):
    with service.wire() as wire:
        wire.send(check_request(service.token))
        wire.socket.shutdown(socket.SHUT_WR)
        answer = wire.read()
    assert answer is not None
    assert_on_record(database, [answer])
