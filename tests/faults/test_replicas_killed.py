"""Two replicas behind one port, killed and started again one after the other while desks ask (R13.1)."""

import threading

import pytest

from support import free_port
from support.evidence import read_chains
from support_service import wait_until
from support_wire import CHECKS, check_request

DESKS = 8
DEATHS = 6


def ask_until(done, service, answers, troubles):
    """A desk with one connection, which is opened again when it ends without an answer."""
    data = check_request(service.token)
    while not done.is_set():
        try:
            with service.wire() as wire:
                while not done.is_set() and wire.send_as_far_as_it_goes(data) and (answer := wire.read()) is not None:
                    answers.append(answer)
        except ConnectionResetError:  # came just when whom it came to was killed
            pass
        except Exception as trouble:  # nobody answers, or too late
            troubles.append(trouble)
            return


def is_back(service, lanes):
    try:
        return service.metric("shikaku_lane_ready") == lanes
    except (FileNotFoundError, ConnectionRefusedError):
        return False


def asked(service):
    return service.metric("shikaku_requests_total", status="200", route=CHECKS)


@pytest.mark.parametrize("audit_connection", [0, 1])
def test_replicas_that_are_killed_under_load_leave_no_desk_alone_and_no_answer_without_its_record(start, database, audit_connection):
    where = f"127.0.0.1:{free_port()}"
    replicas = [start(listen=where, share_port=1, audit_connection=audit_connection) for _ in range(2)]
    lanes = 2 * (2 + audit_connection)
    done = threading.Event()
    answers = []
    troubles = []
    desks = [threading.Thread(target=ask_until, args=(done, replicas[0], answers, troubles)) for _ in range(DESKS)]
    for desk in desks:
        desk.start()
    try:
        for death in range(DEATHS):
            victim = replicas[death % 2]
            before = len(answers)
            # Desks stay with whom they have: new ones come to both.
            wait_until(lambda: victim.check_many(4) and asked(victim) >= 20, "the victim to be asked")
            victim.kill()
            victim.start("ready")  # says the port, whoever of the two it is
            victim.killed = False
            wait_until(lambda: is_back(victim, lanes), "it to be back")
            wait_until(lambda: len(answers) > before, "desks to be answered meanwhile")
    finally:
        done.set()
        for desk in desks:
            desk.join()
    assert not troubles, troubles
    assert {answer.status for answer in answers} <= {200, 503}
    assert sum(answer.status == 200 for answer in answers) >= 20 * DEATHS
    chains = read_chains(database)
    assert len(chains) > 2 + DEATHS, "a chain of each loop, and new ones after each death"
