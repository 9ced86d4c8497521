"""Very many clients at once: idle ones, storms of them, and more than there are descriptors for."""

import os
import pathlib
import resource
import threading
import time

import pytest

from support.aftermath import KIB, ROUND_MAY_ADD, grows, is_sanitized, memory, repeat, stays
from support.evidence import assert_on_record
from support_service import wait_until
from support_wire import Wire, check_request

IDLE_MAY_TAKE = 16 * KIB  # MHD's pool of 8 KiB, and what it and we note of a connection


def crowd_of(service, full, on_sanitizer):
    return on_sanitizer if is_sanitized(service) else full


def from_everywhere(service, count):
    """So many connections; an address has ports for some ten thousand."""
    return [service.wire(source=f"127.0.0.{2 + index % 4}") for index in range(count)]


def wait_connected(service, count):
    wait_until(lambda: service.metric("shikaku_connections") == count, f"{count} connections")


def test_ten_thousand_idle_connections_cost_little_and_nobody_their_answer(many_descriptors, start):
    service = start(connections_max=12000, idle_timeout_ms=3600000)
    count = crowd_of(service, 10000, 1000)

    def crowd():
        before = memory(service)
        wires = from_everywhere(service, count)
        wait_connected(service, count)
        each = (memory(service) - before) / count
        assert is_sanitized(service) or each < IDLE_MAY_TAKE, f"{each} bytes a connection"
        beside = service.check_many(50)
        assert {answer.status for answer in beside} == {200}
        for wire in wires[::100]:  # they are idle, not dead
            assert wire.ask(check_request(service.token)).status == 200
        for wire in wires:
            wire.close()

    repeat(service.aftermath, crowd)


def test_ten_thousand_connections_that_never_ask_are_closed_at_their_deadline(many_descriptors, start):
    service = start(connections_max=12000, idle_timeout_ms=15000)
    count = crowd_of(service, 10000, 1000)
    wires = from_everywhere(service, count)
    assert all(wire.is_closed() for wire in wires)
    for wire in wires:
        wire.close()
    assert service.check().status == 200


def ask_and_read(wire, service):
    wire.send(check_request(service.token))
    answer = wire.read()
    assert answer is not None and answer.status in (200, 503), answer
    wire.close()


def leave_at_once(wire, _):
    wire.close()


def ask_and_leave(wire, service):
    wire.send_as_far_as_it_goes(check_request(service.token))
    wire.close()


def ask_half_and_cut_off(wire, service):
    wire.send_as_far_as_it_goes(check_request(service.token)[:150])
    wire.reset()


GUESTS = [ask_and_read, leave_at_once, ask_and_leave, ask_half_and_cut_off]


def storm(service, count):
    """As many connections as fast as four threads can make them. What the troubled ones say."""
    troubles = []

    def blow(number):
        for index in range(count // 4):
            try:
                GUESTS[index % len(GUESTS)](service.wire(source=f"127.0.0.{2 + number}"), service)
            except (AssertionError, OSError) as trouble:
                troubles.append(f"{GUESTS[index % len(GUESTS)].__name__}: {trouble!r}")

    threads = [threading.Thread(target=blow, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return troubles


@pytest.mark.parametrize("connections_max", [10000, 8], ids=["within the limits", "beyond them"])
def test_a_storm_of_connections_leaves_nothing_behind_and_nobody_unanswered(many_descriptors, start, connections_max):
    service = start(connections_max=connections_max)
    count = crowd_of(service, 2000, 400)

    def blow():
        troubles = storm(service, count)
        assert not troubles, troubles[:5]

    repeat(service.aftermath, blow)
    assert service.check().status == 200


def test_a_storm_of_which_nobody_stays_is_over_when_it_is_over(many_descriptors, start, database):
    """All at once, by a backlog that is full again and again."""
    service = start()
    for _ in range(crowd_of(service, 5, 1)):
        wires = [Wire(service.address, source=f"127.0.0.{2 + index % 4}") for index in range(1000)]
        for index, wire in enumerate(wires):
            wire.reset() if index % 2 else wire.close()
        assert service.check().status == 200
    assert_on_record(database, service.check_many(50))


def cpu_seconds(service):
    """That its threads have used."""
    fields = pathlib.Path(f"/proc/{service.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_more_clients_than_descriptors_wait_and_are_served_when_others_go(start):
    """The limit is the operator's or the machine's, below what connections_max would take."""
    service = start(loops=1, idle_timeout_ms=3600000)
    room = 100
    resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (service.aftermath.descriptors + room, 20000))
    inside = [service.wire() for _ in range(room - 10)]
    assert {wire.ask(check_request(service.token)).status for wire in inside} == {200}
    waiting = service.send_many(40)
    before = cpu_seconds(service)
    time.sleep(1)  # in which it must not spin
    assert cpu_seconds(service) - before < 0.8
    assert not all(wire.has_answer() for wire in waiting)
    assert inside[0].ask(check_request(service.token)).status == 200
    for wire in inside:
        wire.close()
    answers = service.read_many(waiting)
    assert {answer and answer.status for answer in answers} == {200}


def test_only_a_memory_that_grows_each_round_is_taken_for_a_leak():
    kept = [3336, 3624, 3752, 3564, 3596, 3668]
    assert [stays([used * KIB for used in kept[:rounds]], ROUND_MAY_ADD) for rounds in (3, 4, 5, 6)] == [False, False, False, True]
    assert stays([3336 * KIB, 3624 * KIB, 3630 * KIB, 3600 * KIB], ROUND_MAY_ADD)
    leaking = [(3336 + 80 * number + 60 * (number % 2)) * KIB for number in range(12)]
    assert not any(stays(leaking[:rounds], ROUND_MAY_ADD) for rounds in range(1, 13)) and grows(leaking)
    assert not grows([3526, 3686, 3805, 3620, 3764, 3960, 3768, 3903, 4026, 4096, 3801, 3837])
