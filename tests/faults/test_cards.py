"""One challenge is good for one use (R5.1): in whichever process, in whatever order, and after whatever crash."""

import json
import pathlib
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from api_cards import CHALLENGES, Believed, challenge_of, check_by_card, make_known  # noqa: E402
from api_people import add  # noqa: E402
from support import Client, free_port  # noqa: E402
from support.database import NOW  # noqa: E402
from support_service import wait_until  # noqa: E402
from support_wire import check_request  # noqa: E402


@pytest.fixture(scope="module")
def believed():
    return Believed()


@pytest.fixture
def card(database, believed):
    return make_known(database, add(database, cards=()), believed.g2.card(), believed.g2)


@pytest.fixture
def start_desk(start, believed):
    """A service that believes in the card."""
    return lambda **settings: start(**{"now": NOW, **believed.settings, **settings})


def challenges_of(service, count):
    with Client(service, service.token) as desk:
        return [challenge_of(desk) for _ in range(count)]


def proof(service, card, challenge):
    """The bytes of a check."""
    return check_request(service.token, json.dumps({"presented": card.presented(challenge)}).encode())


def outcome_of(answer):
    return answer.status, answer.json().get("code")


ONCE = [(200, None), (409, "challenge_reused")]


def test_two_processes_take_one_challenge_once(start_desk, card):
    services = [start_desk(), start_desk()]
    for challenge in challenges_of(services[0], 30):
        wires = [service.send_many(1, proof(service, card, challenge))[0] for service in services]
        assert sorted(map(outcome_of, (wire.read() for wire in wires)), key=str) == ONCE


def test_sets_that_hold_the_same_challenges_in_another_order_do_not_wait_for_each_other(start_desk, card, server):
    services = [start_desk(loops=1), start_desk(loops=1)]
    deadlocks = server.log().count("deadlock detected")
    for _ in range(5):
        challenges = challenges_of(services[0], 60)
        orders = [challenges, challenges[::-1]]
        wires = [[], []]

        def send(number):
            wires[number] = services[number].send_many(60, lambda at: proof(services[number], card, orders[number][at]))

        threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outcomes = [{challenge: outcome_of(wire.read()) for challenge, wire in zip(orders[number], wires[number])} for number in range(2)]
        for challenge in challenges:
            assert sorted((outcomes[0][challenge], outcomes[1][challenge]), key=str) == ONCE
    assert server.log().count("deadlock detected") == deadlocks


def test_the_same_challenge_many_times_in_one_set_is_taken_once(start_desk, card):
    service = start_desk(loops=1)
    for challenge in challenges_of(service, 10):
        answers = [wire.read() for wire in service.send_many(20, proof(service, card, challenge))]
        assert sorted(map(outcome_of, answers), key=str) == [(200, None), *[(409, "challenge_reused")] * 19]


def test_a_challenge_outlives_the_process_that_gave_it_and_its_use_too(start_desk, card):
    service = start_desk(listen=f"127.0.0.1:{free_port()}")
    used, unused = challenges_of(service, 2)
    with Client(service, service.token) as desk:
        assert check_by_card(desk, card, used).json["accepted"] is True
    service.kill()
    service.start("ready")
    service.killed = False
    with Client(service, service.token) as desk:
        assert check_by_card(desk, card, used).json["code"] == "challenge_reused"
        assert check_by_card(desk, card, unused).json["accepted"] is True


def test_a_used_challenge_is_not_new_after_the_database_was_killed(start_desk, card, server):
    service = start_desk()
    used = challenges_of(service, 20)
    with Client(service, service.token) as desk:
        for challenge in used:
            assert check_by_card(desk, card, challenge).json["accepted"] is True
    server.kill()
    with Client(service, service.token) as desk:
        away = desk.request("POST", CHALLENGES)
        assert away.status in (201, 503)  # nothing is asked of the database for a challenge but who asks
        assert check_by_card(desk, card, used[0]).status == 503
    server.start()
    service.wait_ready()
    with Client(service, service.token) as desk:
        for challenge in used:
            assert check_by_card(desk, card, challenge).json["code"] == "challenge_reused"
        assert check_by_card(desk, card).json["accepted"] is True


def test_a_new_key_ends_the_challenges_under_way(start_desk, card, database):
    service = start_desk()
    old = iter(challenges_of(service, 600))
    database.run("UPDATE shikaku.challenge_keys SET key = sha256('another')", user="shikaku_owner")
    with Client(service, service.token) as desk:
        while check_by_card(desk, card, next(old), changes={"signature": "QQ=="}).json["code"] != "challenge_expired":
            time.sleep(0.1)  # each is used up by asking
        assert check_by_card(desk, card).json["accepted"] is True


def test_who_used_expired_challenges_is_forgotten_and_who_used_current_ones_is_not(start_desk, card, database):
    service = start_desk(listen=f"127.0.0.1:{free_port()}")
    used = challenges_of(service, 1)[0]
    with Client(service, service.token) as desk:
        assert check_by_card(desk, card, used).json["accepted"] is True
    database.run("""INSERT INTO shikaku.used_challenges VALUES ('2026-11-22T00:49:59Z', gen_random_uuid(), gen_random_uuid()),
                      ('2026-11-22T00:50:01Z', gen_random_uuid(), gen_random_uuid())""", user="shikaku_owner")
    service.kill()
    service.start("ready")  # the maintenance runs at its start
    service.killed = False
    wait_until(lambda: database.value("SELECT count(*) FROM shikaku.used_challenges") == 2, "the old ones to be forgotten")
    assert database.value("SELECT count(*) FROM shikaku.used_challenges WHERE expires_at < '2026-11-22T00:50:00Z'") == 0
    with Client(service, service.token) as desk:
        assert check_by_card(desk, card, used).json["code"] == "challenge_reused"
