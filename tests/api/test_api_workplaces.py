"""Workplaces (事業所), by the insurer's own ids: where papers of their people go (R11.2)."""

import pytest

from api_insurers import new_insurer
from api_people import add
from support import Client
from test_api_requests import refused, refused_fields

WHOLE = {"name": "資格電機株式会社", "symbol": "１２３", "postal_code": "100-0001", "address": "東京都資格区確認町1-2-3", "contact": "総務部"}


@pytest.fixture
def insurer(database, service):
    made = new_insurer(database, service)
    with made.client:
        yield made


def at(workplace_id):
    return f"/workplaces/{workplace_id}"


def ids(answer):
    return [workplace["workplace_id"] for workplace in answer.json["workplaces"]]


def test_a_workplace_is_registered_once_however_often_it_is_sent(insurer):
    made = insurer.put(WHOLE, at("W-1"))
    assert made.status == 201
    assert made.json == {"workplace_id": "W-1", **WHOLE, "changed_at": "2026-11-22T10:00:00.000+09:00"}
    again = insurer.put(WHOLE, at("W-1"))
    assert (again.status, again.body, again.header("ETag")) == (200, made.body, made.header("ETag"))
    got = insurer.get(at("W-1"))
    assert (got.status, got.body, got.header("ETag")) == (200, made.body, made.header("ETag"))
    assert insurer.put(got.json, at("W-1")).body == made.body, "as it came"


def test_what_is_left_out_has_no_value(insurer):
    insurer.put(WHOLE, at("W-1"))
    changed = insurer.put({"name": "資格商店"}, at("W-1"))
    assert changed.status == 200
    assert {**changed.json, "changed_at": None} == {"workplace_id": "W-1", "name": "資格商店", "symbol": None, "postal_code": None,
                                                    "address": None, "contact": None, "changed_at": None}


def test_two_who_change_at_once_do_not_undo_each_other(insurer):
    seen = insurer.put(WHOLE, at("W-1")).header("ETag")
    assert insurer.put({"name": "一"}, at("W-1"), headers={"If-Match": seen}).status == 200
    refused(insurer.put({"name": "二"}, at("W-1"), headers={"If-Match": seen}), 412, "precondition_failed")
    refused(insurer.delete(at("W-1"), headers={"If-Match": seen}), 412, "precondition_failed")
    now = insurer.get(at("W-1"))
    assert now.json["name"] == "一"
    assert insurer.delete(at("W-1"), headers={"If-Match": now.header("ETag")}).status == 204


@pytest.mark.parametrize("tag", ["*", '"64a4f1c2e8b40"'])
def test_what_is_not_there_is_no_version_that_was_seen(insurer, tag):
    refused(insurer.put(WHOLE, at("W-1"), headers={"If-Match": tag}), 412, "precondition_failed")
    refused(insurer.delete(at("W-1"), headers={"If-Match": tag}), 412, "precondition_failed")
    refused(insurer.get(at("W-1")), 404, "no_such_workplace")


def test_a_workplace_is_removed_and_may_come_back(insurer):
    insurer.put(WHOLE, at("W-1"))
    gone = insurer.delete(at("W-1"))
    assert (gone.status, gone.body, gone.header("Cache-Control")) == (204, b"", "no-store") and gone.header("X-Request-Id")
    refused(insurer.get(at("W-1")), 404, "no_such_workplace")
    refused(insurer.delete(at("W-1")), 404, "no_such_workplace")
    assert insurer.put(WHOLE, at("W-1")).status == 201


def test_a_workplace_with_members_stays(insurer, database):
    insurer.put(WHOLE, at("W-1"))
    member = add(database, insurer=insurer.number)
    database.run("UPDATE shikaku.members SET workplace_id = 'W-1', known_from = '2026-01-01Z' WHERE member_key = %s", (member.member_key,))
    refused(insurer.delete(at("W-1")), 409, "workplace_in_use")
    assert insurer.get(at("W-1")).status == 200
    database.run("UPDATE shikaku.members SET workplace_id = NULL, known_from = '2026-01-02Z' WHERE member_key = %s", (member.member_key,))
    assert insurer.delete(at("W-1")).status == 204


@pytest.mark.parametrize("asked, shown", [("W-1", "W-1"), ("%E5%A4%A7%E9%98%AA%231", "大阪#1"), ("a%3Fb", "a?b"), ("%C3%A9" * 64, "é" * 64)])
def test_an_id_is_whatever_the_insurer_calls_it(insurer, asked, shown):
    assert insurer.put(WHOLE, at(asked)).json["workplace_id"] == shown
    assert ids(insurer.get("/workplaces")) == [shown]
    assert insurer.get(at(asked)).status == 200 and insurer.delete(at(asked)).status == 204


@pytest.mark.parametrize("workplace_id", ["x" * 65, "a%20b", "%E3%80%80", "%FF", "a%C2%85", "."])
def test_what_can_be_no_id_is_refused(insurer, workplace_id):
    refused_fields(insurer.put(WHOLE, at(workplace_id), wrong=True), {"/workplace_id": "wrong_form"})
    refused(insurer.get(at(workplace_id), wrong=True), 404, "no_such_workplace")
    refused(insurer.delete(at(workplace_id), wrong=True), 404, "no_such_workplace")


@pytest.mark.parametrize("change, expected", [
    ({"name": None}, {"/name": "required"}), ({"name": " "}, {"/name": "wrong_form"}), ({"name": "あ" * 201}, {"/name": "too_long"}),
    ({"symbol": "あ" * 41}, {"/symbol": "too_long"}), ({"symbol": ""}, {"/symbol": "wrong_form"}), ({"postal_code": "1"}, {"/postal_code": "wrong_form"}),
    ({"address": "a\u0007"}, {"/address": "wrong_form"}), ({"contact": 1}, {"/contact": "wrong_type"}), ({"people": 3}, {"/people": "unknown_field"}),
    ({"workplace_id": "W-2"}, {"/workplace_id": "not_one_of"}),
])
def test_wrong_input_is_named_and_registers_nothing(insurer, change, expected):
    refused_fields(insurer.put({**WHOLE, **change}, at("W-1"), wrong=True), expected)
    assert ids(insurer.get("/workplaces")) == []


def test_a_list_shows_each_once_in_the_order_of_ids(insurer):
    for number in (3, 1, 7, 5, 2, 6, 4):
        insurer.put({"name": f"事業所{number}"}, at(f"W-{number}"))
    every = insurer.get("/workplaces")
    assert ids(every) == [f"W-{number}" for number in range(1, 8)] and every.json["next_cursor"] is None
    pages = list(insurer.pages("/workplaces", "workplaces", 3))
    assert [len(page) for page in pages] == [3, 3, 1] and sum(pages, []) == every.json["workplaces"]
    assert [len(page) for page in insurer.pages("/workplaces", "workplaces", 7)] == [7], "no empty page at the end"


def test_what_comes_and_goes_meanwhile_shifts_no_page(insurer):
    for number in range(6):
        insurer.put(WHOLE, at(f"W-{number}"))
    first = insurer.get("/workplaces?limit=3")
    assert ids(first) == ["W-0", "W-1", "W-2"]
    insurer.delete(at("W-0"))
    insurer.delete(at("W-2"))  # the one that the cursor names
    insurer.put(WHOLE, at("V-9"))
    insurer.put(WHOLE, at("W-35"))
    assert ids(insurer.get(f"/workplaces?limit=3&cursor={first.json['next_cursor']}")) == ["W-3", "W-35", "W-4"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=", "limit=-1", "limit=1e2", "limit=0000000000000001", "cursor=",
                                   "cursor=x", "cursor=MQ", "cursor=MVctMDAxM", "cursor=MVctMDAxMh", "cursor=MlctMDAxMg", "cursor=MVct%20",
                                   "cursor=MSAg", "cursor=Mf_-", "cursor=" + "MVct" * 100, "page=2", "limit=1&limit=2", "cursor", "%zz=1"])
def test_a_forged_cursor_and_a_wrong_limit_are_refused(insurer, query):
    refused(insurer.get(f"/workplaces?{query}", wrong=True), 400, "invalid_query")


def test_a_cursor_of_another_insurer_is_only_a_place_in_ones_own_list(insurer, database, service):
    other = new_insurer(database, service)
    with other.client:
        for number in range(3):
            other.put(WHOLE, at(f"W-{number}"))
        cursor = other.get("/workplaces?limit=1").json["next_cursor"]
        insurer.put({"name": "わが事業所"}, at("W-1"))
        mine = insurer.get(f"/workplaces?cursor={cursor}").json
        assert [workplace["name"] for workplace in mine["workplaces"]] == ["わが事業所"]
        refused(other.client.get(insurer.path + "/workplaces"), 403, "not_your_insurer")
        for method, body in (("GET", None), ("PUT", WHOLE), ("DELETE", None)):
            refused(other.client.request(method, insurer.path + at("W-1"), body), 403, "not_your_insurer")
        assert other.get(at("W-1")).json["name"] != "わが事業所", "the same id is another's workplace"


def test_only_an_insurer_may(insurer, service, token, database):
    for scope in (token, database.token("operator"), database.token("registrar")):
        with Client(service, scope) as client:
            for answer in (client.get(insurer.path + "/workplaces"), client.get(insurer.path + at("W-1")),
                           client.request("PUT", insurer.path + at("W-1"), WHOLE), client.request("DELETE", insurer.path + at("W-1"))):
                refused(answer, 403, "scope_missing")


@pytest.mark.parametrize("method, path, allow", [("POST", "/workplaces", "GET, HEAD"), ("POST", "/workplaces/W-1", "GET, HEAD, PUT, DELETE"),
                                                 ("DELETE", "", "GET, HEAD, PUT")])
def test_a_wrong_method_is_told_the_right_one(insurer, method, path, allow):
    answer = insurer.client.request(method, insurer.path + path, {}, wrong=True)
    refused(answer, 405, "method_not_allowed")
    assert answer.header("Allow") == allow
