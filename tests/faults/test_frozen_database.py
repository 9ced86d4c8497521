"""PostgreSQL keeps its connections and says nothing: a frozen machine, a lost network, a lock that somebody holds."""

import pytest

from support.evidence import answers_on_record, assert_on_record
from support_service import wait_until
from support_wire import check_request

LIMITS = {
    "the_silence_is_noticed_first": ({"database_silence_ms": 500, "answer_timeout_ms": 20000}, "database_unavailable"),
    "the_deadline_comes_first": ({"database_silence_ms": 60000, "answer_timeout_ms": 500}, "deadline_exceeded"),
}


def ask_with_the_database_locked(service, database, table, count):
    """Their answers; the lock is held until all are there."""
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            return service.check_many(count)
    finally:
        connection.close()


@pytest.mark.parametrize("limits", LIMITS)
def test_no_desk_waits_for_ever_on_a_frozen_database(start, server, database, limits):
    settings, code = LIMITS[limits]
    service = start(**settings)
    assert service.check().status == 200
    server.pause()
    answers = service.check_many(60)
    assert {(answer.status, answer.code()) for answer in answers} == {(503, code)}
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    assert all("被保険者資格申立書" in answer.json()["desk"] for answer in answers)
    server.resume()
    service.wait_ready()
    wait_until(lambda: service.check().status == 200, "checks to be answered again")
    assert_on_record(database, service.check_many(60))


@pytest.mark.parametrize("audit_connection", [0, 1])
def test_what_is_answered_around_a_freeze_is_right_and_on_record(start, server, database, audit_connection):
    service = start(database_silence_ms=500, audit_connection=audit_connection)
    wires = service.send_many(20, check_request(service.token) * 20)
    answers = [wire.read() for wire in wires]
    server.pause()
    answers += [wire.read() for wire in wires]
    server.resume()
    answers += [answer for wire in wires for answer in wire.read_some(18)]
    assert len(answers) == 400
    assert {answer.status for answer in answers} <= {200, 503}
    given = [answer for answer in answers if answer.status == 200]
    assert {answer.json()["validity"] for answer in given} == {"valid"}
    service.wait_ready()
    assert_on_record(database, given)


@pytest.mark.parametrize("table", ["shikaku.standings", "shikaku.checks", "shikaku.tokens"])
def test_a_table_that_somebody_locks_costs_503_and_nothing_afterwards(start, database, table):
    service = start(statement_timeout_ms=200, token_age_ms=10)
    assert service.check().status == 200
    answers = ask_with_the_database_locked(service, database, table, 10)
    refused = [answer for answer in answers if answer.status != 200]
    # A token that is known serves some milliseconds longer.
    assert len(refused) == 10 or table == "shikaku.tokens"
    assert {(answer.status, answer.code()) for answer in refused} <= {(503, "database_unavailable"), (503, "deadline_exceeded")}
    assert_on_record(database, [answer for answer in answers if answer.status == 200])
    service.wait_ready()
    wait_until(lambda: service.check().status == 200, "checks to be answered again")
    assert_on_record(database, service.check_many(40))


def test_a_record_that_is_stored_after_its_answer_was_given_up_does_no_harm(start, server, database):
    """Recorded is more than answered, never less (R13.1)."""
    service = start(answer_timeout_ms=500, database_silence_ms=60000, loops=1)
    assert service.check().status == 200
    server.pause()
    wires = service.send_many(10)
    late = [wire.read() for wire in wires]
    assert {answer.code() for answer in late} == {"deadline_exceeded"}
    server.resume()
    wait_until(lambda: len(answers_on_record(database)) >= 2, "what was under way to be recorded")
    # The same connections serve on.
    given = []
    for wire in wires:
        answer = wire.ask(check_request(service.token))
        assert answer.status == 200
        given.append(answer)
    assert_on_record(database, given)
