"""An insurer finds its members: by state, by where they work, by 記号・番号, name and birth date; never anybody else's."""

import base64
import json

import pytest

from api_insurers import new_insurer
from api_people import add
from support import Client
from test_api_requests import refused, refused_fields

CROWD = 20050


@pytest.fixture
def insurer(database, service):
    made = new_insurer(database, service)
    with made.client:
        yield made


def register(database, insurer, member_id, kana=None, other=None, other_kana=None, workplace=None, **more):
    """A member of this insurer's with an id of its choice."""
    person = add(database, insurer=insurer.number, **more)
    database.run("""UPDATE shikaku.members SET member_id = %s, name_kana = coalesce(%s, name_kana), name_other = %s, name_other_kana = %s,
        workplace_id = %s, known_from = '2026-01-01T00:00:00Z' WHERE member_key = %s""", (member_id, kana, other, other_kana, workplace, person.member_key))
    return person


def ids(answer):
    assert answer.status == 200, answer
    return [member["member_id"] for member in answer.json["members"]]


def find(insurer, wrong=False, **body):
    return insurer.post(body, "/members/search", wrong=wrong)


def found(insurer, **body):
    return ids(find(insurer, **body))


def listed(insurer, query=""):
    return ids(insurer.get("/members" + query))


@pytest.fixture(scope="module")
def crowd(database, service):
    """An insurer with so many members that no page looks at all of them; all have one name and none has a period."""
    made = new_insurer(database, service)
    database.run("""WITH people AS (INSERT INTO shikaku.persons (register_code) SELECT 'crowd-' || i FROM generate_series(1, %s) AS i RETURNING person_id)
        INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, sex, birth_date, known_from)
          SELECT %s, 'C-' || lpad(row_number() OVER ()::text, 6, '0'), person_id, '大勢 一', 'オオゼイ ハジメ', 'male', '1990-01-01', '2026-01-01Z' FROM people""",
                 (CROWD, made.number))
    for number, state in ((15000, "linked"), (15001, "linked"), (CROWD, "mismatch")):
        database.run("""INSERT INTO shikaku.links (member_key, state, mismatched, decided_at, known_from)
            SELECT member_key, %s, %s, '2026-01-01Z', '2026-01-01Z' FROM shikaku.members WHERE insurer_number = %s AND member_id = %s""",
                     (state, ["name"] if state == "mismatch" else None, made.number, f"C-{number:06}"))
    with made.client:
        yield made


def test_a_member_is_shown_as_it_is_on_record(insurer, database):
    insured = register(database, insurer, "E-1", name="資格 太郎", kana="シカク タロウ", number="880101", ratios=[(20, "2025-08-01", None)])
    register(database, insurer, "E-2", name="資格 花子", kana="シカク ハナコ", number="880101", branch="01", insured_by=insured, link="pending", certificate=None)
    answer = insurer.get("/members")
    assert answer.header("Cache-Control") == "no-store" and answer.json["next_cursor"] is None
    first, second = answer.json["members"]
    assert (first["member_id"], first["name"], first["name_kana"], first["link"]["state"]) == ("E-1", "資格 太郎", "シカク タロウ", "linked")
    assert first["ratios"] == [{"percent": 20, "valid_from": "2025-08-01", "valid_until": None}]
    assert first["eligibility_certificates"][0]["state"] == "issued"
    assert second["memberships"] == [{"relationship": "dependent", "insured_member_id": "E-1", "symbol": "9000", "number": "880101",
                                      "branch_number": "01", "acquired_on": "2015-04-01", "lost_on": None, "loss_reason": None}]
    assert second["link"] == {"state": "pending", "mismatched": [], "decided_at": None}
    assert find(insurer, number="880101").json["members"] == [first, second]


def test_a_list_tells_what_the_desk_would_be_told_today(insurer, database, desk):
    register(database, insurer, "active")
    register(database, insurer, "ends-tomorrow", lost="2026-11-23")
    register(database, insurer, "ended-today", lost="2026-11-22", loss_reason="03")
    register(database, insurer, "starts-today", acquired="2026-11-22")
    register(database, insurer, "starts-tomorrow", acquired="2026-11-23")
    register(database, insurer, "75-today", birth="1951-11-22")
    register(database, insurer, "75-tomorrow", birth="1951-11-23")
    gone = register(database, insurer, "gone", lost="2026-10-01", loss_reason="01")
    register(database, insurer, "of-the-gone", insured_by=gone)
    old = register(database, insurer, "old", birth="1951-11-01")
    register(database, insurer, "of-the-old", insured_by=old)
    register(database, insurer, "of-the-active", insured_by=register(database, insurer, "parent"))
    states = {state: listed(insurer, f"?state={state}") for state in ("active", "upcoming", "ended")}
    assert states["active"] == ["75-tomorrow", "active", "ends-tomorrow", "of-the-active", "parent", "starts-today"]
    assert states["upcoming"] == ["starts-tomorrow"]
    assert states["ended"] == ["75-today", "ended-today", "gone", "of-the-gone", "of-the-old", "old"]
    assert sorted(sum(states.values(), [])) == listed(insurer), "each is in one state"
    for member in insurer.get("/members").json["members"]:
        period = member["memberships"][0]
        check = desk.check(insurer_number=insurer.number, symbol=period["symbol"], number=period["number"], birth_date=member["birth_date"])
        assert (check.json["validity"] == "valid") == (member["member_id"] in states["active"]), member["member_id"]


def test_who_came_back_is_active(insurer, database):
    person = register(database, insurer, "E-1", lost="2020-04-01", loss_reason="03")
    assert listed(insurer, "?state=ended") == ["E-1"]
    database.run("""INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, symbol_key, number_key, acquired_on, known_from)
        SELECT member_key, insurer_number, 'insured', '1', '2', '1', '2', '2026-12-01', '2026-01-01Z' FROM shikaku.members WHERE member_key = %s""",
                 (person.member_key,))
    assert listed(insurer, "?state=upcoming") == ["E-1"] and listed(insurer, "?state=ended") == []
    database.run("UPDATE shikaku.memberships SET acquired_on = '2026-11-22', known_from = '2026-01-02Z' WHERE member_key = %s AND lost_on IS NULL",
                 (person.member_key,))
    assert listed(insurer, "?state=active") == ["E-1"]


def test_nobody_of_the_late_elderly_is_too_old(database, service):
    insurer = new_insurer(database, service, prefix="39")
    with insurer.client:
        register(database, insurer, "K-1", birth="1930-01-01", number="39000001")
        assert listed(insurer, "?state=active") == ["K-1"]
        assert found(insurer, number="39000001", symbol="1", branch_number="07") == ["K-1"], "neither is looked at"


def test_links_that_want_somebody_are_found(insurer, database):
    for member_id, link in (("a", "linked"), ("b", "mismatch"), ("c", "pending"), ("d", None)):
        register(database, insurer, member_id, link=link, lost="2026-01-01" if member_id == "b" else None)
    assert {state: listed(insurer, f"?link_state={state}") for state in ("linked", "mismatch", "pending")} == {
        "linked": ["a"], "mismatch": ["b"], "pending": ["c", "d"]}
    assert listed(insurer, "?link_state=mismatch&state=active") == [] and listed(insurer, "?link_state=mismatch&state=ended") == ["b"]


def test_the_people_of_a_workplace_are_listed(insurer, database):
    for workplace in ("W-1", "大阪"):
        insurer.put({"name": "資格電機"}, "/workplaces/" + ("W-1" if workplace == "W-1" else "%E5%A4%A7%E9%98%AA"))
    for number, workplace in enumerate(("W-1", "大阪", "W-1", None, "W-1")):
        register(database, insurer, f"E-{number}", workplace=workplace)
    assert listed(insurer, "?workplace_id=W-1") == ["E-0", "E-2", "E-4"]
    assert listed(insurer, "?workplace_id=%E5%A4%A7%E9%98%AA&state=active") == ["E-1"]
    assert listed(insurer, "?workplace_id=W-2") == []
    assert [len(page) for page in insurer.pages("/members?workplace_id=W-1", "members", 2)] == [2, 1]


def test_every_page_together_is_everybody_once(insurer, database):
    for number in range(11):
        register(database, insurer, f"E-{number:02}", lost="2026-01-01" if number % 3 == 0 else None)
    everybody = listed(insurer)
    assert everybody == [f"E-{number:02}" for number in range(11)]
    for limit in (1, 3, 10, 11, 12):
        assert [member["member_id"] for page in insurer.pages("/members", "members", limit) for member in page] == everybody
    pages = list(insurer.pages("/members?state=active", "members", 7))
    assert [len(page) for page in pages] == [7], "the end is seen, though others follow who do not fit"


def test_who_comes_and_goes_meanwhile_shifts_no_page(insurer, database):
    people = {number: register(database, insurer, f"E-{number}") for number in range(6)}
    first = insurer.get("/members?limit=3")
    assert ids(first) == ["E-0", "E-1", "E-2"]
    # The one that the cursor names has another id now, and somebody has come before it, and somebody behind it.
    database.run("UPDATE shikaku.members SET member_id = 'A-2', known_from = '2026-01-02Z' WHERE member_key = %s", (people[2].member_key,))
    register(database, insurer, "A-1")
    register(database, insurer, "E-35")
    assert ids(insurer.get(f"/members?limit=3&cursor={first.json['next_cursor']}")) == ["E-3", "E-35", "E-4"]


def test_a_page_of_a_million_costs_no_more_than_one_of_ten_thousand(crowd):
    first = crowd.get("/members?link_state=linked")
    assert ids(first) == [] and first.json["next_cursor"], "looked at 10,000; there are more"
    pages = list(crowd.pages("/members?link_state=linked", "members", 100))
    assert [[member["member_id"] for member in page] for page in pages] == [[], ["C-015000", "C-015001"], []]
    assert [[member["member_id"] for member in page] for page in crowd.pages("/members?link_state=mismatch", "members", 100)] == [[], [], [f"C-{CROWD:06}"]]
    assert [len(page) for page in crowd.pages("/members?link_state=linked", "members", 1)] == [0, 1, 1]
    assert sum(len(page) for page in crowd.pages("/members?state=ended", "members", 200)) == CROWD


def test_a_family_is_found_by_its_number(insurer, database):
    insured = register(database, insurer, "E-1", symbol="12-3", number="0045", branch="00")
    register(database, insurer, "E-2", symbol="12-3", number="0045", branch="01", insured_by=insured)
    register(database, insurer, "E-3", symbol="99", number="0045", branch=None)
    register(database, insurer, "E-4", symbol="12-3", number="45")
    assert found(insurer, number="0045") == ["E-1", "E-2", "E-3"]
    assert found(insurer, number="００４５", symbol="１２ー３") == ["E-1", "E-2"]
    assert found(insurer, number="0045", symbol="12-3", branch_number="01") == ["E-2"]
    assert found(insurer, number="0045", branch_number="07") == ["E-3"], "registered without 枝番 matches any (R2.2)"
    assert found(insurer, number="0045", symbol="98") == []


def test_symbol_and_branch_count_without_a_number_too(insurer, database):
    register(database, insurer, "E-1", symbol="1", branch="00", name="資格 太郎")
    register(database, insurer, "E-2", symbol="2", branch="00", name="資格 太郎")
    assert found(insurer, birth_date="1990-01-01", symbol="2") == ["E-2"]
    assert found(insurer, name="資格", symbol="1", branch_number="00") == ["E-1"] and found(insurer, name="資格", branch_number="01") == []


def test_who_has_left_is_still_found_by_the_number_of_then(insurer, database):
    register(database, insurer, "E-1", number="880202", lost="2020-04-01")
    assert found(insurer, number="880202") == ["E-1"]


@pytest.mark.parametrize("typed", ["資格", "資格太", "資格 太郎", "資格　太郎", "シカク", "シカクタ", "しかく", "しかく たろう", "ｼｶｸ", "ｼｶｸ ﾀﾛｳ", "ｼｶｸﾀ", "ＳＭＩＴＨ", "Smith J",
                                   "スミス", "ｽﾐｽ", " 資格 ", "資"])
def test_a_name_is_found_by_how_it_begins(insurer, database, typed):
    register(database, insurer, "E-1", name="資格 太郎", kana="シカク タロウ", other="Smith　John" if typed != "ＳＭＩＴＨ" else "SMITH", other_kana="スミス ジョン")
    register(database, insurer, "E-2", name="確認 太郎", kana="カクニン タロウ")
    assert found(insurer, name=typed) == ["E-1"]


@pytest.mark.parametrize("typed", ["格", "太郎", "カク", "資格太郎一", "%", "_", "資%", "'", "\\", "資格:*", "' | '", "資格 & 太郎", "smith"])
def test_what_no_name_begins_with_finds_nobody(insurer, database, typed):
    register(database, insurer, "E-1", name="資格 太郎", kana="シカク タロウ", other="Smith John")
    assert found(insurer, name=typed) == []


@pytest.mark.parametrize("name", ["O'Brien \\ Co", "a:*b", "(資格) | ! &", "ﷺ" * 200, "あ" * 200])
def test_any_name_that_can_be_registered_is_found(insurer, database, name):
    register(database, insurer, "E-1", name=name)
    register(database, insurer, "E-2", name="資格 太郎")
    assert found(insurer, name=name) == ["E-1"] and found(insurer, name=name[:4]) == ["E-1"]
    assert found(insurer, name=name[:150] + "終") == [], "beyond what the index holds"


def test_a_corrected_name_is_found_by_what_it_is_now(insurer, database):
    person = register(database, insurer, "E-1", name="資格 太郎")
    database.run("UPDATE shikaku.members SET name = '確認 太郎', known_from = '2026-02-01Z' WHERE member_key = %s", (person.member_key,))
    assert found(insurer, name="資格") == [] and found(insurer, name="確認") == ["E-1"]


def test_all_that_is_given_must_hold(insurer, database):
    register(database, insurer, "E-1", name="資格 太郎", birth="1990-01-01", number="1")
    register(database, insurer, "E-2", name="資格 次郎", birth="1990-01-01", number="2")
    register(database, insurer, "E-3", name="資格 太郎", birth="1991-01-01", number="1")
    assert found(insurer, birth_date="1990-01-01") == ["E-1", "E-2"]
    assert found(insurer, birth_date="1990-01-01", name="資格太") == ["E-1"]
    assert found(insurer, number="1", name="資格太郎") == ["E-1", "E-3"]
    assert found(insurer, number="1", birth_date="1991-01-01") == ["E-3"]
    assert found(insurer, number="2", birth_date="1990-01-01", name="資格次郎", symbol="9000", branch_number="00") == ["E-2"]
    assert found(insurer, number="2", birth_date="1990-01-01", name="資格太郎") == []
    assert found(insurer, number="1", name=None, birth_date=None, symbol=None, branch_number=None, limit=None, cursor=None) == ["E-1", "E-3"]


def test_a_search_goes_on_page_by_page(insurer, database):
    for number in range(5):
        register(database, insurer, f"E-{number}", name="資格 太郎")
    pages, cursor = [], None
    while cursor is not None or not pages:
        answer = find(insurer, name="資格", limit=2, cursor=cursor)
        pages.append(ids(answer))
        cursor = answer.json["next_cursor"]
        if len(pages) == 1:
            register(database, insurer, "A-1", name="資格 一")
    assert pages == [["E-0", "E-1"], ["E-2", "E-3"], ["E-4"]]
    assert find(insurer, name="資格", limit=6).json["next_cursor"] is None


def test_a_name_that_too_many_have_wants_more(crowd):
    refused_fields(find(crowd, name="大勢"), {"/name": "out_of_range"})
    refused_fields(find(crowd, name="オオゼイ", symbol="1"), {"/name": "out_of_range"})
    refused_fields(find(crowd, birth_date="1990-01-01"), {"/birth_date": "out_of_range"})
    assert found(crowd, name="大勢二") == [] and found(crowd, name="大勢", birth_date="1990-01-02") == []


def test_what_is_looked_for_stands_in_no_cursor(insurer, database):
    for number in range(2):
        register(database, insurer, f"E-{number}", name="資格 太郎")
    cursor = find(insurer, name="資格", birth_date="1990-01-01", limit=1).json["next_cursor"]
    assert base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) == b"1E-0"


def test_nobody_sees_anybody_elses_members(insurer, database, service, token):
    other = new_insurer(database, service)
    mine = register(database, insurer, "E-1", name="資格 太郎", number="880303")
    with other.client:
        register(database, other, "E-2", name="資格 太郎", number="880303")
        assert listed(insurer) == ["E-1"] and listed(other) == ["E-2"]
        for body in ({"number": "880303"}, {"name": "資格"}, {"birth_date": mine.keys["birth_date"]}):
            assert found(insurer, **body) == ["E-1"] and found(other, **body) == ["E-2"]
        refused(other.client.get(insurer.path + "/members"), 403, "not_your_insurer")
        refused(other.client.post({"name": "資格"}, path=insurer.path + "/members/search"), 403, "not_your_insurer")
    for scope in (token, database.token("operator"), database.token("portal")):
        with Client(service, scope) as client:
            refused(client.get(insurer.path + "/members"), 403, "scope_missing")
            refused(client.post({"name": "資格"}, path=insurer.path + "/members/search"), 403, "scope_missing")


@pytest.mark.parametrize("query", ["state=lost", "state=", "link_state=x", "workplace_id=", "workplace_id=a%20b", "workplace_id=" + "x" * 65, "limit=0",
                                   "limit=201", "cursor=x", "cursor=%E3%81%82", "name=x", "state=active&state=ended", "state"])
def test_a_wrong_query_is_refused(insurer, query):
    refused(insurer.get(f"/members?{query}", wrong=True), 400, "invalid_query")


@pytest.mark.parametrize("body, expected", [
    ({}, {"/number": "required"}), ({"symbol": "1", "branch_number": "00"}, {"/number": "required"}), ({"name": None}, {"/number": "required"}),
    ({"name": ""}, {"/name": "wrong_form"}), ({"name": "　"}, {"/name": "wrong_form"}), ({"name": "あ" * 201}, {"/name": "too_long"}),
    ({"name": 1}, {"/name": "wrong_type"}), ({"name": "a\u0000"}, {"/name": "wrong_form"}), ({"number": " "}, {"/number": "wrong_form"}),
    ({"number": 1}, {"/number": "wrong_type"}), ({"number": "1", "branch_number": "1"}, {"/branch_number": "wrong_form"}),
    ({"number": "1", "symbol": ""}, {"/symbol": "wrong_form"}), ({"birth_date": "1990-02-30"}, {"/birth_date": "wrong_form"}),
    ({"number": "1", "limit": 0}, {"/limit": "out_of_range"}), ({"number": "1", "limit": 201}, {"/limit": "out_of_range"}),
    ({"number": "1", "limit": "5"}, {"/limit": "wrong_type"}), ({"number": "1", "cursor": ""}, {"/cursor": "wrong_form"}),
    ({"number": "1", "cursor": "MQ"}, {"/cursor": "wrong_form"}), ({"number": "1", "cursor": "MkUtMQ"}, {"/cursor": "wrong_form"}),
    ({"number": "1", "cursor": "MUUtMQ=="}, {"/cursor": "wrong_form"}), ({"number": "1", "cursor": "MUUt" * 100}, {"/cursor": "wrong_form"}),
    ({"number": "1", "cursor": "MQAA"}, {"/cursor": "wrong_form"}), ({"number": "1", "page": 2}, {"/page": "unknown_field"}),
    ({"number": "1", "limit": 10**30}, {"/limit": "out_of_range"}),
])
def test_wrong_input_is_named(insurer, body, expected):
    answer = find(insurer, wrong=True, **body)
    if answer.status == 400 and body.get("limit", 0) == 10**30:
        refused(answer, 400, "not_json")  # no number that anything could be
        return
    refused_fields(answer, expected)


@pytest.mark.parametrize("body, status, code", [(b"{", 400, "not_json"), (b'{"name":"a","name":"b"}', 400, "duplicate_key"),
                                                (b'{"name":"\xff"}', 400, "bad_utf8"), (json.dumps({"name": " " * 20000}).encode(), 413, "body_too_large")],
                         ids=["no JSON", "a key twice", "bad UTF-8", "too large"])
def test_a_body_that_cannot_be_read_is_refused(insurer, body, status, code):
    refused(insurer.post(body, "/members/search", wrong=True), status, code)
