"""多数回: a month that reached its ceiling is reported by the clinic or by the insurer, and counts for the months after it (R7.11)."""

import itertools
import json
import re
import threading

import pytest

from api_people import KOKUHO, KOUKI, KUMIAI, KYOKAI, add
from support import Client
from support.database import INSTITUTION
from test_api_requests import refused, refused_fields

MONTHS = "/v1/ceiling-months"
INSTANT = "2026-11-22T10:00:00.000+09:00"
OTHER_INSTITUTION = "1310000003"
# What the desk asks with: find_limit_facts.sql, for a month, of a membership, as known at a moment.
FACTS = re.sub(r"(?m)^--.*\n", "", open(f"{__file__.rsplit('/tests/', 1)[0]}/service/store/sql/find_limit_facts.sql", encoding="utf-8").read())

_serial = itertools.count(1)


@pytest.fixture(scope="module")
def insurer_token(database):
    return database.token("insurer", KYOKAI)


@pytest.fixture
def insurer(service, insurer_token):
    """The staff of 協会けんぽ."""
    with Client(service, insurer_token) as client:
        yield client


def report(client, person, month="2026-10", care="inpatient", wrong=False, changes=None, **more):
    body = {"person": person.asked(**(changes or {})), "month": month, "care": care, **more}
    return client.post({name: value for name, value in body.items() if value is not ...}, path=MONTHS, wrong=wrong)


def reported(client, person, **more):
    answer = report(client, person, **more)
    assert answer.status in (200, 201), answer
    return answer.json


def counted(database, person, month="2026-11", known_at="2026-11-22T10:00:00+09:00"):
    """How many months before this one count for the person's 記号・番号, as a limit query counts them."""
    connection = database.connect("shikaku_service")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE facts AS {FACTS}")
            cursor.execute("EXECUTE facts (ARRAY[%s]::date[], ARRAY[NULL]::text[], ARRAY[%s]::int8[], ARRAY[%s]::timestamptz[])",
                           (f"{month}-01", person.membership_id, known_at))
            return cursor.fetchone()[-1]
    finally:
        connection.close()


def rows(database, person):
    return database.value("SELECT count(*) FROM shikaku.ceiling_months WHERE member_key = %s", (person.member_key,))


def elderly(database, percent=20, category=None, **more):
    """Somebody of 73; what the insurer registered of them."""
    person = add(database, birth="1953-05-17", ratios=[(percent, "2024-01-01", None)] if percent else (), **more)
    if category:
        register(database, person, category)
    return person


def register(database, person, category, first="2024-01-01", end=None):
    database.run("""INSERT INTO shikaku.limits (member_key, insurer_number, category, valid, known_from)
        SELECT member_key, insurer_number, %s, daterange(%s, %s), '2025-01-01Z' FROM shikaku.members WHERE member_key = %s""",
                 (category, first, end, person.member_key))


def test_a_clinic_reports_a_month_and_it_counts(desk, database):
    person = add(database)
    made = report(desk, person)
    assert made.status == 201 and made.header("Cache-Control") == "no-store" and made.header("X-Request-Id")
    assert made.json == {"ceiling_month_id": made.json["ceiling_month_id"], "month": "2026-10", "counts": True,
                         "institution_code": INSTITUTION, "reported_at": INSTANT}
    assert counted(database, person) == 1


def test_an_insurer_reports_a_month_of_its_member_with_and_without_the_institution(insurer, database):
    person = add(database)
    without = report(insurer, person)
    assert without.status == 201 and without.json["institution_code"] is None
    of_one = report(insurer, person, institution_code=OTHER_INSTITUTION)
    assert of_one.status == 201 and of_one.json["institution_code"] == OTHER_INSTITUTION
    assert of_one.json["ceiling_month_id"] != without.json["ceiling_month_id"]
    assert counted(database, person) == 1, "one month, however often it is reported"


def test_null_is_as_good_as_nothing(insurer, database):
    person = add(database)
    first = report(insurer, person)
    again = report(insurer, person, institution_code=None, changes={"symbol": None, "branch_number": None})
    assert (again.status, again.body) == (200, first.body)


@pytest.mark.parametrize("asker", ["desk", "insurer"])
def test_the_same_month_twice_is_one_report(request, database, asker):
    client, person = request.getfixturevalue(asker), add(database)
    made = report(client, person)
    again = report(client, person)
    assert (made.status, again.status, again.body) == (201, 200, made.body)
    assert rows(database, person) == 1


def test_another_institutions_report_is_another_and_the_month_counts_once(service, desk, database):
    person = add(database)
    here = report(desk, person)
    with Client(service, database.token(owner=OTHER_INSTITUTION)) as there:
        other = report(there, person)
        assert other.status == 201 and other.json["institution_code"] == OTHER_INSTITUTION
        assert other.json["ceiling_month_id"] != here.json["ceiling_month_id"]
    assert (rows(database, person), counted(database, person)) == (2, 1)


def test_months_count_by_themselves_and_only_for_a_year(desk, database):
    person = add(database)
    ids = {reported(desk, person, month=month)["ceiling_month_id"] for month in ("2025-11", "2025-12", "2026-02", "2026-11")}
    assert len(ids) == 4
    assert counted(database, person, "2026-11") == 2, "the eleven months before: not the month itself, not the year before"
    assert counted(database, person, "2026-12") == 2
    assert counted(database, person, "2026-10") == 3


def test_a_dependants_month_counts_for_the_household(desk, database):
    head = add(database)
    child = add(database, number=head.keys["number"], branch="01", birth="2015-01-01", acquired="2015-04-01", insured_by=head)
    other = add(database)
    reported(desk, child)
    assert (counted(database, head), counted(database, child), counted(database, other)) == (1, 1, 0)


def test_a_months_number_of_another_symbol_or_insurer_is_not_the_households(desk, database):
    one = add(database, number="5550001")
    other = add(database, number="5550001", symbol="9001", birth="1990-01-02")
    elsewhere = add(database, insurer=KUMIAI, number="5550001")
    reported(desk, one)
    assert [counted(database, person) for person in (one, other, elsewhere)] == [1, 0, 0]


def test_a_month_counts_only_from_when_it_was_reported(desk, database):
    person = add(database)
    reported(desk, person)
    assert counted(database, person, known_at="2026-11-22T09:59:59+09:00") == 0


@pytest.mark.parametrize("care, counts", [("inpatient", True), ("outpatient", True)])
@pytest.mark.parametrize("category", [None, "A01", "A05"])
def test_below_70_either_care_counts(desk, database, category, care, counts):
    person = add(database)
    if category:
        register(database, person, category)
    assert reported(desk, person, care=care)["counts"] is counts


@pytest.mark.parametrize("percent, category, outpatient", [
    (30, "B01", True), (30, "B02", True), (30, "B03", True), (20, "B04", False), (20, "B05", False), (20, "B06", False),
    (30, None, True), (20, None, False), (None, None, False),  # by the ratio: B01, B04, nobody knows
])
def test_from_70_on_the_outpatient_ceiling_does_not_count_but_for_those_who_have_only_one(desk, database, percent, category, outpatient):
    by_foot, by_bed = elderly(database, percent, category), elderly(database, percent, category)
    assert reported(desk, by_foot, care="outpatient")["counts"] is outpatient
    assert counted(database, by_foot) == int(outpatient)
    assert reported(desk, by_bed, care="inpatient")["counts"] is True
    assert counted(database, by_bed) == 1


@pytest.mark.parametrize("percent, counts", [(30, True), (20, False), (10, False)])
def test_the_late_elderly_count_the_same_way(desk, database, percent, counts):
    person = add(database, insurer=KOUKI, birth="1945-05-17", ratios=[(percent, "2024-01-01", None)])
    assert reported(desk, person, care="outpatient")["counts"] is counts


def test_the_category_is_that_of_the_last_covered_day_of_the_month(desk, database):
    """Not that of the day of the report, nor of the month's end where the membership ended before."""
    changed = elderly(database, 20)
    register(database, changed, "B01", end="2026-10-16")
    register(database, changed, "B05", first="2026-10-16")
    assert reported(desk, changed, care="outpatient")["counts"] is False
    assert reported(desk, changed, month="2026-09", care="outpatient")["counts"] is True
    left = elderly(database, 20, lost="2026-10-10", loss_reason="03")
    register(database, left, "B01", end="2026-10-16")
    register(database, left, "B05", first="2026-10-16")
    assert reported(desk, left, care="outpatient")["counts"] is True


def test_who_turns_70_counts_as_below_until_the_month_is_over(desk, database):
    person = add(database, birth="1956-10-15", ratios=[(20, "2026-11-01", None)])
    assert reported(desk, person, month="2026-10", care="outpatient")["counts"] is True
    assert reported(desk, person, month="2026-11", care="outpatient")["counts"] is False


@pytest.mark.parametrize("asker", ["desk", "insurer"])
def test_outpatient_care_first_and_a_bed_later_in_the_month_counts_from_then(request, database, asker):
    client, person = request.getfixturevalue(asker), elderly(database)
    first = report(client, person, care="outpatient")
    assert (first.status, first.json["counts"], counted(database, person)) == (201, False, 0)
    then = report(client, person, care="inpatient")
    assert then.status == 200 and then.json == {**first.json, "counts": True}
    assert (rows(database, person), counted(database, person)) == (1, 1)
    back = report(client, person, care="outpatient")
    assert (back.status, back.body) == (200, then.body), "what counts goes on counting"


def test_what_counts_from_a_later_report_did_not_count_before_it(start, template):
    own = template.clone()
    person, terminal = elderly(own), own.token()
    with Client(start(own), terminal) as client:
        first = reported(client, person, care="outpatient")
    with Client(start(own, now="2026-11-25T10:00:00+09:00"), terminal) as client:
        then = report(client, person, care="inpatient")
    assert then.status == 200 and then.json == {**first, "counts": True}, "reported_at stays"
    assert counted(own, person, known_at="2026-11-25T09:59:59+09:00") == 0
    assert counted(own, person, known_at="2026-11-25T10:00:00+09:00") == 1


@pytest.mark.parametrize("month, code", [
    ("2026-12", "out_of_range"), ("2014-12", "out_of_range"), ("1990-01", "out_of_range"), ("9999-12", "out_of_range"),
    ("2026-13", "wrong_form"), ("2026-00", "wrong_form"), ("2026-1", "wrong_form"), ("2026-10-01", "wrong_form"), ("", "wrong_form"),
    ("2026/10", "wrong_form"), ("２０２６-10", "wrong_form"), ("2026-10\u0000", "wrong_form"), (202610, "wrong_type"), (None, "required"),
    (..., "required"),
])
def test_a_month_that_cannot_be_is_named(desk, database, month, code):
    person = add(database, acquired="2014-01-01")
    refused_fields(report(desk, person, month=month, wrong=True), {"/month": code})
    assert rows(database, person) == 0


def test_the_first_month_and_this_one_may_be_reported(desk, database):
    person = add(database, acquired="2014-01-01")
    assert [report(desk, person, month=month).status for month in ("2015-01", "2026-11")] == [201, 201]


@pytest.mark.parametrize("asker", ["desk", "insurer"])
@pytest.mark.parametrize("month", ["2026-02", "2026-06"])
def test_a_month_without_cover_is_named(request, database, asker, month):
    client, person = request.getfixturevalue(asker), add(database, acquired="2026-03-31", lost="2026-06-01", loss_reason="03")
    refused_fields(report(client, person, month=month), {"/month": "out_of_range"})
    assert report(client, person, month="2026-03").status == report(client, person, month="2026-05").status == 201
    assert rows(database, person) == 2


def test_a_month_after_the_75th_birthday_is_not_the_old_insurers(desk, database):
    person = add(database, birth="1951-10-20")
    refused_fields(report(desk, person, month="2026-11"), {"/month": "out_of_range"})
    assert report(desk, person, month="2026-10").status == 201


@pytest.mark.parametrize("lost, back, expected", [("2026-10-10", "2026-10-20", {"2026-09": "9000", "2026-10": "9002", "2026-11": "9002"}),
                                                  ("2026-09-10", "2026-11-02", {"2026-09": "9000", "2026-10": None, "2026-11": "9002"})])
def test_who_came_back_under_another_symbol_is_counted_under_that_of_the_months_last_covered_day(desk, database, lost, back, expected):
    person = add(database, lost=lost, loss_reason="03")
    database.run("""INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key, number_key,
        acquired_on, known_from) SELECT member_key, insurer_number, relationship, '9002', number, branch_number, '9002', number_key, %s, known_from
        FROM shikaku.memberships WHERE membership_id = %s""", (back, person.membership_id))
    for month, symbol in expected.items():
        answer = report(desk, person, month=month, changes={"symbol": None})
        assert answer.status == (201 if symbol else 422)
        assert database.run("SELECT symbol_key FROM shikaku.ceiling_months WHERE member_key = %s AND month = %s",
                            (person.member_key, f"{month}-01")) == ([(symbol,)] if symbol else [])


@pytest.mark.parametrize("changes", [{"number": "88999999"}, {"birth_date": "1990-01-02"}, {"symbol": "9001"}, {"branch_number": "01"},
                                     {"insurer_number": KUMIAI}, {"insurer_number": "01130013"}])
def test_keys_that_match_nobody_report_nothing(desk, database, changes):
    person = add(database)
    refused(report(desk, person, changes=changes), 404, "no_such_member")
    assert rows(database, person) == 0


def test_twins_are_not_taken_for_each_other(desk, database):
    one, other = (add(database, number="7700001", branch=branch) for branch in ("01", "02"))
    refused(report(desk, one, changes={"branch_number": None}), 409, "several_members_match")
    assert report(desk, one).status == 201
    assert (rows(database, one), rows(database, other)) == (1, 0)


def test_the_keys_are_read_as_at_the_desk(desk, insurer, database):
    person = add(database, symbol="Ａ－１２", number="００９９８７２")
    wide = {"insurer_number": " ０１１３００１２", "symbol": "A ー 12", "number": "0099872", "branch_number": "００"}
    assert report(desk, person, changes=wide).status == report(insurer, person, changes=wide).status == 201
    assert counted(database, person) == 1
    late = add(database, insurer=KOUKI, birth="1940-01-01")
    assert report(desk, late, changes={"symbol": "1", "branch_number": "07"}).status == 201
    national = add(database, insurer=KOKUHO)
    assert report(desk, national).status == 201 and counted(database, national) == 1


def test_an_insurer_reports_nothing_of_anothers_member(insurer, database):
    for person in (add(database, insurer=KUMIAI), add(database, insurer=KOKUHO)):
        refused(report(insurer, person), 403, "not_your_insurer")
        refused(report(insurer, person, changes={"number": "1"}), 403, "not_your_insurer")
        assert rows(database, person) == 0


def test_a_six_digit_insurer_reports_its_own(service, database):
    person = add(database, insurer=KOKUHO)
    with Client(service, database.token("insurer", KOKUHO)) as client:
        assert report(client, person).status == 201


def test_a_terminal_speaks_for_its_own_institution_alone(desk, database):
    person = add(database)
    for code in (OTHER_INSTITUTION, "", "131990001", INSTITUTION + "0", "１３１９９０００１３"):
        refused_fields(report(desk, person, institution_code=code, wrong=True), {"/institution_code": "not_accepted"})
    assert rows(database, person) == 0
    assert report(desk, person, institution_code=INSTITUTION).status == 201


@pytest.mark.parametrize("code, error", [("131990001", "wrong_form"), ("13199000133", "wrong_form"), ("", "wrong_form"), ("131990001x", "wrong_form"),
                                         ("１３１９９０００１３", "wrong_form"), ("131990001\u0000", "wrong_form"), (1319900013, "wrong_type")])
def test_an_institution_that_is_none_is_named(insurer, database, code, error):
    person = add(database)
    refused_fields(report(insurer, person, institution_code=code, wrong=True), {"/institution_code": error})
    assert rows(database, person) == 0


@pytest.mark.parametrize("change, expected", [
    ({"person": None}, {"/person": "required"}), ({"person": "x"}, {"/person": "wrong_type"}),
    ({"care": "pharmacy"}, {"/care": "not_one_of"}), ({"care": "Inpatient"}, {"/care": "not_one_of"}), ({"care": None}, {"/care": "required"}),
    ({"care": True}, {"/care": "wrong_type"}), ({"pin": "1234"}, {"/pin": "unknown_field"}), ({"counts": True}, {"/counts": "unknown_field"}),
    ({"person": {}}, {"/person/insurer_number": "required", "/person/number": "required", "/person/birth_date": "required"}),
    ({"person": {"member_id": "x"}, "month": "x", "care": "x"}, {
        "/person/member_id": "unknown_field", "/person/insurer_number": "required", "/person/number": "required",
        "/person/birth_date": "required", "/month": "wrong_form", "/care": "not_one_of"}),
])
def test_wrong_input_is_named_and_reports_nothing(desk, insurer, database, change, expected):
    person = add(database)
    for client in (desk, insurer):
        body = {"person": person.asked(), "month": "2026-10", "care": "inpatient", **change}
        refused_fields(client.post(body, path=MONTHS, wrong=True), expected)
    assert rows(database, person) == 0


@pytest.mark.parametrize("change, code", [
    ({"insurer_number": "0113001"}, "wrong_form"), ({"branch_number": "1"}, "wrong_form"), ({"birth_date": "1990-02-30"}, "wrong_form"),
    ({"number": ""}, "wrong_form"), ({"symbol": "a\u0000b"}, "wrong_form"), ({"number": 1234567}, "wrong_type"), ({"kind": "card"}, "unknown_field"),
    ({"birth_date": "2026-11-23"}, "out_of_range"),
])
def test_a_wrong_key_is_named(desk, database, change, code):
    (name,) = change
    refused_fields(report(desk, add(database), changes=change, wrong=True), {f"/person/{name}": code})


@pytest.mark.parametrize("body, status, code", [(b"{", 400, "not_json"), (b'{"person":{},"person":{}}', 400, "duplicate_key"),
                                                (b'{"care":"\xff"}', 400, "bad_utf8"), (b" " * 20000, 413, "body_too_large")])
def test_a_body_that_cannot_be_read_is_refused(desk, body, status, code):
    refused(desk.post(body, path=MONTHS, wrong=True), status, code)


def test_only_terminals_and_insurers_may_report(service, database):
    person = add(database)
    for scope in ("portal", "registrar", "operator"):
        with Client(service, database.token(scope)) as client:
            refused(report(client, person), 403, "scope_missing")
    with Client(service) as nobody:
        refused(report(nobody, person, wrong=True), 401, "token_missing")
    assert rows(database, person) == 0


def test_what_two_may_ask_opens_nothing_else_to_either(service, desk, insurer):
    """A path for both is no bridge: each still meets 403 at the other's own paths."""
    refused(desk.get(f"/v1/insurers/{KYOKAI}"), 403, "scope_missing")
    refused(insurer.post({}, path="/v1/eligibility-checks", wrong=True), 403, "scope_missing")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_wrong_method_is_told_the_right_one(desk, method):
    answer = desk.request(method, MONTHS, wrong=True)
    refused(answer, 405, "method_not_allowed")
    assert answer.header("Allow") == "POST"


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


def test_many_who_report_a_month_at_once_report_it_once(start, template):
    own = template.clone()
    terminal = own.token()
    services = [start(own), start(own)]
    clients = [Client(services[place % 2], terminal) for place in range(6)]
    cares = {id(client): ("outpatient", "inpatient")[place // 3] for place, client in enumerate(clients)}
    for _ in range(8):
        person = elderly(own)
        answers = at_once(clients, lambda client, person=person: report(client, person, care=cares[id(client)]))
        assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
        assert len({answer.json["ceiling_month_id"] for answer in answers}) == 1
        assert {answers[place].json["counts"] for place in range(3, 6)} == {True}
        assert (rows(own, person), counted(own, person)) == (1, 1)
    for client in clients:
        client.close()


def test_without_a_database_nothing_is_promised(start, template):
    own = template.clone()
    person, terminal = add(own), own.token()
    running = start(own)
    with Client(running, terminal) as client:
        assert report(client, person).status == 201
        own.server.run(f"ALTER DATABASE {own.name} ALLOW_CONNECTIONS false")
        own.server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (own.name,))
        running.wait_unready()
        refused(report(client, person, month="2026-09"), 503, "database_unavailable")
        own.server.run(f"ALTER DATABASE {own.name} ALLOW_CONNECTIONS true")
        running.wait_ready()
        assert report(client, person, month="2026-09").status == 201


def test_who_reported_can_be_told_and_of_whom_cannot(start, template):
    own = template.clone()
    person, terminal, insurer = add(own), own.token(), own.token("insurer", KYOKAI)
    running = start(own)
    with Client(running, terminal) as client:
        by_desk = reported(client, person)
        report(client, person)
    with Client(running, insurer) as client:
        by_insurer = reported(client, person, institution_code="1319900014")
    tokens = dict(own.run("SELECT scope, token_id FROM shikaku.tokens"))
    assert re.findall(r"reported .*", running.security_log()) == [
        f"reported ceiling_month={by_desk['ceiling_month_id']} token={tokens['terminal']} insurer={KYOKAI}",
        f"reported ceiling_month={by_insurer['ceiling_month_id']} token={tokens['insurer']} insurer={KYOKAI}"]
    assert "the check digit of institution 1319900014 does not hold (R2.3)" in running.log(), "logged, never refused"
    assert {by for by, in own.run("SELECT reported_by FROM shikaku.ceiling_months")} == {tokens["terminal"], tokens["insurer"]}


def test_metrics_speak_of_the_endpoint(service, desk, database):
    reported(desk, add(database))
    assert service.metrics()['shikaku_requests_total{method="POST",route="/v1/ceiling-months",status="201"}'] >= 1


def test_what_the_contract_shows_can_be_sent(desk, insurer):
    """The examples of the OpenAPI document are of the demonstration's people, who are there."""
    for client in (desk, insurer):
        body = {"person": {"insurer_number": KYOKAI, "number": "1234567", "birth_date": "1980-05-17"}, "month": "2026-10", "care": "inpatient"}
        assert client.post(json.dumps(body, ensure_ascii=False).encode(), path=MONTHS).status in (200, 201)
