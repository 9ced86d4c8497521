"""PostgreSQL goes and comes back (R13.1, design: never an invented answer)."""

import pytest

from support import Database
from support_service import wait_until
from support_wire import check_request

AWAY = ["fast", "immediate", "killed"]


def take_away(server, how):
    if how == "killed":
        server.kill()
    else:
        server.stop(how)


def assert_declaration_is_offered(answer):
    """503 that says when to come back and what the desk does meanwhile (R6.2), and nothing about cover."""
    assert (answer.status, answer.code()) == (503, "database_unavailable"), answer
    assert int(answer.headers["retry-after"]) >= 1
    assert "被保険者資格申立書" in answer.json()["desk"]
    assert answer.json()["retry"] == "backoff"
    assert "validity" not in answer.json()


@pytest.mark.parametrize("how", AWAY)
def test_the_desk_is_offered_the_declaration_while_the_database_is_away_and_answered_once_it_is_back(service, server, how):
    assert service.check().json()["validity"] == "valid"
    take_away(server, how)
    unready = service.wait_unready()
    assert unready.code() == "database_unavailable"
    assert_declaration_is_offered(service.check())
    assert service.status("/healthz") == 200
    server.start()
    service.wait_ready()
    answer = service.check()
    assert (answer.status, answer.json()["validity"]) == (200, "valid")


@pytest.mark.parametrize("how", AWAY)
def test_under_load_no_answer_is_invented_and_each_given_one_is_on_record_when_the_database_goes(service, server, database, how):
    known = service.check().json()
    data = check_request(service.token) * 20
    wires = service.send_many(20, data)
    first = [wire.read() for wire in wires]
    take_away(server, how)
    answers = first + [answer for wire in wires for answer in wire.read_some(19)]
    assert len(answers) == 400
    given = [answer.json() for answer in answers if answer.status == 200]
    for answer in answers:
        if answer.status != 200:
            assert_declaration_is_offered(answer)
    assert all((answer["validity"], answer["qualification"]) == ("valid", known["qualification"]) for answer in given)
    server.start()
    recorded = {row[0] for row in database.run("SELECT check_id::text FROM shikaku.checks")}
    assert {answer["check_id"] for answer in given} <= recorded


def test_a_service_started_before_its_database_serves_by_itself_when_the_database_comes(start, server):
    server.stop()
    service = start(wait="alive")
    unready = service.readiness()
    assert (unready.status, unready.code()) == (503, "database_unavailable")
    assert_declaration_is_offered(service.check())
    server.start()
    service.wait_ready()
    assert service.check().status == 200


def test_a_service_started_before_the_migrations_says_what_to_do_and_serves_by_itself_afterwards(start, server):
    with Database(server, next(server.names), "") as empty:
        service = start(wait="alive", on=empty)
        wait_until(lambda: "migrations" in service.readiness().json()["detail"], "the reason to be named")
        assert_declaration_is_offered(service.check())
        empty.migrate()
        service.wait_ready()
        service.token = empty.token(now=None)
        answer = service.check()
        assert (answer.status, answer.json()["validity"]) == (200, "not_found")


def test_a_service_started_before_anybody_made_the_database_serves_by_itself_afterwards(start, server, database):
    server.run(f"ALTER DATABASE {database.name} RENAME TO not_made_yet")
    try:
        service = start(wait="alive")
        wait_until(lambda: "cannot be reached" in service.readiness().json()["detail"], "the reason to be named")
    finally:
        server.run(f"ALTER DATABASE not_made_yet RENAME TO {database.name}")
    service.wait_ready()
    assert service.check().status == 200


def test_no_session_left_for_the_service_is_unready_and_heals_by_itself(start, server, database):
    server.run("ALTER ROLE shikaku_service CONNECTION LIMIT 0")
    try:
        service = start(wait="alive")
        wait_until(lambda: "cannot be reached" in service.readiness().json()["detail"], "the reason to be named")
        assert_declaration_is_offered(service.check())
    finally:
        server.run("ALTER ROLE shikaku_service CONNECTION LIMIT -1")
    service.wait_ready()
    assert service.check().status == 200


def end_sessions(server, database):
    server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shikaku_service' AND datname = %s",
               (database.name,))


def test_sessions_that_an_operator_ends_come_back_by_themselves(service, server, database):
    assert service.check().status == 200
    end_sessions(server, database)
    wait_until(lambda: service.check().status == 200, "checks to be answered again")
    service.wait_ready()
    assert {answer.status for answer in service.check_many(20)} == {200}


def test_a_database_that_became_read_only_after_a_failover_is_left_until_it_takes_records_again(service, server, database):
    assert service.check().status == 200
    server.run(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    end_sessions(server, database)
    unready = service.wait_unready()
    wait_until(lambda: "read-only" in service.readiness().json()["detail"], "the reason to be named")
    assert unready.code() == "database_unavailable"
    assert_declaration_is_offered(service.check())
    server.run(f"ALTER DATABASE {database.name} RESET default_transaction_read_only")
    service.wait_ready()
    assert service.check().status == 200


def test_a_database_that_becomes_read_only_under_open_sessions_gives_no_answer_without_record(service, server, database):
    assert service.check().status == 200
    before = database.value("SELECT count(*) FROM shikaku.checks")
    server.run("ALTER SYSTEM SET default_transaction_read_only = on")
    server.run("SELECT pg_reload_conf()")
    try:
        wait_until(lambda: service.check().status == 503, "checks to be refused")
        wait_until(lambda: service.readiness().status == 503, "the service to be unready")
        assert_declaration_is_offered(service.check())
    finally:
        server.run("ALTER SYSTEM RESET default_transaction_read_only")
        server.run("SELECT pg_reload_conf()")
    service.wait_ready()
    assert service.check().status == 200
    assert database.value("SELECT count(*) FROM shikaku.checks") > before
