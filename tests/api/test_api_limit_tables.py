"""The tables of amounts are data: an operator adds the next one, corrects it and takes it back, until it begins (R7.2)."""

import threading
import uuid

import pytest

from conftest import PATIENT
from support import Client, Service
from support.database import NOW
from test_api_requests import refused, refused_fields

TABLES = "/v1/limit-tables"
CATEGORIES = [f"A0{digit}" for digit in range(1, 7)] + [f"B{number:02}" for number in range(1, 11)]
INSTANT = "2026-11-22T10:00:00.000+09:00"


@pytest.fixture(scope="module")
def tables_database(template):
    """What is added here no other test is asked about."""
    return template.clone()


@pytest.fixture(scope="module")
def tables_service(tables_database):
    with Service(tables_database, now=NOW, loops=2, **PATIENT) as running:
        yield running
        assert running.stop() == 0, running.log()[-3000:]


@pytest.fixture(scope="module")
def operator_token(tables_database):
    return tables_database.token("operator")


@pytest.fixture
def operator(tables_service, operator_token, tables_database):
    """On the tables that come with the service."""
    with Client(tables_service, operator_token) as client:
        yield client
    tables_database.run("""
        DELETE FROM shikaku.limit_amounts AS a USING shikaku.limit_tables AS t WHERE t.table_id = a.table_id AND t.registered_by IS NOT NULL;
        DELETE FROM shikaku.limit_tables WHERE registered_by IS NOT NULL;
        UPDATE shikaku.limit_tables SET last_month = '2027-07-01' WHERE first_month = '2026-08-01'""")


def line(category, /, **changes):
    formula = {"base": 90000, "threshold": 300000, "rate_percent": 1, "multiple": 45000, "annual_ceiling": 530000}
    flat = {"base": 62000, "threshold": 0, "rate_percent": 0, "multiple": 45000, "annual_ceiling": 530000}
    made = {"category": category, **(formula if category in ("A01", "A02", "A03", "B01", "B02", "B03") else flat)}
    if category in ("A04", "B04", "B09", "B10"):
        made["annual_ceiling_low_income"] = 410000
    if category in CATEGORIES[9:]:
        made |= {"outpatient_ceiling": 22000, "outpatient_annual_ceiling": 216000}
    return {**made, **changes}


def table(first="2027-08", until="2028-07", changes=None, **more):
    """A table as it is sent. changes: {category: {field: value}}."""
    changes = changes or {}
    return {"from": first, "until": until, "source": "高額療養費算定基準額（令和9年8月から）",
            "amounts": [line(category, **changes.get(category, {})) for category in CATEGORIES], **more}


def add(client, body, key=None, wrong=False):
    return client.post(body, path=TABLES, headers={} if key is None else {"Idempotency-Key": key}, wrong=wrong)


def added(client, *arguments, **more):
    answer = add(client, table(*arguments, **more))
    assert answer.status == 201, answer
    return answer


def at(month):
    return f"{TABLES}/{month}"


def put(client, month, body, tag, wrong=False):
    return client.request("PUT", at(month), body, headers={"If-Match": tag}, wrong=wrong)


def withdraw(client, month, tag="*"):
    return client.request("DELETE", at(month), headers={"If-Match": tag})


def months(client):
    """[(from, until)] of the list."""
    answer = client.get(TABLES)
    assert answer.status == 200, answer
    return [(one["from"], one["until"]) for one in answer.json["limit_tables"]]


GIVEN = [("2015-01", "2025-09"), ("2025-10", "2026-07"), ("2026-08", "2027-07")]


def test_what_the_service_comes_with_is_told_with_its_source(operator):
    answer = operator.get(TABLES)
    assert answer.status == 200 and answer.header("Cache-Control") == "no-store"
    tables = answer.json["limit_tables"]
    assert months(operator) == GIVEN
    assert [one["in_force"] for one in tables] == [False, False, True]
    assert all(one["source"] and one["note"] and one["version"] == 1 for one in tables)
    assert [len(one["amounts"]) for one in tables] == [6, 16, 16]
    assert tables[2]["amounts"][9] == {
        "category": "B04", "base": 61500, "threshold": 0, "rate_percent": 0, "multiple": 44400, "outpatient_ceiling": 22000,
        "outpatient_annual_ceiling": 216000, "annual_ceiling": 530000, "annual_ceiling_low_income": 410000}
    assert tables[1]["amounts"][0] == {
        "category": "A01", "base": 252600, "threshold": 842000, "rate_percent": 1, "multiple": 140100, "outpatient_ceiling": None,
        "outpatient_annual_ceiling": None, "annual_ceiling": None, "annual_ceiling_low_income": None}


@pytest.mark.parametrize("month, begins", [("2015-01", "2015-01"), ("2025-09", "2015-01"), ("2025-10", "2025-10"), ("2026-07", "2025-10"),
                                           ("2026-08", "2026-08"), ("2027-07", "2026-08")])
def test_a_month_has_the_table_that_holds_in_it(operator, month, begins):
    answer = operator.get(at(month))
    assert answer.status == 200 and answer.json["from"] == begins
    assert answer.json in operator.get(TABLES).json["limit_tables"]


@pytest.mark.parametrize("month", ["2014-12", "2027-08", "9999-12", "2026-13", "2026-8", "2026-08-01", "x", "1867-01"])
def test_a_month_without_a_table_is_not_given_another_ones(operator, month):
    refused(operator.get(at(month), wrong=True), 404, "no_such_limit_table")
    refused(operator.request("DELETE", at(month), headers={"If-Match": "*"}, wrong=True), 404, "no_such_limit_table")
    refused(put(operator, month, table(), "*", wrong=True), 404, "no_such_limit_table")


def test_the_next_table_holds_from_its_first_month_on(operator, tables_service):
    before = operator.get(TABLES).json["limit_tables"]
    answer = add(operator, table(note="政令が\nまだない"))
    assert answer.status == 201
    assert answer.header("Location") == at("2027-08") and answer.header("ETag") and answer.header("Cache-Control") == "no-store"
    assert {**answer.json, "amounts": None} == {
        "from": "2027-08", "until": "2028-07", "version": 1, "in_force": False, "source": "高額療養費算定基準額（令和9年8月から）",
        "note": "政令が\nまだない", "registered_at": INSTANT, "amounts": None}
    nothing = dict.fromkeys(["multiple", "outpatient_ceiling", "outpatient_annual_ceiling", "annual_ceiling", "annual_ceiling_low_income"])
    assert answer.json["amounts"] == [{**nothing, **line(category)} for category in CATEGORIES]
    for month in ("2027-08", "2028-07"):
        got = operator.get(at(month))
        assert (got.status, got.body, got.header("ETag")) == (200, answer.body, answer.header("ETag"))
    assert operator.get(TABLES).json["limit_tables"] == [*before, answer.json]
    refused(operator.get(at("2028-08")), 404, "no_such_limit_table")
    assert "limit table added month=2027-08" in tables_service.security_log()


def test_the_order_of_the_lines_says_nothing(operator):
    body = table()
    body["amounts"].reverse()
    answer = add(operator, body)
    assert answer.status == 201 and [one["category"] for one in answer.json["amounts"]] == CATEGORIES


@pytest.mark.parametrize("first, until", [
    ("2027-09", None),  # a gap of a month
    ("2027-07", None),  # a month has two
    ("2026-12", "2027-07"), ("2026-11", None), ("2026-08", "2027-07"), ("2015-01", "2025-09"), ("2014-12", None), ("1900-01", None),
])
def test_months_without_a_table_and_months_with_two_are_refused(operator, first, until):
    answer = add(operator, table(first, until))
    refused_fields(answer, {"/from": "not_together"})
    assert answer.json["errors"][0]["detail"].startswith("expected 2027-08")
    assert months(operator) == GIVEN


def test_an_open_end_is_ended_by_the_next_table_and_open_again_when_that_is_taken_back(operator):
    added(operator, "2027-08", None)
    added(operator, "2027-11", None)
    assert months(operator)[3:] == [("2027-08", "2027-10"), ("2027-11", None)]
    assert operator.get(at("9999-12")).json["from"] == "2027-11"
    assert withdraw(operator, "2027-11").status == 204
    assert months(operator)[3:] == [("2027-08", None)]
    assert withdraw(operator, "2027-08").status == 204
    assert months(operator) == GIVEN, "which had an end of its own"


def test_behind_an_open_end_nothing_begins_in_a_month_that_has_begun(operator, tables_database):
    tables_database.run("UPDATE shikaku.limit_tables SET last_month = NULL WHERE first_month = '2026-08-01'")
    for month in ("2026-08", "2026-10", "2026-11"):
        answer = add(operator, table(month, None))
        refused_fields(answer, {"/from": "not_together"})
        assert answer.json["errors"][0]["detail"].startswith("expected 2026-12 or later")
    added(operator, "2026-12", None)
    assert months(operator)[2:] == [("2026-08", "2026-11"), ("2026-12", None)]
    assert operator.get(at("2026-11")).json["in_force"] is True
    answer = add(operator, table("2026-12", None))
    assert answer.json["errors"][0]["detail"].startswith("expected 2027-01 or later")


def test_months_that_were_left_without_a_table_can_still_have_one(operator, tables_database):
    """The law came late: nothing was answered of these months, and nothing changes."""
    tables_database.run("UPDATE shikaku.limit_tables SET last_month = '2026-09-01' WHERE first_month = '2026-08-01'")
    refused(operator.get(at("2026-11")), 404, "no_such_limit_table")
    answer = added(operator, "2026-10", None)
    assert answer.json["in_force"] is True
    refused(withdraw(operator, "2026-10"), 409, "limit_table_begun")


def test_a_table_is_corrected_before_it_begins(operator, tables_database):
    seen = added(operator).header("ETag")
    body = {**operator.get(at("2027-10")).json, "note": "訂正", "until": None}
    body["amounts"][0]["base"] = 91000
    changed = put(operator, "2027-10", body, seen)
    assert changed.status == 200 and changed.header("ETag") != seen
    assert changed.json == {**body, "version": 2}
    got = operator.get(at("2027-08"))
    assert (got.body, got.header("ETag")) == (changed.body, changed.header("ETag"))
    assert months(operator)[3:] == [("2027-08", None)]
    refused(put(operator, "2027-08", table(), seen), 412, "precondition_failed")
    refused(withdraw(operator, "2027-08", seen), 412, "precondition_failed")
    assert tables_database.run("""
        SELECT t.version, t.withdrawn_at IS NULL, a.base FROM shikaku.limit_tables AS t JOIN shikaku.limit_amounts AS a USING (table_id)
          WHERE t.first_month = '2027-08-01' AND a.category = 'A01' ORDER BY 1""") == [(1, False, 90000), (2, True, 91000)]


def test_nobody_changes_a_table_that_they_have_not_seen(operator):
    added(operator)
    refused(operator.request("PUT", at("2027-08"), table(), wrong=True), 428, "precondition_required")
    refused(operator.request("DELETE", at("2027-08"), wrong=True), 428, "precondition_required")
    for tag in ('"1"', '"abc"', "1", 'W/"1"', ""):
        refused(put(operator, "2027-08", table(), tag, wrong=True), 412, "precondition_failed")
        refused(operator.request("DELETE", at("2027-08"), headers={"If-Match": tag}, wrong=True), 412, "precondition_failed")
    assert put(operator, "2027-08", table(), "*").json["version"] == 2


def test_a_table_of_the_same_month_is_another_one(operator):
    seen = added(operator).header("ETag")
    assert withdraw(operator, "2027-08", seen).status == 204
    again = added(operator)
    assert again.json["version"] == 2 and again.header("ETag") != seen
    refused(withdraw(operator, "2027-08", seen), 412, "precondition_failed")


def test_a_table_whose_end_has_moved_is_not_the_one_that_was_seen(operator):
    seen = added(operator, until=None).header("ETag")
    added(operator, "2028-08", None)
    refused(put(operator, "2027-08", table(), seen), 412, "precondition_failed")


def test_a_table_that_has_begun_stays_as_it_is(operator):
    seen = operator.get(at("2026-11")).header("ETag")
    for month in ("2026-11", "2026-08", "2027-07"):
        for tag in (seen, "*", '"1"'):
            refused(put(operator, month, table("2026-08", "2027-07"), tag), 409, "limit_table_begun")
            refused(withdraw(operator, month, tag), 409, "limit_table_begun")
    refused(withdraw(operator, "2016-01"), 409, "limit_table_begun")
    assert operator.get(at("2026-11")).header("ETag") == seen


def test_a_table_that_another_follows_keeps_its_months(operator):
    added(operator)
    added(operator, "2028-08", None)
    refused(withdraw(operator, "2027-08"), 409, "limit_table_followed")
    for until in (None, "2028-06", "2028-08"):
        answer = put(operator, "2027-08", table(until=until), "*")
        refused_fields(answer, {"/until": "not_together"})
        assert answer.json["errors"][0]["detail"].startswith("expected 2028-07")
    for first in ("2027-07", "2027-09"):
        answer = put(operator, "2027-08", table(first), "*")
        refused_fields(answer, {"/from": "not_together"})
        assert answer.json["errors"][0]["detail"].startswith("expected 2027-08")
    assert put(operator, "2027-08", table(), "*").status == 200
    assert months(operator)[3:] == [("2027-08", "2028-07"), ("2028-08", None)]


def test_a_table_that_is_sent_again_is_added_once(operator, tables_service):
    key, before = str(uuid.uuid4()), tables_service.security_log().count("limit table added")
    made = add(operator, table(), key)
    assert made.status == 201 and made.header("Idempotent-Replayed") is None
    again = add(operator, table(), key)
    assert (again.status, again.body, again.header("ETag"), again.header("Location")) == (201, made.body, made.header("ETag"), at("2027-08"))
    assert again.header("Idempotent-Replayed") == "true"
    refused(add(operator, table(until=None), key), 409, "idempotency_key_reused")
    assert months(operator)[3:] == [("2027-08", "2028-07")]
    assert tables_service.security_log().count("limit table added") == before + 1


def test_what_was_refused_may_be_sent_again_with_its_key(operator):
    key = str(uuid.uuid4())
    refused(add(operator, table("2027-09"), key), 422, "invalid_fields")
    assert add(operator, table(), key).status == 201


def test_of_two_who_add_at_once_one_is_told_what_the_other_did(tables_service, operator, operator_token):
    answers = []

    def one():
        with Client(tables_service, operator_token) as client:
            answers.append(add(client, table()))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [201] + [422] * 7, answers
    assert months(operator) == [*GIVEN, ("2027-08", "2028-07")]


def test_of_two_who_correct_at_once_one_is_told_that_it_changed(tables_service, operator, operator_token):
    seen, answers = added(operator).header("ETag"), []

    def one(base):
        with Client(tables_service, operator_token) as client:
            answers.append(put(client, "2027-08", table(changes={"A01": {"base": base}}), seen))

    threads = [threading.Thread(target=one, args=(91000 + number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7, answers
    assert operator.get(at("2027-08")).json["version"] == 2


@pytest.mark.parametrize("category, changes, expected", [
    ("A01", {"base": 0}, {"base": "out_of_range"}),
    ("A01", {"base": -1}, {"base": "out_of_range"}),
    ("A01", {"base": 100000001}, {"base": "out_of_range"}),
    ("A01", {"base": 10**18}, {"base": "out_of_range"}),
    ("A01", {"base": 90000.5}, {"base": "wrong_type"}),
    ("A01", {"base": 90000.0}, {"base": "wrong_type"}),
    ("A01", {"base": "90000"}, {"base": "wrong_type"}),
    ("A01", {"base": None}, {"base": "required"}),
    ("A01", {"threshold": -1}, {"threshold": "out_of_range"}),
    ("A01", {"threshold": 100000001}, {"threshold": "out_of_range"}),
    ("A01", {"threshold": 9000001}, {"threshold": "not_together"}),
    ("A01", {"threshold": 0}, {"threshold": "not_together"}),
    ("A01", {"threshold": None, "rate_percent": None}, {"threshold": "required", "rate_percent": "required"}),
    ("A01", {"rate_percent": 0}, {"threshold": "not_together"}),
    ("A01", {"rate_percent": 2}, {"rate_percent": "out_of_range"}),
    ("A01", {"rate_percent": 10}, {"rate_percent": "out_of_range"}),
    ("A01", {"rate_percent": -1}, {"rate_percent": "out_of_range"}),
    ("A01", {"rate_percent": 2**32 + 1}, {"rate_percent": "out_of_range"}),
    ("A01", {"rate_percent": 0.5}, {"rate_percent": "wrong_type"}),
    ("A04", {"rate_percent": 1}, {"threshold": "not_together"}),
    ("A04", {"threshold": 100}, {"threshold": "not_together"}),
    ("A01", {"multiple": 0}, {"multiple": "out_of_range"}),
    ("A01", {"multiple": 90001}, {"multiple": "not_together"}),
    ("A01", {"multiple": "x"}, {"multiple": "wrong_type"}),
    ("A06", {"outpatient_ceiling": 8000}, {"outpatient_ceiling": "not_together"}),
    ("B03", {"outpatient_ceiling": 8000}, {"outpatient_ceiling": "not_together"}),
    ("B04", {"outpatient_ceiling": 62001}, {"outpatient_ceiling": "not_together"}),
    ("B04", {"outpatient_ceiling": 0}, {"outpatient_ceiling": "out_of_range"}),
    ("B04", {"outpatient_ceiling": None}, {"outpatient_annual_ceiling": "not_together"}),
    ("B10", {"outpatient_annual_ceiling": 100000001}, {"outpatient_annual_ceiling": "out_of_range"}),
    ("A01", {"outpatient_annual_ceiling": 216000}, {"outpatient_annual_ceiling": "not_together"}),
    ("A01", {"annual_ceiling": 0}, {"annual_ceiling": "out_of_range"}),
    ("A04", {"annual_ceiling_low_income": 530001}, {"annual_ceiling_low_income": "not_together"}),
    ("A04", {"annual_ceiling": None}, {"annual_ceiling_low_income": "not_together"}),
    ("A04", {"annual_ceiling_low_income": -5}, {"annual_ceiling_low_income": "out_of_range"}),
    ("A02", {"category": "A01"}, {"category": "not_together", "": "required"}),
    ("A02", {"category": "A07"}, {"category": "not_one_of"}),
    ("A02", {"category": "a02"}, {"category": "not_one_of"}),
    ("A02", {"category": None}, {"category": "required"}),
    ("A02", {"Base": 1}, {"Base": "unknown_field"}),
])
def test_an_amount_that_cannot_be_right_is_named(operator, category, changes, expected):
    """Each in its place; nothing of it is stored."""
    place = CATEGORIES.index(category)
    named = {f"/amounts/{place}/{field}" if field else "/amounts": code for field, code in expected.items()}
    refused_fields(add(operator, table(changes={category: changes}), wrong=True), named)
    assert months(operator) == GIVEN


@pytest.mark.parametrize("category, changes", [
    ("A01", {"base": 100000000, "threshold": 100000000}), ("A01", {"base": 1, "multiple": 1, "threshold": 100}),
    ("A01", {"threshold": 9000000}), ("A01", {"multiple": None}), ("A01", {"multiple": 90000}), ("A01", {"annual_ceiling": None}),
    ("A01", {"rate_percent": 0, "threshold": 0}), ("B04", {"outpatient_ceiling": None, "outpatient_annual_ceiling": None}),
    ("B04", {"outpatient_ceiling": 62000, "outpatient_annual_ceiling": None}), ("A04", {"annual_ceiling_low_income": 530000}),
])
def test_the_last_amount_that_can_be_right_is_taken(operator, category, changes):
    answer = add(operator, table(changes={category: changes}))
    assert answer.status == 201, answer
    kept = answer.json["amounts"][CATEGORIES.index(category)]
    assert {field: kept[field] for field in changes} == changes


@pytest.mark.parametrize("count", range(16))
def test_a_category_that_is_missing_is_named(operator, count):
    """Nobody of that category could be told anything."""
    body = table()
    missing = body["amounts"].pop(count)["category"]
    answer = add(operator, body, wrong=True)
    refused_fields(answer, {"/amounts": "required"})
    assert answer.json["errors"][0]["detail"] == f"expected a line of {missing}"


@pytest.mark.parametrize("changes, expected", [
    ({"from": None}, {"/from": "required"}), ({"from": "2027-13"}, {"/from": "wrong_form"}), ({"from": "2027-08-01"}, {"/from": "wrong_form"}),
    ({"from": "令和9年8月"}, {"/from": "wrong_form"}), ({"from": 202708}, {"/from": "wrong_type"}),
    ({"from": "9999-12", "until": None}, {"/from": "out_of_range"}),
    ({"until": "2027-07"}, {"/until": "not_together"}), ({"until": "9999-12"}, {"/until": "out_of_range"}),
    ({"until": ""}, {"/until": "wrong_form"}), ({"until": 0}, {"/until": "wrong_type"}),
    ({"source": None}, {"/source": "required"}), ({"source": "　"}, {"/source": "wrong_form"}), ({"source": "a\nb"}, {"/source": "wrong_form"}),
    ({"source": "長" * 201}, {"/source": "too_long"}), ({"note": ""}, {"/note": "wrong_form"}), ({"note": "a\0b"}, {"/note": "wrong_form"}),
    ({"note": "長" * 2001}, {"/note": "too_long"}), ({"note": 1}, {"/note": "wrong_type"}),
    ({"amounts": None}, {"/amounts": "required"}), ({"amounts": {}}, {"/amounts": "wrong_type"}),
    ({"amounts": [line(category) for category in [*CATEGORIES, "A01"]]}, {"/amounts": "too_long"}),
    ({"amounts": [1] + [line(category) for category in CATEGORIES[1:]]}, {"/amounts/0": "wrong_type"}),
    ({"amount": 1}, {"/amount": "unknown_field"}), ({"version": "1"}, {"/version": "wrong_type"}),
])
def test_what_is_wrong_with_a_table_is_named(operator, changes, expected):
    refused_fields(add(operator, {**table(), **changes}, wrong=True), expected)
    assert months(operator) == GIVEN


def test_a_table_without_lines_is_told_all_that_it_lacks(operator):
    answer = add(operator, table(amounts=[]), wrong=True)
    refused(answer, 422, "invalid_fields")
    assert [error["detail"][-3:] for error in answer.json["errors"]] == CATEGORIES


def test_the_longest_note_is_kept_as_it_is(operator):
    note = "長" * 2000
    assert add(operator, table(note=note)).json["note"] == note


def test_a_wrong_table_replaces_nothing(operator):
    made = added(operator)
    refused_fields(put(operator, "2027-08", table(changes={"B05": {"base": 0}}), made.header("ETag"), wrong=True),
                   {"/amounts/10/base": "out_of_range"})
    assert operator.get(at("2027-08")).body == made.body


@pytest.mark.parametrize("scope, owner", [("terminal", None), ("insurer", "06136022")])
def test_only_an_operator_sees_and_keeps_the_tables(tables_service, tables_database, operator, scope, owner):
    with Client(tables_service, tables_database.token(scope, owner)) as client:
        refused(client.get(TABLES), 403, "scope_missing")
        refused(client.get(at("2026-11")), 403, "scope_missing")
        refused(add(client, table()), 403, "scope_missing")
        refused(put(client, "2027-08", table(), "*"), 403, "scope_missing")
        refused(withdraw(client, "2027-08"), 403, "scope_missing")
    with Client(tables_service) as nobody:
        refused(nobody.get(TABLES, wrong=True), 401, "token_missing")
    assert months(operator) == GIVEN


def test_a_table_is_never_said_to_be_missing_because_the_database_is_away(template):
    database = template.clone()
    token = database.token("operator")
    with Service(database, now=NOW, loops=1, **PATIENT) as running, Client(running, token) as client:
        assert client.get(at("2026-11")).status == 200
        database.close()
        for ask in (lambda: client.get(TABLES), lambda: client.get(at("2026-11")), lambda: add(client, table()),
                    lambda: put(client, "2027-08", table(), "*"), lambda: withdraw(client, "2027-08")):
            answer = ask()
            assert answer.status == 503 and answer.json["code"] == "database_unavailable" and answer.header("Retry-After"), answer
        assert running.stop() == 0, running.log()[-3000:]
