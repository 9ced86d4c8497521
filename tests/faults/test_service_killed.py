"""kill -9 of the service, or of the database under it: what a desk was told is on record (R13.1)."""

import pytest

from support import free_port
from support.evidence import answers_on_record, assert_on_record, read_chains
from support_service import wait_until
from support_wire import check_request


def load(service):
    """Ten connections with twenty checks each on their way."""
    return service.send_many(10, check_request(service.token) * 20)


def test_every_answer_that_a_desk_has_read_is_on_record_when_the_service_dies_the_moment_after(start, database):
    service = start(listen=f"127.0.0.1:{free_port()}")
    given = []
    for death in range(20):
        wires = load(service)
        given += [wire.read() for wire in wires[: death % 10 + 1]]
        service.kill()
        given += [answer for wire in wires for answer in wire.read_some(20)]
        for wire in wires:
            wire.close()
        service.start("ready")  # on the same port, at once
        service.killed = False
    assert len(given) >= 20
    assert_on_record(database, given)


def test_a_new_chain_follows_the_head_after_a_crash(start, database):
    service = start(loops=1)
    before = service.check_many(5)
    service.kill()
    head = database.value("SELECT digest FROM shikaku.checks ORDER BY check_id DESC LIMIT 1")
    service.start("ready")
    service.killed = False
    after = service.check()
    assert_on_record(database, [*before, after])
    chains = read_chains(database)
    new = next(chain for chain in chains.values() if chain[0]["check_id"] == after.json()["check_id"])
    assert bytes(new[0]["follows"]) == bytes(head)


def test_every_answer_is_on_record_when_the_database_dies_the_moment_after_and_each_chain_can_be_followed(start, server, database):
    service = start()
    given = []
    for _ in range(3):
        wires = load(service)
        given += [wire.read() for wire in wires]
        server.kill()
        given += [answer for wire in wires for answer in wire.read_some(19)]
        server.start()
        service.wait_ready()
        wait_until(lambda: service.check().status == 200, "checks to be answered again")
    assert_on_record(database, [answer for answer in given if answer.status == 200])
    chains = read_chains(database)
    heads = {bytes(row["digest"]) for chain in chains.values() for row in chain}
    assert len(chains) > 1
    assert all(chain[0]["follows"] is None or bytes(chain[0]["follows"]) in heads for chain in chains.values())


def test_an_altered_record_is_noticed(start, database):
    service = start()
    assert_on_record(database, [service.check()])
    database.run("ALTER TABLE shikaku.checks DISABLE TRIGGER USER", user="postgres")
    database.run("UPDATE shikaku.checks SET visit_date = visit_date - 1", user="postgres")
    with pytest.raises(AssertionError, match="a record was changed"):
        answers_on_record(database)
    service.aftermath = None  # would say the same
