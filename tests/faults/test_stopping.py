"""TERM: whoever was let in is answered, nobody is cut off in silence, and the exit code is 0."""

import signal
import socket
import subprocess
import time

import pytest

from support import SHIKAKUD, free_port
from support.evidence import assert_on_record
from support.programs import environment, settings
from support_service import wait_until
from support_wire import CHECKS, PATIENCE, check_request, request
from test_sets import Locked, wait_in_flight


def test_what_is_in_flight_is_answered_and_recorded_before_the_end(start, database):
    service = start(statement_timeout_ms=20000, database_silence_ms=20000, answer_timeout_ms=20000)
    assert service.check().status == 200
    lock = Locked(database, "shikaku.standings")
    wires = service.send_many(40)
    wait_in_flight(service, 40)
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: service.status() is None, "the listeners to close")
    lock.release()
    answers = service.read_many(wires)
    assert {answer.headers["connection"] for answer in answers} == {"close"}
    assert service.wait_end() == 0
    assert_on_record(database, answers)


def test_under_load_every_client_that_was_let_in_is_answered(start, database):
    service = start()
    wires = [service.wire() for _ in range(40)]
    given = []
    for _ in range(5):
        for wire in wires:
            wire.send(check_request(service.token))
        given += [wire.read() for wire in wires]
    for wire in wires:
        wire.send(check_request(service.token))
    wait_until(lambda: all(wire.has_answer() for wire in wires[:5]), "some of the answers")
    service.process.send_signal(signal.SIGTERM)
    given += [wire.read() for wire in wires]
    assert service.wait_end() == 0
    assert_on_record(database, given)


def test_who_waits_to_be_let_in_when_TERM_comes_is_answered(start, database):
    service = start(loops=1)
    assert service.check().status == 200
    service.process.send_signal(signal.SIGSTOP)
    wires = service.send_many(300)  # the kernel has taken them, the service has not
    service.process.send_signal(signal.SIGTERM)
    service.process.send_signal(signal.SIGCONT)
    answers = service.read_many(wires)
    assert service.wait_end() == 0
    assert sum(answer is None for answer in answers) == 0, "clients were cut off without an answer"
    assert_on_record(database, answers)


def test_readiness_fails_before_the_listeners_close_so_that_a_balancer_can_look_away(start):
    service = start(drain_delay_ms=20000)
    service.process.send_signal(signal.SIGTERM)
    unready = service.wait_unready()
    assert unready.code() == "stopping"
    assert service.check().status == 200  # who comes still is served
    service.process.send_signal(signal.SIGTERM)  # a second one ends the delay
    assert service.wait_end() == 0


def test_a_body_that_is_on_its_way_when_TERM_comes_is_still_answered(start, database):
    service = start()
    data = check_request(service.token)
    with service.wire() as wire:
        wire.send(data[:-10])
        wait_in_flight(service, 1)
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: service.status() is None, "the listeners to close")
        wire.send(data[-10:])
        answer = wire.read()
        assert answer.headers["connection"] == "close"
        assert_on_record(database, [answer])
    assert service.wait_end() == 0


def test_a_kept_connection_does_not_delay_the_end(start):
    service = start(drain_timeout_ms=600000, idle_timeout_ms=3600000)
    with service.wire() as served, service.wire() as silent:
        assert served.ask(request()).status == 200
        service.process.send_signal(signal.SIGTERM)
        assert served.is_closed()
        assert silent.is_closed()
        assert service.wait_end() == 0


@pytest.mark.parametrize("loops", [1, 2])
def test_what_a_frozen_database_leaves_unanswered_is_told_so_within_the_limit(start, server, loops):
    service = start(loops=loops, drain_timeout_ms=500, answer_timeout_ms=600000, database_silence_ms=600000)
    assert service.check().status == 200
    server.pause()
    wires = service.send_many(50)
    wait_in_flight(service, 50)
    service.process.send_signal(signal.SIGTERM)
    answers = service.read_many(wires)
    assert {answer and answer.status for answer in answers} == {503}
    assert {answer.code() for answer in answers} <= {"stopping", "database_unavailable"}
    assert all("被保険者資格申立書" in answer.json()["desk"] and answer.headers["retry-after"] for answer in answers)
    assert service.wait_end() == 0


def test_a_second_TERM_ends_the_waiting(start, server):
    service = start(drain_timeout_ms=600000, answer_timeout_ms=600000, database_silence_ms=600000)
    assert service.check().status == 200
    server.pause()
    wires = service.send_many(10)
    wait_in_flight(service, 10)
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: service.status() is None, "the listeners to close")
    assert service.process.poll() is None
    service.process.send_signal(signal.SIGTERM)
    assert {answer and answer.status for answer in service.read_many(wires)} == {503}
    assert service.wait_end() == 0


def test_TERM_ends_a_service_whose_clients_have_gone(start, server):
    service = start(drain_timeout_ms=1000, answer_timeout_ms=600000, database_silence_ms=600000)
    assert service.check().status == 200
    server.pause()
    for index, wire in enumerate(service.send_many(20)):
        wire.reset() if index % 2 else wire.close()
    service.process.send_signal(signal.SIGTERM)
    assert service.wait_end() == 0


def test_TERM_ends_a_service_that_never_saw_its_database(start, server):
    server.stop()
    service = start(wait="alive")
    service.process.send_signal(signal.SIGTERM)
    assert service.wait_end() == 0


def serve_in_vain(database, **values):
    """The exit code and log of a service that must not start."""
    done = subprocess.run([str(SHIKAKUD), "serve"], env=environment(DATABASE_URL=database.url(), **settings(**values)), cwd="/",
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stderr


def test_a_port_that_another_program_serves_is_an_error_at_start(database):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        where = "127.0.0.1:%d" % other.getsockname()[1]
        code, said = serve_in_vain(database, listen=where)
    assert code not in (0, -signal.SIGABRT, -signal.SIGSEGV)
    assert where in said and "in use" in said


def test_two_services_do_not_share_a_port_by_accident(start, database):
    service = start()
    code, said = serve_in_vain(database, listen=service.address)
    assert code not in (0, -signal.SIGABRT, -signal.SIGSEGV)
    assert service.address in said and "in use" in said
    assert service.check().status == 200


def test_two_services_share_a_port_on_purpose_and_one_can_be_replaced(start, database):
    where = f"127.0.0.1:{free_port()}"
    one = start(listen=where, share_port=1)
    two = start(listen=where, share_port=1)
    for service in (one, two):
        wait_until(lambda: service.metrics_socket.exists() and service.metric("shikaku_lane_ready") == 4, "both to be ready")
    given = []
    # The kernel spreads connections: soon both have been asked.
    end = time.monotonic() + PATIENCE
    while min(service.metric("shikaku_requests_total", status="200", route=CHECKS) for service in (one, two)) == 0:
        assert time.monotonic() < end, "one of the two is never asked"
        given += one.check_many(10)
    assert one.stop() == 0
    given += two.check_many(40)
    assert_on_record(database, given)


def test_a_taken_metrics_port_is_an_error_at_start(database):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = "127.0.0.1:%d" % other.getsockname()[1]
        code, said = serve_in_vain(database, listen=f"127.0.0.1:{free_port()}", metrics_listen=taken)
    assert code not in (0, -signal.SIGABRT, -signal.SIGSEGV)
    assert "in use" in said
