"""Mended defects that must not come back: ends that crashed, records that a crash took, requests that were read in two ways, memory
that strangers could take."""

import pathlib
import signal
import time

import pytest

from support import free_port
from support.aftermath import is_sanitized
from support.evidence import assert_on_record
from support_service import wait_until
from support_wire import CHECKS, check_body, check_request, request
from test_bounds import chunk

KIB = 1024
TYPE = "Content-Type: application/json"


def records(database):
    return database.value("SELECT count(*) FROM shikaku.checks")


# The end.


@pytest.mark.parametrize("loops", [1, 2])
def test_last_bytes_that_come_at_the_end_of_the_drain_do_not_crash_the_service(start, database, loops):
    service = start(loops=loops, drain_timeout_ms=300)
    assert service.check().status == 200
    data = check_request(service.token)
    wires = service.send_many(400, data[:-1])
    wait_until(lambda: service.metric("shikaku_requests_in_flight") == 400, "400 requests in flight")
    service.process.send_signal(signal.SIGTERM)
    time.sleep(0.25)  # the drain is about to end; nothing is asserted about when exactly
    for wire in wires:
        wire.send_as_far_as_it_goes(data[-1:])
        time.sleep(0.0003)
    answers = [wire.read() for wire in wires]
    for wire in wires:
        wire.close()
    assert service.wait_end() == 0, service.log()[-2000:]
    given = [answer for answer in answers if answer is not None and answer.status == 200]
    refused = [answer for answer in answers if answer is not None and answer.status != 200]
    assert {(answer.status, answer.code()) for answer in refused} <= {(503, "stopping")}
    assert_on_record(database, given)


@pytest.mark.parametrize("loops", [1, 2])
def test_a_whole_waiting_room_is_answered_when_TERM_comes_whichever_loop_it_waits_for(start, database, loops):
    service = start(loops=loops)
    assert service.check().status == 200
    service.process.send_signal(signal.SIGSTOP)
    wires = service.send_many(200)
    service.process.send_signal(signal.SIGTERM)
    service.process.send_signal(signal.SIGCONT)
    answers = service.read_many(wires)
    assert service.wait_end() == 0
    assert answers.count(None) == 0, "clients were cut off without an answer"
    assert_on_record(database, answers)


# The database.


@pytest.mark.parametrize("first", ["127.0.0.1", "/tmp/there-is-no-such-folder"], ids=["refuses", "is not there"])
def test_the_second_host_of_a_url_is_found_when_the_first(start, server, database, first):
    url = f"host={first},{server.socket} port={free_port()},5432 user=shikaku_service dbname={database.name}"
    service = start(database_url=url)
    assert_on_record(database, service.check_many(5))


def test_an_answer_is_on_record_after_a_crash_even_where_the_role_was_told_not_to_wait_for_the_disk(start, server, database):
    server.run("ALTER SYSTEM SET wal_writer_delay = '10s'")  # what nobody waits for stays in memory as long
    server.run("SELECT pg_reload_conf()")
    server.run(f"ALTER ROLE shikaku_service IN DATABASE {database.name} SET synchronous_commit = off")
    try:
        service = start()
        answers = service.check_many(30)
        server.kill()
    finally:
        server.start()
        server.run("ALTER SYSTEM RESET wal_writer_delay")
        server.run("SELECT pg_reload_conf()")
    assert_on_record(database, answers)


# Where requests end, and how large they may be.


def refused_and_closed(service, database, data):
    """A problem of ours says so, the connection ends, and neither it nor a check that follows is executed."""
    before = records(database)
    with service.wire() as wire:
        wire.socket.settimeout(10)
        wire.send_as_far_as_it_goes(data + check_request(service.token))
        answer = wire.read()
        assert answer is not None and (answer.status, answer.code()) == (400, "bad_request"), answer
        assert answer.headers["connection"].lower() == "close"
        assert wire.is_closed()
    assert records(database) == before
    assert service.check().status == 200


def test_a_check_in_chunks_of_an_old_client_is_refused_before_a_proxy_can_see_another_end(service, database):
    lines = [TYPE, f"Authorization: Bearer {service.token}", "Transfer-Encoding: chunked", "Connection: keep-alive"]
    head = request("POST", CHECKS, lines).replace(b"HTTP/1.1", b"HTTP/1.0")
    refused_and_closed(service, database, head + chunk(check_body()) + b"0\r\n\r\n")


def check_lines(service, *lines):
    """The head of a check, its lines ended as they are given."""
    length = len(check_body())
    return "".join([f"POST {CHECKS} HTTP/1.1\r\n", "Host: desk.invalid\r\n", f"Authorization: Bearer {service.token}\r\n", f"{TYPE}\r\n",
                    f"Content-Length: {length}\r\n", *lines]).encode()


@pytest.mark.parametrize("lines", [
    pytest.param(["X-A: a\r\n b\r\n", "\r\n"], id="a header over two lines"),
    pytest.param(["X-A: a\r\n\tb\r\n", "\r\n"], id="a header over two lines, by a tab"),
    pytest.param(["X-A:\r\n a\r\n", "\r\n"], id="a header that begins on its second line"),
    pytest.param(["X-A: a\r\n \r\n", "\r\n"], id="a header with an empty second line"),
    pytest.param(["X-A: a\n", "X-B: b\r\n", "\r\n"], id="a line that ends with a bare line feed"),
    pytest.param(["X-A: a\n", "\r\n"], id="a last line that ends with a bare line feed"),
    pytest.param(["X-A: a\r\n", "\n"], id="an empty line of a bare line feed"),
    pytest.param([": a\r\n", "\r\n"], id="a header without a name"),
    pytest.param(["X-A: a\r\n", ": a\r\n", "X-B: b\r\n", "\r\n"], id="a header without a name among others"),
])
def test_a_check_with_a_line_that_a_proxy_may_read_otherwise_is_not_executed(service, database, lines):
    refused_and_closed(service, database, check_lines(service, *lines) + check_body())


def test_a_check_whose_first_line_ends_with_a_bare_line_feed_is_not_executed(service, database):
    refused_and_closed(service, database, check_request(service.token).replace(b"\r\n", b"\n", 1))


def test_a_header_beyond_the_limit_is_told_so_and_its_check_is_not_executed(service, database):
    for lines in (["X-Pad: " + "a" * 6656], ["X-Pad: " + "a" * 600] * 11):
        before = records(database)
        with service.wire() as wire:
            answer = wire.ask(check_request(service.token, headers=lines), wrong=True)
            assert answer is not None and (answer.status, answer.code()) == (431, "header_too_large"), answer
            assert answer.headers["connection"].lower() == "close" and wire.is_closed()
        assert records(database) == before


def test_a_header_that_a_chain_of_proxies_has_filled_is_served(service, database):
    for lines in (["X-Pad: " + "a" * (5 * KIB - 400)], ["X-Pad: " + "a" * 400] * 11):
        data = check_request(service.token, headers=lines)
        with service.wire() as wire:
            assert_on_record(database, [wire.ask(data), wire.ask(data)])


@pytest.mark.parametrize("width, counts", [(1, range(85, 125)), (20, range(65, 100)), (60, range(45, 75))])
def test_a_check_with_very_many_headers_is_answered_or_not_executed(service, database, width, counts):
    """Each line takes a record of the HTTP library's besides: where that left no room for an answer, the check was executed for nobody."""
    for count in counts:
        before = records(database)
        with service.wire() as wire:
            wire.send_as_far_as_it_goes(check_request(service.token, headers=["X-A: " + "a" * width] * count))
            answer = wire.read()
        served = answer is not None and answer.status == 200
        assert served or answer is None or answer.status == 431, answer
        assert records(database) == before + served, count


def most_memory(process):
    """KiB that it has ever held at once."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def test_strangers_with_large_bodies_do_not_take_the_memory_of_the_clinics(many_descriptors, start):
    service = start(loops=1, body_timeout_ms=600000)
    if is_sanitized(service):
        pytest.skip("a sanitizer takes memory of its own")
    body = b" " * (64 * KIB)
    data = request("POST", CHECKS, [TYPE], body)
    wires = service.send_many(900, data[:-1])
    wait_until(lambda: service.metric("shikaku_connections") >= 900, "900 connections")
    assert service.check().status == 200
    for wire in wires:
        wire.send_as_far_as_it_goes(data[-1:])
    answers = [wire.read() for wire in wires]
    for wire in wires:
        wire.close()
    assert {(answer and answer.status, answer and answer.code()) for answer in answers} == {(401, "token_missing")}
    assert most_memory(service.process) < 60 * KIB
