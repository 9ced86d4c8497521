"""Who may ask, and how often."""

import hashlib
import time

import pytest

from api_people import add
from support import Client, shikakud
from support.database import NOW
from test_api_requests import good, refused

CHECKS = "/v1/eligibility-checks"


def unauthorised(answer, code):
    refused(answer, 401, code)
    assert answer.header("WWW-Authenticate") == "Bearer"


@pytest.mark.parametrize("value", [None, "", "Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "skk_x", "Token skk_x", "Digest x=1"])
def test_without_a_token_nobody_is_told_anything(desk, value):
    unauthorised(desk.post(good(), headers={"Authorization": value}, wrong=True), "token_missing")


@pytest.mark.parametrize("change", [
    lambda token: "skk_" + "A" * 43, lambda token: token[:-1], lambda token: token + "A", lambda token: token.swapcase(), lambda token: "x",
    lambda token: "x" * 4000, lambda token: token[4:], lambda token: token + "," + token, lambda token: hashlib.sha256(token.encode()).hexdigest(),
    lambda token: "トークン".encode().decode("latin-1"),
])
def test_a_token_that_was_never_made_opens_nothing(desk, token, change):
    unauthorised(desk.post(good(), headers={"Authorization": f"Bearer {change(token)}"}), "token_invalid")


def test_the_word_bearer_is_taken_in_any_case(desk, token):
    assert desk.post(good(), headers={"Authorization": f"bearer {token}"}).status == 200


@pytest.mark.parametrize("scope, owner", [("insurer", "01130012"), ("portal", None), ("registrar", None), ("operator", None)])
def test_a_token_made_for_something_else_cannot_ask(service, database, scope, owner):
    with Client(service, database.token(scope, owner)) as other:
        refused(other.post(good()), 403, "scope_missing")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.yaml"])
def test_who_watches_the_service_needs_no_token(service, path):
    with Client(service) as anyone:
        assert anyone.get(path).status == 200
        assert anyone.get(path, headers={"Authorization": "Bearer nonsense"}).status == 200


def test_an_expired_token_opens_nothing(service, database):
    expired = database.token(expires=1, now="2026-11-21T09:59:59+09:00")
    last_second = database.token(expires=1, now="2026-11-21T10:00:01+09:00")
    with Client(service, expired) as old, Client(service, last_second) as young:
        unauthorised(old.post(good()), "token_invalid")
        assert young.post(good()).status == 200


def token_id(database, token):
    return database.value("SELECT token_id FROM shikaku.tokens WHERE digest = %s", (hashlib.sha256(token.encode()).digest(),))


def test_a_revoked_token_opens_nothing_on_any_loop_after_five_seconds(service, database):
    stolen = database.token(rate=1000)
    # Enough connections that each of the loops has some, and each loop has the token in its cache.
    clients = [Client(service, stolen) for _ in range(24)]
    assert {client.post(good()).status for client in clients} == {200}
    done = shikakud("token", "revoke", token_id(database, stolen), database=database, now=NOW)
    assert done.returncode == 0, done.stderr
    end = time.monotonic() + 5
    while time.monotonic() < end:  # asked all the time, so that no cache grows old for want of questions
        assert {client.post(good()).status for client in clients} <= {200, 401}
        time.sleep(0.3)
    for client in clients:
        unauthorised(client.post(good()), "token_invalid")
        client.close()


def test_a_token_that_asks_too_often_is_told_to_wait(service, database):
    with Client(service, database.token(rate=1, burst=3)) as guesser:
        answers = [guesser.post(good()) for _ in range(12)]
    statuses = [answer.status for answer in answers]
    assert statuses[:3] == [200] * 3 and 429 in statuses[3:] and set(statuses) == {200, 429}
    late = answers[statuses.index(429)]
    refused(late, 429, "rate_limited")
    assert int(late.header("Retry-After")) >= 1


def test_a_limit_counts_for_all_connections_of_a_token(service, database):
    guesser = database.token(rate=1, burst=5)
    statuses = []
    for _ in range(20):
        with Client(service, guesser) as client:
            statuses.append(client.post(good()).status)
    assert statuses[:5] == [200] * 5 and statuses.count(429) >= 8


def test_one_desks_limit_is_not_anothers(service, database, desk):
    with Client(service, database.token(rate=1, burst=1)) as guesser:
        assert 429 in {guesser.post(good()).status for _ in range(5)}
    assert desk.post(good()).status == 200


def test_refused_questions_count_too_so_that_guessing_has_a_price(service, database):
    with Client(service, database.token(rate=1, burst=2)) as guesser:
        assert [guesser.post({}, wrong=True).status for _ in range(8)].count(429) >= 4


def test_the_record_names_the_institution_that_asked(service, database):
    with Client(service, database.token(owner="1310000003", label="second desk")) as other:
        check_id = other.check(**add(database).asked()).json["check_id"]
    assert database.value("SELECT owner FROM shikaku.checks WHERE check_id = %s", (check_id,)) == "1310000003"
