"""The hotline for lost cards: a card is stopped for the time being, and given back (R5.3, R6); and requests that are sent again."""

import itertools
import re
import threading
import time
import uuid

import pytest

from api_people import KOUKI, add
from support import Client
from test_api_requests import refused, refused_fields

SUSPENSIONS = "/v1/card-suspensions"
INSTANT = "2026-11-22T10:00:00.000+09:00"

_serial = itertools.count(1)


@pytest.fixture(scope="module")
def operator_token(database):
    return database.token("operator")


@pytest.fixture
def hotline(service, operator_token):
    """Who takes the calls."""
    with Client(service, operator_token) as client:
        yield client


def stop(client, person, key=None, wrong=False, changes=None, **more):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post({"person": person.asked(**(changes or {})), **more}, path=SUSPENSIONS, headers=headers, wrong=wrong)


def lift(client, suspension):
    return client.post(None, path=f"{SUSPENSIONS}/{suspension}/lift")


def look(client, suspension):
    return client.get(f"{SUSPENSIONS}/{suspension}")


def add_card(database, person, medium="phone", state="active"):
    mark = f"suspensions {next(_serial)}".encode()
    database.run("""INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after,
        public_key, state) VALUES (%s, %s, sha256(%s), '\\x02', %s, '2025-01-01Z', '2031-01-01Z', %s, %s)""",
                 (person.person_id, medium, mark, mark[-20:], mark, state))


def states(database, person):
    return dict(database.run("SELECT medium || card_id - min(card_id) OVER (), state FROM shikaku.cards WHERE person_id = %s ORDER BY card_id",
                             (person.person_id,)))


def new_key():
    return str(uuid.uuid4())


def notice_with_card(desk, person):
    return desk.check("qualification_notice", **person.asked(), with_card=True)


def test_a_lost_card_is_stopped_and_given_back(hotline, desk, database):
    person = add(database)
    assert notice_with_card(desk, person).json["accepted"] is True

    made = stop(hotline, person, medium="card", reason="stolen")
    assert made.status == 201
    suspension = made.json["suspension_id"]
    assert made.json == {"suspension_id": suspension, "medium": "card", "reason": "stolen", "suspended_at": INSTANT, "lifted_at": None,
                         "cards": 1}
    assert made.header("Cache-Control") == "no-store" and made.header("X-Request-Id") and made.header("Idempotent-Replayed") is None
    stopped = notice_with_card(desk, person)
    assert stopped.json["accepted"] is False and stopped.reasons == ["card_suspended"]
    assert stopped.next_actions == ["ask_for_eligibility_certificate", "charge_full_amount"]

    seen = look(hotline, suspension)
    assert (seen.status, seen.body) == (200, made.body)
    lifted = lift(hotline, suspension)
    assert lifted.status == 200 and lifted.json == {**made.json, "lifted_at": INSTANT}
    assert (lifted.header("Cache-Control"), seen.header("Cache-Control")) == ("no-store", "no-store")
    assert look(hotline, suspension).body == lifted.body
    back = notice_with_card(desk, person)
    assert back.json["accepted"] is True and back.reasons == []
    assert database.value("SELECT shikaku.compare_standings()") == 0


def test_the_least_that_is_typed_stops_card_and_phone(hotline, database):
    person = add(database)
    add_card(database, person)
    made = hotline.post({"person": {name: person.keys[name] for name in ("insurer_number", "number", "birth_date")}}, path=SUSPENSIONS)
    assert made.status == 201
    assert (made.json["medium"], made.json["reason"], made.json["cards"]) == (None, "lost", 2)
    assert set(states(database, person).values()) == {"suspended"}


def test_null_is_as_good_as_nothing(hotline, database):
    person = add(database)
    made = stop(hotline, person, medium=None, reason=None, changes={"symbol": None, "branch_number": None})
    assert made.status == 201 and (made.json["medium"], made.json["reason"]) == (None, "lost")


def test_only_what_was_lost_is_stopped(hotline, desk, database):
    person = add(database)
    add_card(database, person)
    assert stop(hotline, person, medium="phone").json["cards"] == 1
    assert states(database, person) == {"card0": "active", "phone1": "suspended"}
    assert notice_with_card(desk, person).json["accepted"] is True, "the card still proves"
    second = stop(hotline, person)
    assert second.status == 201 and second.json["cards"] == 1
    assert notice_with_card(desk, person).reasons == ["card_suspended"]
    lift(hotline, second.json["suspension_id"])
    assert states(database, person) == {"card0": "active", "phone1": "suspended"}, "each gives back what it stopped"


def test_who_calls_twice_gets_the_suspension_that_is_in_force(hotline, database):
    person = add(database)
    made = stop(hotline, person, medium="card")
    for again in ({"medium": "card"}, {}, {"reason": "stolen"}):
        answer = stop(hotline, person, **again)
        assert (answer.status, answer.body) == (200, made.body)
    assert database.value("SELECT count(*) FROM shikaku.card_suspensions WHERE person_id = %s", (person.person_id,)) == 1
    lift(hotline, made.json["suspension_id"])
    anew = stop(hotline, person)
    assert anew.status == 201 and anew.json["suspension_id"] != made.json["suspension_id"]


def test_lifting_twice_says_the_same_and_gives_back_nothing_that_was_stopped_since(hotline, database):
    person = add(database)
    first = stop(hotline, person).json["suspension_id"]
    lifted = lift(hotline, first)
    second = stop(hotline, person)
    assert (lift(hotline, first).status, lift(hotline, first).body) == (200, lifted.body)
    assert states(database, person) == {"card0": "suspended"}
    assert look(hotline, second.json["suspension_id"]).json["lifted_at"] is None


def test_a_card_that_was_revoked_meanwhile_stays_revoked(hotline, desk, database):
    person = add(database)
    suspension = stop(hotline, person).json["suspension_id"]
    database.run("UPDATE shikaku.cards SET state = 'revoked' WHERE person_id = %s", (person.person_id,))
    assert lift(hotline, suspension).status == 200
    assert states(database, person) == {"card0": "revoked"}
    assert notice_with_card(desk, person).reasons == ["card_revoked"]


def test_a_card_that_somebody_else_stopped_is_not_given_back(hotline, database):
    person = add(database, cards=("active", "suspended"))
    made = stop(hotline, person)
    assert made.json["cards"] == 1
    lift(hotline, made.json["suspension_id"])
    assert states(database, person) == {"card0": "active", "card1": "suspended"}


def test_the_keys_are_read_as_at_the_desk(hotline, database):
    person = add(database, symbol="Ａ－１２", number="００９９８７１")
    wide = {"insurer_number": " ０１１３００１２", "symbol": "A ー 12", "number": "0099871", "branch_number": "００"}
    made = stop(hotline, person, changes=wide)
    assert made.status == 201 and states(database, person) == {"card0": "suspended"}


def test_a_late_elderly_person_is_found_whatever_stands_for_symbol_and_branch(hotline, database):
    person = add(database, insurer=KOUKI, birth="1940-01-01")
    assert stop(hotline, person, changes={"symbol": "1", "branch_number": "07"}).status == 201


def test_one_person_under_two_insurers_is_one_person(hotline, database):
    person = add(database, lost="2026-10-01", loss_reason="03")
    other = add(database, insurer="06136022", person=person, acquired="2026-10-01")
    made = stop(hotline, person)
    assert made.status == 201 and stop(hotline, other).body == made.body


@pytest.mark.parametrize("changes", [{"number": "88999999"}, {"birth_date": "1990-01-02"}, {"symbol": "9001"}, {"branch_number": "01"},
                                     {"insurer_number": "06136022"}, {"insurer_number": "01130013"}])
def test_keys_that_match_nobody_stop_nothing(hotline, database, changes):
    person = add(database)
    refused(stop(hotline, person, changes=changes), 404, "no_such_member")
    assert states(database, person) == {"card0": "active"}


def test_twins_are_not_stopped_for_each_other(hotline, database):
    one = add(database, number="77000001", branch="01")
    other = add(database, number="77000001", branch="02")
    refused(stop(hotline, one, changes={"branch_number": None}), 409, "several_members_match")
    assert states(database, one) == states(database, other) == {"card0": "active"}
    assert stop(hotline, one).status == 201
    assert states(database, other) == {"card0": "active"}


@pytest.mark.parametrize("cards, medium", [((), None), (("active",), "phone"), (("revoked",), None), (("suspended",), "card")])
def test_who_has_nothing_to_stop_is_told_so(hotline, database, cards, medium):
    refused(stop(hotline, add(database, cards=cards), medium=medium), 404, "no_such_card")


@pytest.mark.parametrize("suspension", ["00000000-0000-7000-8000-000000000000", "x", "1", "019ab0c2-5d6e-7c1a-9f3b-2d4e6f70819",
                                        "%E5%8D%A1", "' OR true --".replace(" ", "%20"), "x" * 300])
def test_an_id_that_names_nothing_is_not_found(hotline, suspension):
    refused(look(hotline, suspension), 404, "no_such_suspension")
    refused(lift(hotline, suspension), 404, "no_such_suspension")


def test_an_id_is_read_in_either_case(hotline, database):
    made = stop(hotline, add(database))
    assert look(hotline, made.json["suspension_id"].upper()).body == made.body


@pytest.mark.parametrize("method, path, allow", [("GET", SUSPENSIONS, "POST"), ("DELETE", SUSPENSIONS + "/x", "GET, HEAD"),
                                                 ("GET", SUSPENSIONS + "/x/lift", "POST")])
def test_a_wrong_method_is_told_the_right_one(hotline, method, path, allow):
    answer = hotline.request(method, path, wrong=True)
    refused(answer, 405, "method_not_allowed")
    assert answer.header("Allow") == allow


def test_head_says_what_get_says_without_saying_it(hotline, database):
    suspension = stop(hotline, add(database)).json["suspension_id"]
    head = hotline.request("HEAD", f"{SUSPENSIONS}/{suspension}")
    assert (head.status, head.body) == (200, b"") and head.header("Content-Length") == str(len(look(hotline, suspension).body))


@pytest.mark.parametrize("change, expected", [
    ({"person": None}, {"/person": "required"}), ({"person": "x"}, {"/person": "wrong_type"}), ({"medium": "watch"}, {"/medium": "not_one_of"}),
    ({"medium": 1}, {"/medium": "wrong_type"}), ({"reason": "forgotten"}, {"/reason": "not_one_of"}), ({"pin": "1234"}, {"/pin": "unknown_field"}),
    ({"person": {}}, {"/person/insurer_number": "required", "/person/number": "required", "/person/birth_date": "required"}),
])
def test_wrong_input_is_named_and_stops_nothing(hotline, database, change, expected):
    person = add(database)
    refused_fields(hotline.post({"person": person.asked(), **change}, path=SUSPENSIONS, wrong=True), expected)
    assert states(database, person) == {"card0": "active"}


@pytest.mark.parametrize("change, code", [
    ({"insurer_number": "0113001"}, "wrong_form"), ({"branch_number": "1"}, "wrong_form"), ({"birth_date": "1990-02-30"}, "wrong_form"),
    ({"number": ""}, "wrong_form"), ({"symbol": "a\u0000b"}, "wrong_form"), ({"number": 1234567}, "wrong_type"), ({"kind": "card"}, "unknown_field"),
])
def test_a_wrong_key_is_named(hotline, database, change, code):
    (name,) = change
    refused_fields(stop(hotline, add(database), changes=change, wrong=True), {f"/person/{name}": code})


def test_nobody_is_born_tomorrow(hotline, database):
    refused_fields(stop(hotline, add(database), changes={"birth_date": "2026-11-23"}), {"/person/birth_date": "out_of_range"})


@pytest.mark.parametrize("body, status, code", [(b"{", 400, "not_json"), (b'{"person":{},"person":{}}', 400, "duplicate_key"),
                                                (b'{"reason":"\xff"}', 400, "bad_utf8"), (b" " * 20000, 413, "body_too_large")])
def test_a_body_that_cannot_be_read_is_refused(hotline, body, status, code):
    refused(hotline.post(body, path=SUSPENSIONS, wrong=True), status, code)


def test_only_an_operator_may_stop_look_or_lift(service, database, token, hotline):
    person = add(database)
    made = stop(hotline, person).json["suspension_id"]
    others = [token, database.token("insurer", "01130012"), database.token("portal"), database.token("registrar")]
    for other in others:
        with Client(service, other) as client:
            for answer in (stop(client, person), look(client, made), lift(client, made)):
                refused(answer, 403, "scope_missing")
    with Client(service) as nobody:
        refused(nobody.post({"person": person.asked()}, path=SUSPENSIONS, wrong=True), 401, "token_missing")
    assert look(hotline, made).json["lifted_at"] is None


def test_a_request_that_is_sent_again_gets_the_same_answer_and_stops_nothing_twice(hotline, database):
    person, key = add(database), new_key()
    made = stop(hotline, person, key)
    assert made.status == 201 and made.header("Idempotent-Replayed") is None
    again = stop(hotline, person, key)
    assert (again.status, again.body, again.header("Idempotent-Replayed")) == (201, made.body, "true")
    lift(hotline, made.json["suspension_id"])
    late = stop(hotline, person, key)
    assert (late.status, late.body) == (201, made.body), "as it was answered, not as it is now"
    assert states(database, person) == {"card0": "active"}, "the card was found: an old request must not stop it"


def test_the_one_in_force_is_answered_again_too(hotline, database):
    person, key = add(database), new_key()
    stop(hotline, person)
    first = stop(hotline, person, key)
    again = stop(hotline, person, key)
    assert (first.status, again.status, again.body, again.header("Idempotent-Replayed")) == (200, 200, first.body, "true")


def test_a_key_is_not_taken_for_another_request(hotline, database):
    person, other, key = add(database), add(database), new_key()
    assert stop(hotline, person, key).status == 201
    refused(stop(hotline, other, key), 409, "idempotency_key_reused")
    refused(stop(hotline, person, key, reason="stolen"), 409, "idempotency_key_reused")
    assert states(database, other) == {"card0": "active"}
    assert stop(hotline, person, key).status == 201, "what came first is still answered"


def test_a_refused_request_does_not_use_up_its_key(hotline, database):
    person, key = add(database, cards=()), new_key()
    refused(stop(hotline, person, key), 404, "no_such_card")
    add_card(database, person)
    assert stop(hotline, person, key).status == 201


def test_one_operators_key_is_not_anothers(service, hotline, database):
    person, other, key = add(database), add(database), new_key()
    assert stop(hotline, person, key).status == 201
    with Client(service, database.token("operator")) as colleague:
        assert stop(colleague, other, key).status == 201


def test_a_key_is_kept_for_a_day_and_then_forgotten(start, database, template, hotline):
    own = template.clone()
    person, key, operator = add(own), new_key(), own.token("operator")
    with Client(start(own), operator) as client:
        made = stop(client, person, key)
        lift(client, made.json["suspension_id"])
    with Client(start(own, now="2026-11-23T09:59:59+09:00"), operator) as client:
        assert stop(client, person, key).body == made.body
    tomorrow = start(own, now="2026-11-23T10:00:00+09:00")
    with Client(tomorrow, operator) as client:
        anew = stop(client, person, key)
        assert anew.status == 201 and anew.json["suspension_id"] != made.json["suspension_id"]
        assert stop(client, person, key).body == anew.body
    start(own, now="2026-11-25T10:00:00+09:00")
    end = time.monotonic() + 60
    while own.value("SELECT count(*) FROM shikaku.idempotency_keys") > 0:
        assert time.monotonic() < end, "it is never forgotten"
        time.sleep(0.05)


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb", "キー".encode().decode("latin-1")])
def test_a_key_that_is_none_is_refused_and_stops_nothing(hotline, database, key):
    person = add(database)
    refused(stop(hotline, person, key, wrong=True), 400, "invalid_idempotency_key")
    assert states(database, person) == {"card0": "active"}


@pytest.mark.parametrize("key", ["x", "!~", "x" * 255])
def test_every_key_that_may_be_is_taken(hotline, database, key):
    person, key = add(database), key[:-2] + f"{next(_serial):02}" if len(key) > 2 else key
    assert stop(hotline, person, key).status == 201


def test_of_two_keys_neither_counts(hotline, database, operator_token):
    person = add(database)
    body = str({"person": person.asked()}).replace("'", '"').encode()
    answers = hotline.raw(
        f"POST {SUSPENSIONS} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {operator_token}\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    refused(answers[0], 400, "invalid_idempotency_key")
    assert states(database, person) == {"card0": "active"}


def at_once(clients, ask):
    """What each client is answered when all ask at the same time."""
    barrier, answers = threading.Barrier(len(clients)), [None] * len(clients)

    def run(place):
        barrier.wait()
        answers[place] = ask(clients[place])

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def replicas(start, template):
    """Two services on one database, and clients of both."""
    own = template.clone()
    operator = own.token("operator")
    services = [start(own), start(own)]
    clients = [Client(services[place % 2], operator) for place in range(6)]
    yield own, clients
    for client in clients:
        client.close()


def test_the_same_request_twice_at_once_stops_once(replicas):
    own, clients = replicas
    for _ in range(8):
        person, key = add(own), new_key()
        answers = at_once(clients, lambda client, person=person, key=key: stop(client, person, key))
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == 1
        assert [answer.header("Idempotent-Replayed") for answer in answers].count(None) == 1
        assert own.value("SELECT count(*) FROM shikaku.card_suspensions WHERE person_id = %s", (person.person_id,)) == 1
    assert own.value("SELECT shikaku.compare_standings()") == 0


def test_many_who_stop_and_lift_one_persons_card_at_once_leave_it_whole(replicas):
    own, clients = replicas
    for _ in range(8):
        person = add(own)
        made = at_once(clients, lambda client, person=person: stop(client, person))
        assert sorted(answer.status for answer in made) == [200] * 5 + [201]
        assert len({answer.body for answer in made}) == 1
        suspension = made[0].json["suspension_id"]
        lifted = at_once(clients, lambda client, suspension=suspension: lift(client, suspension))
        assert {answer.status for answer in lifted} == {200} and len({answer.body for answer in lifted}) == 1
        assert states(own, person) == {"card0": "active"}
    assert own.value("SELECT shikaku.compare_standings()") == 0


def test_families_that_call_at_once_do_not_stand_in_each_others_way(replicas):
    own, clients = replicas
    for _ in range(4):
        head = add(own)
        family = [head, *(add(own, number=head.keys["number"], branch=f"0{place}", insured_by=head) for place in range(1, 6))]
        places = {id(client): place for place, client in enumerate(clients)}
        answers = at_once(clients, lambda client, family=family, places=places: stop(client, family[places[id(client)]]))
        assert [answer.status for answer in answers] == [201] * 6
    assert own.value("SELECT shikaku.compare_standings()") == 0


def test_a_stop_at_one_service_counts_at_every_other(replicas):
    own, clients = replicas
    person = add(own)
    with Client(clients[0].address, own.token()) as here, Client(clients[1].address, own.token()) as there:
        suspension = stop(clients[0], person).json["suspension_id"]
        assert notice_with_card(there, person).reasons == notice_with_card(here, person).reasons == ["card_suspended"]
        assert look(clients[1], suspension).json["lifted_at"] is None
        lift(clients[1], suspension)
        assert notice_with_card(here, person).json["accepted"] is True


def test_without_a_database_nothing_is_promised(start, template):
    own = template.clone()
    person, operator = add(own), own.token("operator")
    running = start(own)
    with Client(running, operator) as client:
        suspension = stop(client, person).json["suspension_id"]
        own.server.run(f"ALTER DATABASE {own.name} ALLOW_CONNECTIONS false")
        own.server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (own.name,))
        running.wait_unready()
        for answer in (stop(client, person), look(client, suspension), lift(client, suspension)):
            refused(answer, 503, "database_unavailable")
            assert int(answer.header("Retry-After")) >= 1
        own.server.run(f"ALTER DATABASE {own.name} ALLOW_CONNECTIONS true")
        running.wait_ready()
        assert look(client, suspension).json["lifted_at"] is None
        assert lift(client, suspension).status == 200


def test_who_stopped_and_who_gave_back_can_be_told_and_who_it_was_about_cannot(start, template):
    own = template.clone()
    person, operator, key = add(own), own.token("operator"), new_key()
    running = start(own)
    with Client(running, operator) as client:
        suspension = stop(client, person, key).json["suspension_id"]
        stop(client, person, key)
        stop(client, person)
        lift(client, suspension)
        lift(client, suspension)
    operator_id = own.value("SELECT token_id FROM shikaku.tokens WHERE scope = 'operator'")
    log = running.security_log()
    assert re.findall(r"\w+ suspension=.*", log) == [f"suspended suspension={suspension} token={operator_id} cards=1",
                                                     f"lifted suspension={suspension} token={operator_id} cards=1"]
    assert key not in log + running.log()
    assert own.run("SELECT suspended_by, lifted_by FROM shikaku.card_suspensions") == [(operator_id, operator_id)]


def test_neither_keys_nor_requests_are_kept_in_the_clear(hotline, database):
    person, key = add(database), new_key()
    stop(hotline, person, key)
    kept = database.run("SELECT k::text FROM shikaku.idempotency_keys AS k WHERE key_digest = sha256(%s)", (key.encode(),))
    assert len(kept) == 1 and key not in kept[0][0] and person.keys["number"] not in kept[0][0] and "1990" not in kept[0][0]


def test_metrics_speak_of_the_endpoint_and_never_of_a_suspension(service, hotline, database):
    suspension = stop(hotline, add(database)).json["suspension_id"]
    lift(hotline, suspension)
    metrics = service.metrics_text()
    assert suspension not in metrics
    assert service.metrics()[
        'shikaku_requests_total{method="POST",route="/v1/card-suspensions/{suspension_id}/lift",status="200"}'] >= 1
    assert service.metrics()['shikaku_requests_total{method="POST",route="/v1/card-suspensions",status="201"}'] >= 1
