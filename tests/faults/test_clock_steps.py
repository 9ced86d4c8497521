"""The wall clock jumps under the running service. What is measured with it (days, expiries) follows at once; what waits, waits as long as
it should; and no record is lost."""

import ctypes
import datetime
import mmap
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from api_cards import Believed, challenge_of, check_by_card, make_known  # noqa: E402
from api_people import add  # noqa: E402
from support import Client, SHIKAKUD, shikakud  # noqa: E402
from support_service import wait_until  # noqa: E402
from support_wire import check_request, request  # noqa: E402
from test_clients_gone import wait_waiting  # noqa: E402

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400
# A token lives a year.
STEPS = [pytest.param(300 * DAY, id="300 days forward"), pytest.param(-DAY, id="a day back"),
         pytest.param(-40 * YEAR, id="40 years back")]
JAPAN = datetime.timezone(datetime.timedelta(hours=9))


def sanitizer_library():
    """It must be loaded before anything else that is."""
    for line in subprocess.run(["ldd", SHIKAKUD], capture_output=True, text=True, check=True).stdout.splitlines():
        if "libasan" in line or "libtsan" in line:
            return [line.split()[2]]
    return []


class Clock:
    """The wall clock of the services that are started with it."""

    def __init__(self, folder):
        self.library = folder / "stepped_clock.so"
        self.file = folder / "offset"
        self.services = []
        self.file.write_bytes(bytes(8))
        with open(self.file, "r+b") as file:
            self.offset = ctypes.c_int64.from_buffer(mmap.mmap(file.fileno(), 8))
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared",
                        pathlib.Path(__file__).with_name("stepped_clock.c"), "-o", self.library], check=True)

    def step(self, seconds):
        """From the true time. A turn of the loop that was under way has read the clock already: returns when it is over."""
        self.offset.value = seconds * 1000000
        for service in self.services:
            over = service.metric("shikaku_loop_turns_total") + 2
            wait_until(lambda: service.metric("shikaku_loop_turns_total") >= over, "the next turn")

    def now(self):
        return datetime.datetime.now(JAPAN) + datetime.timedelta(microseconds=self.offset.value)

    def days_around(self, ask):
        """The answer, and the days in Japan on which it was asked for."""
        before = self.now().date()
        answer = ask()
        return answer, {str(before), str(self.now().date())}


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def start(start, clock, monkeypatch):
    """Starts a service with that clock, of one loop, so that its turns can be told."""

    def start_with_clock(**settings):
        with monkeypatch.context() as patch:
            patch.setenv("STEPPED_CLOCK", str(clock.file))
            patch.setenv("LD_PRELOAD", ":".join([*sanitizer_library(), str(clock.library)]))
            clock.services.append(start(loops=1, **settings))
            return clock.services[-1]

    return start_with_clock


def checked_at(answer):
    return datetime.datetime.fromisoformat(answer.json()["checked_at"])


@pytest.mark.parametrize("seconds", STEPS)
def test_what_is_under_way_when_the_clock_jumps_is_answered_and_what_comes_next_is_of_the_new_day(start, server, clock, seconds):
    service = start(answer_timeout_ms=60000, database_silence_ms=60000)
    idle = service.wire()
    assert idle.ask(request()).status == 200
    server.pause()
    wires = service.send_many(40)
    wait_waiting(service, 40)
    clock.step(seconds)
    late_comers = service.send_many(40)
    wait_waiting(service, 80)
    server.resume()
    assert {answer.status for answer in service.read_many(wires + late_comers)} == {200}
    answer, days = clock.days_around(service.check)
    assert answer.status == 200 and answer.json()["visit_date"] in days
    assert abs(checked_at(answer) - clock.now()) < datetime.timedelta(seconds=30)
    clock.step(0)
    answer, days = clock.days_around(lambda: idle.ask(check_request(service.token)))
    assert answer.json()["visit_date"] in days and answer.json()["validity"] == "valid"


@pytest.mark.parametrize("seconds", STEPS)
def test_deadlines_are_not_measured_with_a_clock_that_jumps(start, server, clock, seconds):
    service = start(answer_timeout_ms=1500, database_silence_ms=60000, idle_timeout_ms=1500, body_timeout_ms=1500)
    server.pause()
    waiting = service.send_many(20)
    idle = service.send_many(5, lambda _: b"")
    half = service.send_many(5, lambda _: check_request(service.token)[:-10])
    wait_waiting(service, 25)
    began = time.monotonic()
    clock.step(seconds)
    answers = service.read_many(waiting)
    assert {(answer.status, answer.code()) for answer in answers} == {(503, "deadline_exceeded")}
    assert time.monotonic() - began > 0.7, "it was cut off by the jump"
    assert all(wire.is_closed() for wire in idle + half)
    server.resume()
    wait_until(lambda: service.check().status == 200, "checks to be answered again")


def test_a_clock_that_jumps_to_and_fro_under_load_costs_no_answer_and_no_record(start, clock):
    service = start()
    data = check_request(service.token) * 20
    for round_ in range(10):
        wires = service.send_many(20, data)
        first = [wire.read() for wire in wires]
        clock.step([HOUR, -HOUR, 300 * DAY, -YEAR, 0][round_ % 5])
        rest = [answer for wire in wires for answer in wire.read_some(19)]
        assert {answer.status for answer in first + rest} == {200} and len(rest) == 20 * 19


def test_a_revoked_token_is_refused_within_seconds_and_an_expired_one_at_once_whatever_the_clock_does(start, clock, database):
    service = start()
    service.token = database.token(owner="1310000012", now=None, label="jumps", expires=1)
    assert {answer.status for answer in service.check_many(20)} == {200}
    clock.step(2 * DAY)
    assert {answer.status for answer in service.check_many(20)} == {401}
    clock.step(-DAY)
    assert {answer.status for answer in service.check_many(20)} == {200}
    number = database.value("SELECT token_id FROM shikaku.tokens WHERE label = 'jumps'")
    assert shikakud("token", "revoke", number, database=database).returncode == 0
    wait_until(lambda: {answer.status for answer in service.check_many(20)} == {401}, "the token to be refused", seconds=10)


@pytest.fixture
def desk(start, clock, database):
    """(a desk, a card that it believes)"""
    believed = Believed()
    service = start(**believed.settings)
    card = make_known(database, add(database, cards=()), believed.g2.card(), believed.g2)
    with Client(service, service.token) as client:
        yield client, card
        client.close()


def outcome_of(answer):
    return answer.status, answer.json.get("code")


def test_a_challenge_is_expired_after_a_jump_beyond_its_life_and_used_once_whatever_the_clock_does(desk, clock):
    client, card = desk
    unused, used = challenge_of(client), challenge_of(client)
    assert check_by_card(client, card, used).status == 200
    clock.step(2 * MINUTE)
    assert outcome_of(check_by_card(client, card, unused)) == (409, "challenge_expired")
    assert check_by_card(client, card).status == 200
    clock.step(0)
    assert outcome_of(check_by_card(client, card, used)) == (409, "challenge_reused")
    clock.step(-2 * MINUTE)
    assert check_by_card(client, card).status == 200


def test_a_challenge_of_a_clock_that_was_ahead_does_not_live_longer_for_it(desk, clock):
    client, card = desk
    clock.step(HOUR)
    ahead = challenge_of(client)
    clock.step(0)
    assert outcome_of(check_by_card(client, card, ahead)) == (409, "challenge_expired")
    assert check_by_card(client, card).status == 200
