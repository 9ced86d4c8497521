"""What changes under a running service: the schema's version, and who may ask."""

import pytest

from support import shikakud
from support.evidence import assert_on_record
from support_service import wait_until
from support_wire import check_request
from test_database_away import assert_declaration_is_offered, end_sessions

TOO_NEW = "UPDATE shikaku.schema_version SET version = 1000, oldest_service = 1000"
BACK = "UPDATE shikaku.schema_version SET oldest_service = 2, version = 4"


def test_a_service_that_is_too_old_for_the_schema_is_unready_says_so_and_serves_once_it_fits_again(start, database):
    database.run(TOO_NEW)
    service = start(wait="alive")
    wait_until(lambda: "has a schema that" in service.readiness().json()["detail"], "the reason to be named")
    assert_declaration_is_offered(service.check())
    database.run(BACK)
    service.wait_ready()
    assert_on_record(database, [service.check()])


def test_a_newer_schema_that_still_takes_this_service_changes_nothing(start, database):
    database.run("UPDATE shikaku.schema_version SET version = 1000")
    assert_on_record(database, [start().check()])


@pytest.mark.parametrize("sessions", ["sessions end", "sessions stay"])
def test_a_service_that_becomes_too_old_while_it_runs_turns_unready_by_itself(service, server, database, sessions):
    assert service.check().status == 200
    database.run(TOO_NEW)
    if sessions == "sessions end":
        end_sessions(server, database)
    service.wait_unready(seconds=15)
    wait_until(lambda: "has a schema that" in service.readiness().json()["detail"], "the reason to be named")
    database.run(BACK)
    service.wait_ready()
    assert service.check().status == 200


def test_a_revoked_token_is_refused_by_every_loop_within_seconds_while_it_is_used(start, database):
    service = start(loops=2)
    service.token = database.token(owner="1310000012", now=None, label="to be revoked")
    assert {answer.status for answer in service.check_many(20)} == {200}  # both loops know it
    number = database.value("SELECT token_id FROM shikaku.tokens WHERE label = 'to be revoked'")
    assert shikakud("token", "revoke", number, database=database).returncode == 0
    wires = [service.wire() for _ in range(20)]

    def all_refused():
        answers = [wire.ask(check_request(service.token)) for wire in wires]
        assert {answer.status for answer in answers} <= {200, 401}
        return all((answer.status, answer.code()) == (401, "token_invalid") for answer in answers)

    wait_until(all_refused, "every loop to refuse the token", seconds=10)
    assert {answer.status for answer in service.check_many(20)} == {401}


def test_a_new_token_works_at_once_even_after_it_was_refused(service, database):
    early = "skk_" + "A" * 43
    assert {answer.status for answer in service.check_many(20, lambda _: check_request(early))} == {401}
    late = database.token(owner="1310000012", now=None)
    assert_on_record(database, service.check_many(20, lambda _: check_request(late)))


def test_a_known_token_is_not_trusted_for_long_while_tokens_cannot_be_asked_for(start, database):
    """The lock stands for a database that answers checks but not who may ask: revocation must not wait for it."""
    service = start(statement_timeout_ms=300, token_age_ms=300)
    assert service.check().status == 200
    connection = database.connect()
    connection.autocommit = False
    try:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE shikaku.tokens IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: service.check().status == 503, "the token not to be trusted any more")
    finally:
        connection.close()
    wait_until(lambda: service.check().status == 200, "the token to be trusted again")
