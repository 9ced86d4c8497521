"""Wrong input: every refusal names what is wrong and says what was expected; nothing wrong is ever answered as a check."""

import json

import pytest

from api_people import add
from catalogues import field_errors, problems
from exchanges import Contract
from support.client import connect

CHECKS = "/v1/eligibility-checks"
GOOD = {"kind": "eligibility_certificate", "insurer_number": "01130012", "number": "1234567", "birth_date": "1980-05-17"}
TEXTS = ["/visit_date", "/known_at", "/setting", "/reference_number", "/presented/kind", "/presented/insurer_number", "/presented/symbol",
         "/presented/number", "/presented/branch_number", "/presented/birth_date"]
CONSENTS = ["limit_information", "surgeries", "diagnoses_medicines", "health_checkups", "specific_diseases"]
BOOLEANS = ["/with_card", *(f"/consents/{name}" for name in CONSENTS)]
OBJECTS = ["/presented", "/consents"]
REQUIRED = ["/presented/kind", "/presented/insurer_number", "/presented/number", "/presented/birth_date"]


def good(**changes):
    return {"presented": dict(GOOD), **changes}


def put(body, pointer, value):
    """The body with a value at the pointer."""
    *path, last = pointer[1:].split("/")
    inner = body
    for name in path:
        inner = inner.setdefault(name, {})
    inner[last] = value
    return body


def refused(answer, status, code):
    """A problem as the catalogue has it."""
    assert answer.status == status, answer
    assert answer.header("Content-Type") == "application/problem+json"
    problem = answer.json
    assert problem["code"] == code and problem["status"] == status
    assert {name: problem[name] for name in ("status", "retry", "title", "desk")} == problems()[code]
    assert problem["type"] == f"https://shikaku.invalid/problems/{code}" and problem["detail"]
    assert problem["instance"] == answer.header("X-Request-Id")
    assert answer.header("Cache-Control") == "no-store"
    assert (code == "invalid_fields") == bool(problem["errors"])
    assert all(set(error) == {"pointer", "code", "detail"} and error["detail"] and error["code"] in field_errors()
               for error in problem["errors"])
    return problem


def refused_fields(answer, expected):
    refused(answer, 422, "invalid_fields")
    assert answer.field_errors == expected
    assert len(answer.json["errors"]) == len(expected), "each field once"


@pytest.mark.parametrize("pointer, values", [
    *((pointer, [1, 1.5, True, [], {}, ["x"]]) for pointer in TEXTS),
    *((pointer, [1, 0, "true", "", [], {}]) for pointer in BOOLEANS),
    *((pointer, [1, True, "x", [], [{}]]) for pointer in OBJECTS),
])
def test_a_value_of_the_wrong_type_is_named_and_never_converted(desk, pointer, values):
    for value in values:
        refused_fields(desk.post(put(good(), pointer, value), wrong=True), {pointer: "wrong_type"})


@pytest.mark.parametrize("pointer", REQUIRED)
def test_a_missing_field_is_named(desk, pointer):
    body = good()
    del body["presented"][pointer.rsplit("/", 1)[1]]
    refused_fields(desk.post(body, wrong=True), {pointer: "required"})
    refused_fields(desk.post(put(good(), pointer, None), wrong=True), {pointer: "required"})


@pytest.mark.parametrize("body", [{}, {"presented": None}, {"with_card": True}])
def test_a_question_without_a_document_is_named(desk, body):
    refused_fields(desk.post(body, wrong=True), {"/presented": "required"})


def test_an_empty_document_is_told_all_that_it_lacks(desk):
    refused_fields(desk.post({"presented": {}}, wrong=True), dict.fromkeys(REQUIRED, "required"))


def test_null_is_the_same_as_absent(desk, database):
    person = add(database, symbol=None, branch=None)
    without = desk.check(**person.asked())
    nulls = desk.post({"visit_date": None, "known_at": None, "setting": None, "with_card": None, "consents": None, "reference_number": None,
                       "presented": {"kind": "eligibility_certificate", "symbol": None, "branch_number": None, **person.keys}})
    empty = desk.post({"consents": dict.fromkeys(CONSENTS), "presented": {"kind": "eligibility_certificate", **person.keys}})
    for answer in (nulls, empty):
        assert {**answer.json, "check_id": ""} == {**without.json, "check_id": ""}


@pytest.mark.parametrize("pointer, told", [
    ("/pin", "/pin"), ("/presented/pin", "/presented/pin"), ("/consents/everything", "/consents/everything"),
    ("/Presented", "/Presented"), ("/presented/my_number", "/presented/my_number"), ("/", "/"),
])
def test_an_unknown_field_is_named_and_not_ignored(desk, pointer, told):
    for value in ("1234", None, {}):
        refused_fields(desk.post(put(good(), pointer, value), wrong=True), {told: "unknown_field"})


def test_an_unknown_fields_pointer_is_escaped(desk):
    refused_fields(desk.post(good(**{"a/b~c": 1}), wrong=True), {"/a~1b~0c": "unknown_field"})


@pytest.mark.parametrize("name", ["x" * 5000, "あ" * 2000, "/" * 500, "\x01\x1f\"\\", "😀" * 100], ids=lambda name: f"{len(name)}-{name[0]!a}")
def test_an_unknown_fields_strange_name_does_not_spoil_the_answer(desk, name):
    answer = desk.post(good(**{name: 1}), wrong=True)
    refused(answer, 422, "invalid_fields")
    assert [error["code"] for error in answer.json["errors"]] == ["unknown_field"]


def test_a_hundred_unknown_fields_are_refused_in_one_answer(desk):
    answer = desk.post(good(**{f"field_{number}": number for number in range(100)}), wrong=True)
    refused(answer, 422, "invalid_fields")
    assert set(answer.field_errors.values()) == {"unknown_field"}


@pytest.mark.parametrize("pointer, value, code", [
    ("/visit_date", "2026-02-29", "wrong_form"), ("/visit_date", "2026-1-01", "wrong_form"), ("/visit_date", "20261122", "wrong_form"),
    ("/visit_date", "", "wrong_form"), ("/visit_date", "2026-11-22T00:00:00Z", "wrong_form"), ("/visit_date", " 2026-11-22", "wrong_form"),
    ("/visit_date", "２０２６-11-22", "wrong_form"), ("/visit_date", "2026-13-01", "wrong_form"), ("/visit_date", "9999-12-31", "out_of_range"),
    ("/visit_date", "1900-01-01", "out_of_range"), ("/visit_date", "1980-05-16", "out_of_range"),
    ("/known_at", "2026-11-22", "wrong_form"), ("/known_at", "2026-11-22T10:00:00", "wrong_form"), ("/known_at", "yesterday", "wrong_form"),
    ("/known_at", "2026-11-22T25:00:00Z", "wrong_form"), ("/known_at", "2026-02-30T10:00:00Z", "wrong_form"),
    ("/known_at", "2026-11-22 10:00:00+0900", "wrong_form"), ("/known_at", "2026-11-23T00:00:00Z", "out_of_range"),
    ("/setting", "School", "not_one_of"), ("/setting", "", "not_one_of"), ("/presented/kind", "Card", "not_one_of"),
    ("/presented/kind", "", "not_one_of"), ("/presented/birth_date", "1980-02-30", "wrong_form"),
    ("/presented/birth_date", "S55.5.17", "wrong_form"), ("/presented/birth_date", "2027-01-01", "out_of_range"),
    ("/presented/insurer_number", "1234567", "wrong_form"), ("/presented/branch_number", "1", "wrong_form"),
    ("/reference_number", "x" * 65, "too_long"), ("/reference_number", "あ" * 65, "too_long"),
], ids=lambda word: word[:24])
def test_a_value_that_cannot_be_is_named(desk, pointer, value, code):
    refused_fields(desk.post(put(good(), pointer, value), wrong=True), {pointer: code})


def test_an_empty_reference_number_is_not_called_too_long(desk):
    answer = desk.post(good(reference_number=""), wrong=True)
    refused(answer, 422, "invalid_fields")
    assert answer.field_errors == {"/reference_number": "wrong_form"}


@pytest.mark.parametrize("number", ["x", "患者 ００１", "あ" * 64, "😀" * 64], ids=["x", "wide", "64", "64-of-4-bytes"])
def test_a_clinics_own_number_is_taken_and_not_answered(desk, number):
    answer = desk.post(good(reference_number=number))
    assert answer.status == 200 and "reference" not in answer.text


@pytest.mark.parametrize("pointer, code", [
    ("/visit_date", "wrong_form"), ("/known_at", "wrong_form"), ("/setting", "not_one_of"), ("/reference_number", "wrong_form"),
    ("/presented/kind", "not_one_of"), ("/presented/insurer_number", "wrong_form"), ("/presented/symbol", "wrong_form"),
    ("/presented/number", "wrong_form"), ("/presented/branch_number", "wrong_form"), ("/presented/birth_date", "wrong_form"),
])
def test_a_nul_character_never_cuts_a_value_short(desk, pointer, code):
    first = {"/visit_date": "2026-11-22", "/setting": "school", "/presented/kind": "portal_record", "/presented/branch_number": "00",
             "/known_at": "2026-11-20T00:00:00Z", "/presented/birth_date": "1980-05-17", "/presented/insurer_number": "01130012"}
    for value in (first.get(pointer, "1234567") + "\u0000", first.get(pointer, "1234567") + "\u0000x", "\u0000"):
        refused_fields(desk.post(put(good(), pointer, value), wrong=True), {pointer: code})


@pytest.mark.parametrize("body", ['{"\\u0000": 1}', '{"presented\\u0000": {}}', '{"presented": {"kind\\u0000x": "card"}}'])
def test_a_nul_character_in_a_name_is_refused(desk, body):
    assert desk.post(body, wrong=True).status in (400, 422)


def test_all_that_is_wrong_is_named_at_once(desk):
    body = {"visit_date": "tomorrow", "known_at": "2099-01-01T00:00:00Z", "setting": "home", "with_card": "yes", "pin": "0000",
            "presented": {"kind": "passport", "insurer_number": "12", "symbol": 5, "branch_number": "123", "birth_date": "1980-13-01",
                          "photo": ""},
            "consents": {"surgeries": 1, "all": True}, "reference_number": "x" * 65}
    refused_fields(desk.post(body, wrong=True), {
        "/visit_date": "wrong_form", "/known_at": "out_of_range", "/setting": "not_one_of", "/with_card": "wrong_type", "/pin": "unknown_field",
        "/presented/kind": "not_one_of", "/presented/insurer_number": "wrong_form", "/presented/symbol": "wrong_type",
        "/presented/number": "required", "/presented/branch_number": "wrong_form", "/presented/birth_date": "wrong_form",
        "/presented/photo": "unknown_field", "/consents/surgeries": "wrong_type", "/consents/all": "unknown_field",
        "/reference_number": "too_long"})


NOT_JSON = [b"", b" ", b"null", b"true", b"1", b'"x"', b"[]", b"[{}]", b"{", b"}", b"{}}", b"{} {}", b"{'presented': {}}", b'{"a":1,}',
            b'{"presented": NaN}', b"{\"presented\": 01}", b'\x00{}', b"{}\x00", b'{"visit_date": "\x00"}', b'{"a": 1e999}', b'{"a": -1e999}',
            b'{"a": 1' + b"0" * 400 + b"}", b'{"a": "\\ud800"}', b'{"a": "\n"}', b'{"a": "\\x"}', b"\xef\xbb\xbf{}", b"// c\n{}",
            b'{"presented":' * 3000 + b"1" + b"}" * 3000, b"[" * 60000]


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:24]))
def test_what_is_not_a_json_object_is_refused(desk, body):
    answer = desk.post(body, wrong=True)
    assert answer.json["code"] in ("not_json", "bad_utf8")
    refused(answer, 400, answer.json["code"])


def test_deep_nesting_that_is_json_is_an_unknown_field(desk):
    refused_fields(desk.post(b'{"a":' * 500 + b"1" + b"}" * 500, wrong=True), {"/a": "unknown_field", "/presented": "required"})


@pytest.mark.parametrize("body", [
    '{"presented": {}, "presented": {}}', '{"with_card": true, "with_card": true}', '{"a": 1, "a": 1}',
    '{"presented": {"kind": "portal_record", "kind": "portal_record"}}', '{"with_card": true, "with_c\\u0061rd": false}',
    json.dumps(good())[:-1] + ', "consents": {"surgeries": true, "surgeries": false}}',
])
def test_a_field_named_twice_is_refused_and_neither_is_chosen(desk, body):
    refused(desk.post(body, wrong=True), 400, "duplicate_key")


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe3\x81", b"\xf5\x80\x80\x80", "資".encode("shift_jis"), b"\x80"])
def test_bytes_that_are_not_utf8_are_refused(desk, bad):
    body = json.dumps(good()).encode().replace(b"1234567", b"123" + bad)
    refused(desk.post(body, wrong=True), 400, "bad_utf8")


def padded(size):
    body = json.dumps(good()).encode()
    return body + b" " * (size - len(body))


def chunked(body, size):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def head(token, *headers):
    return "\r\n".join([f"POST {CHECKS} HTTP/1.1", "Host: desk", f"Authorization: Bearer {token}", "Content-Type: application/json",
                        *headers, "", ""]).encode()


def test_a_body_of_exactly_64_kib_is_taken(desk, token):
    assert desk.post(padded(65536)).status == 200
    come = desk.raw(head(token, "Transfer-Encoding: chunked", "Connection: close") + chunked(padded(65536), 7000), wrong=False)
    assert [answer.status for answer in come] == [200]


def test_a_body_of_one_byte_more_is_refused(desk, token):
    refused(desk.post(padded(65537), wrong=True), 413, "body_too_large")
    come = desk.raw(head(token, "Transfer-Encoding: chunked", "Connection: close") + chunked(padded(65537), 7000))
    assert len(come) == 1
    refused(come[0], 413, "body_too_large")


def test_the_desk_can_go_on_after_a_body_that_was_too_large(desk):
    refused(desk.post(padded(70000), wrong=True), 413, "body_too_large")
    assert desk.post(good()).status == 200


def test_a_chunked_question_byte_by_byte_is_answered(desk, token):
    come = desk.raw(head(token, "Transfer-Encoding: chunked", "Connection: close") + chunked(json.dumps(good()).encode(), 1), wrong=False)
    assert [answer.status for answer in come] == [200] and come[0].json["validity"] == "valid"


def test_a_client_that_waits_for_100_continue_is_not_kept_waiting(desk, token):
    body = json.dumps(good()).encode()
    with connect(desk.address) as wire:
        wire.sendall(head(token, f"Content-Length: {len(body)}", "Expect: 100-continue", "Connection: close"))
        assert wire.recv(100).startswith(b"HTTP/1.1 100 ")
        wire.sendall(body)
        assert wire.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data",
                                          "application/jsonp", "application/json-patch+json", "application/json; charset=shift_jis", "json"])
def test_another_content_type_is_refused(desk, content_type):
    refused(desk.post(good(), headers={"Content-Type": content_type}, wrong=True), 415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
                                          'application/json; charset="utf-8"'])
def test_json_is_taken_however_its_type_is_written(desk, content_type):
    assert desk.post(good(), headers={"Content-Type": content_type}).status == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "text/*", "application/problem+json", "image/png, text/plain;q=0.5"])
def test_who_cannot_read_json_is_told_so(desk, accept):
    refused(desk.post(good(), headers={"Accept": accept}, wrong=True), 406, "not_acceptable")


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/*", "text/html, application/json;q=0.9", "APPLICATION/JSON",
                                    "application/problem+json, application/json", "text/html,*/*;q=0.1"])
def test_who_takes_json_gets_json(desk, accept):
    answer = desk.post(good(), headers={"Accept": accept})
    assert answer.status == 200 and answer.header("Content-Type") == "application/json"


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", CHECKS + "/", CHECKS + "/x", "/V1/eligibility-checks", "/v2/eligibility-checks", "//healthz",
                                  "/healthz/", "/metrics", "/v1/../healthz", "/openapi.yaml/.", "/%2e%2e/healthz", "/healthz;x"])
def test_a_path_that_is_not_served_is_told_so(desk, path):
    refused(desk.get(path, wrong=True), 404, "no_such_path")
    refused(desk.post(good(), path=path, wrong=True), 404, "no_such_path")


@pytest.mark.parametrize("method, path, allowed", [
    *((method, CHECKS, {"POST"}) for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW")),
    *((method, path, {"GET", "HEAD"}) for path in ("/healthz", "/readyz", "/openapi.yaml") for method in ("POST", "PUT", "DELETE", "OPTIONS")),
])
def test_another_method_is_told_which_are_allowed(desk, method, path, allowed):
    answer = desk.request(method, path, wrong=True)
    assert answer.status == 405 and {name.strip() for name in answer.header("Allow").split(",")} == allowed
    if method != "HEAD":
        refused(answer, 405, "method_not_allowed")


def test_a_query_does_not_hide_the_path(desk):
    assert desk.get("/healthz?x=1").status == 200


def test_an_answer_is_one_json_object_that_names_every_field(desk):
    answer = desk.post(good())
    assert answer.header("Content-Type") == "application/json" and answer.header("Cache-Control") == "no-store"
    assert list(answer.json) == ["check_id", "checked_at", "visit_date", "validity", "accepted", "scope", "reasons", "next_actions", "qualification",
                                 "copayment", "limit", "specific_diseases", "consents", "receipt"]
    assert answer.json["check_id"] == answer.header("X-Request-Id")
    assert answer.json["checked_at"] == "2026-11-22T10:00:00.000+09:00" and answer.json["visit_date"] == "2026-11-22"


def test_a_clients_own_request_id_is_not_taken(desk):
    mine = "00000000-0000-7000-8000-000000000000"
    answer = desk.post(good(), headers={"X-Request-Id": mine})
    assert answer.json["check_id"] != mine and answer.header("X-Request-Id") != mine


def test_every_question_has_an_id_of_its_own(desk):
    assert len({desk.get("/healthz").header("X-Request-Id") for _ in range(300)}) == 300


def test_names_with_quotes_and_backslashes_are_still_json(desk, database):
    person = add(database, name='試験 "引用" \\逆\\ </script>')
    assert desk.check(**person.asked()).json["qualification"]["name"] == person.name


def test_sql_in_a_number_is_a_number_that_nobody_has(desk, database):
    before = database.value("SELECT count(*) FROM shikaku.members")
    answer = desk.check(insurer_number="01130012", number="'; DROP TABLE shikaku.members; --", symbol="' OR '1'='1", birth_date="1980-05-17")
    assert answer.json["validity"] == "not_found" and database.value("SELECT count(*) FROM shikaku.members") == before


@pytest.mark.parametrize("fault", [
    b"GET /healthz HTTP/1.1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /heal%00thz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /heal%0athz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST " + CHECKS.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST " + CHECKS.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    b"POST " + CHECKS.encode() + b" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
])
def test_http_that_two_servers_could_read_in_two_ways_is_refused(desk, fault):
    come = desk.raw(fault, answers=None)
    assert len(come) == 1, "refused, and the connection is closed"
    assert not come[0].body.startswith(b"HTTP/"), "an answer inside the answer"
    if come[0].header("Content-Type") == "application/problem+json":
        refused(come[0], 400, "bad_request")
    else:
        assert come[0].status == 400, "the HTTP library's own answer"


def test_every_problem_of_the_catalogue_is_described_in_the_contract():
    assert set(problems()) == set(Contract().problems)
