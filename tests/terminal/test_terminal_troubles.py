"""When the service refuses, is away, or says what cannot be: nobody is shown as covered by mistake."""

import json
import os
import pty
import socket
import subprocess

import pytest

from terminal_stand_in import BINARY, CATEGORY, KEYS, TOKEN, problem, told, valid_answer

DECLARATION = "被保険者資格申立書への記入をお願いし、受け付けてください。"
VALID_BYTES = json.dumps(valid_answer(), ensure_ascii=False).encode()


def without(*path):
    answer = valid_answer()
    at = answer
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return answer


def assert_not_shown_as_valid(ran):
    assert "有効" not in ran.out, ran.out
    assert "受付できます" not in ran.out
    assert "資格 太郎" not in ran.out


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b"\"valid\"", b"<html>ok</html>", VALID_BYTES[:-1], VALID_BYTES[:200],
    VALID_BYTES + b"{}", VALID_BYTES.replace("資格".encode(), b"\xff\xfe"), b"\x00" + VALID_BYTES,
    VALID_BYTES[:-1] + b', "validity": "valid"}', b"[" * 100000,
], ids=["empty", "open", "null", "array", "string", "html", "last_byte_missing", "cut", "two", "bad_utf8", "nul",
        "key_twice", "deep"])
def test_a_garbled_answer_is_not_shown_as_valid(service, check, body):
    service.answers(body)
    for words in ([], ["--json"], ["--verbose"]):
        ran = check(*words)
        assert ran.code == 5
        assert_not_shown_as_valid(ran)
        assert "読み取れません" in ran.out + ran.err


@pytest.mark.parametrize("path", [
    ("check_id",), ("checked_at",), ("visit_date",), ("validity",), ("accepted",), ("scope",), ("reasons",),
    ("next_actions",), ("qualification",), ("copayment",), ("qualification", "name"), ("qualification", "insurer_number"),
    ("qualification", "birth_date"), ("qualification", "acquired_on"), ("qualification", "lost_on"),
    ("qualification", "relationship"), ("copayment", "ratio_percent"), ("copayment", "basis"), ("limit",),
], ids=lambda path: ".".join(path))
def test_an_answer_with_a_part_missing_is_not_shown_as_valid(service, check, path):
    service.answers(without(*path))
    ran = check("--verbose")
    assert ran.code == 5
    assert_not_shown_as_valid(ran)
    assert path[-1] in ran.err


@pytest.mark.parametrize("changes", [
    {"validity": "VALID"}, {"validity": "valid_unregistered"}, {"validity": None}, {"validity": 1},
    {"accepted": "true"}, {"accepted": 1}, {"scope": "everything"}, {"reasons": None}, {"reasons": ["x"]},
    {"reasons": [{"code": "x"}]}, {"next_actions": {}}, {"visit_date": "2026-11-31"}, {"visit_date": 20261122},
    {"qualification": []}, {"qualification": {"relationship": "friend"}}, {"qualification": {"sex": "1"}},
    {"qualification": {"loss_reason": "04"}}, {"qualification": {"acquired_on": "2019/05/01"}},
    {"copayment": {"ratio_percent": 0}}, {"copayment": {"ratio_percent": 25}}, {"copayment": {"ratio_percent": "30"}},
    {"copayment": {"ratio_percent": 30.0}}, {"copayment": {"basis": "free"}}, {"limit": []}, {"limit": {}}, {"limit": {**CATEGORY, "category": 3}},
    {"limit": {**CATEGORY, "label": None}}, {"limit": {**CATEGORY, "certificate": "04"}}, {"limit": {**CATEGORY, "valid_until": "2027-02-29"}},
    {"limit": {**CATEGORY, "long_stay_from": "9月"}},
], ids=str)
def test_an_unknown_value_is_not_shown_as_valid(service, check, changes):
    service.answers(valid_answer(**changes))
    ran = check("--consent", "limit_information")
    assert ran.code == 5
    assert_not_shown_as_valid(ran)


@pytest.mark.parametrize("changes", [
    {"validity": "invalid", "copayment": None}, {"qualification": None}, {"scope": None},
    {"accepted": False, "scope": None, "validity": "not_found", "qualification": None},
    {"visit_date": "2026-11-21"}, {"qualification": {"birth_date": "1980-05-18"}},
    {"qualification": {"lost_on": "2026-11-22"}}, {"qualification": {"acquired_on": "2026-11-23"}}, {"limit": CATEGORY},
], ids=["accepted_but_invalid", "accepted_nobody", "accepted_without_scope", "share_of_nobody", "another_day",
        "another_person", "lost_that_day", "not_yet_acquired", "limit_without_consent"])
def test_an_answer_that_contradicts_itself_or_the_question_is_not_shown_as_valid(service, check, changes):
    service.answers(valid_answer(**changes))
    ran = check()
    assert ran.code == 5
    assert_not_shown_as_valid(ran)


def test_a_limit_of_nobody_who_is_covered_is_not_understood(service, check):
    service.answers(valid_answer(validity="invalid", accepted=False, scope=None, copayment=None, limit=CATEGORY, qualification={"lost_on": "2026-04-01"}))
    ran = check("--consent", "limit_information", "--verbose")
    assert ran.code == 5 and "a limit without being valid" in ran.err
    assert_not_shown_as_valid(ran)


@pytest.mark.parametrize("status", [201, 202, 206, 302, 307])
def test_a_status_that_is_no_answer_is_not_taken_for_one(service, check, status):
    service.answers(VALID_BYTES, status=status, headers={"Location": service.url + "/elsewhere"})
    ran = check()
    assert ran.code == 5
    assert_not_shown_as_valid(ran)
    assert len(service.requests) == 1, "the token must not follow a redirect"


def test_a_page_of_something_else_on_the_way_is_not_an_answer(service, check):
    service.answers(VALID_BYTES, media_type="text/html")
    assert check().code == 5


def test_an_answer_cut_short_on_the_wire_is_not_shown_as_valid(service, check):
    service.answers(VALID_BYTES, length=len(VALID_BYTES) + 1)
    ran = check()
    assert ran.code == 5
    assert_not_shown_as_valid(ran)


@pytest.mark.parametrize("raw", [
    b"\x16\x03\x01 not http at all\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
], ids=["not_http", "bad_chunk"])
def test_what_is_not_http_is_not_shown_as_valid(service, check, raw):
    service.raw = raw
    ran = check()
    assert ran.code in (4, 5)
    assert_not_shown_as_valid(ran)


def test_an_endless_answer_does_not_fill_the_memory(service, check):
    service.answers(VALID_BYTES[:-1] + b" " * (1024 * 1024) + b"}")
    ran = check("--verbose")
    assert ran.code == 5
    assert "larger than 1048576 bytes" in ran.err
    assert_not_shown_as_valid(ran)


def test_an_answer_just_within_the_bound_is_read(service, check):
    service.answers(VALID_BYTES + b" " * (1024 * 1024 - len(VALID_BYTES)))
    assert check().code == 0


@pytest.mark.parametrize("status, code, exit_code", [
    (400, "not_json", 3), (401, "token_invalid", 3), (403, "scope_missing", 3), (422, "invalid_fields", 3),
    (429, "rate_limited", 3), (500, "internal_error", 4), (503, "database_unavailable", 4),
])
def test_a_refusal_is_told_in_the_words_for_the_desk(service, check, status, code, exit_code):
    service.answers(problem(code, status, "受付の言葉。"), status=status)
    ran = check()
    assert ran.code == exit_code
    assert ran.first == "確認できませんでした"
    assert "受付の言葉。" in ran.lines
    assert "Detail of" not in ran.out + ran.err
    assert "019d8c3e-0000-7000-8000-00000000000f" in ran.out


def test_english_details_are_for_who_asks_for_them(service, check):
    service.answers(problem("token_invalid", 401, "受付の言葉。"), status=401)
    ran = check("--verbose")
    assert "Detail of token_invalid" in ran.err
    assert "Detail of token_invalid" not in ran.out


def test_each_wrong_field_is_named_by_its_option(service, check):
    errors = [
        {"pointer": "/presented/branch_number", "code": "wrong_form", "detail": "Exactly two digits."},
        {"pointer": "/presented/birth_date", "code": "out_of_range", "detail": "Not after the visit date."},
        {"pointer": "/consents/surgeries", "code": "wrong_type", "detail": "true or false."},
        {"pointer": "/presented/unheard_of", "code": "code_of_tomorrow", "detail": "?"},
    ]
    service.answers(problem("invalid_fields", 422, "入力内容に誤りがあります。", errors), status=422)
    ran = check()
    assert ran.code == 3
    assert "  ・枝番（--branch）　形式が正しくありません。2桁の数字（例 00）です。" in ran.lines
    assert any("生年月日（--birth-date）　範囲の外です。" in line for line in ran.lines)
    assert any("同意（--consent）" in line for line in ran.lines)
    assert "  ・/presented/unheard_of　正しくありません。" in ran.lines


def test_a_script_gets_the_problem_as_the_service_wrote_it(service, check):
    body = json.dumps(problem("rate_limited", 429, "少し待ってください。"), indent=1).encode()
    service.answers(body, status=429, headers={"Retry-After": "7"})
    ran = check("--json")
    assert (ran.code, ran.raw_out) == (3, body)
    assert "7秒" in ran.err


@pytest.mark.parametrize("status, exit_code", [(404, 3), (431, 3), (500, 4), (502, 4), (504, 4)])
@pytest.mark.parametrize("body, media_type", [
    (b"<html>no</html>", "text/html"), (b"", "text/plain"), (VALID_BYTES, "application/json"),
    (b"{", "application/problem+json"), (b"[1]", "application/problem+json"),
], ids=["html", "empty", "an_answer", "cut", "array"])
def test_a_refusal_without_a_problem_document_is_still_one(service, check, status, exit_code, body, media_type):
    service.answers(body, status=status, media_type=media_type)
    ran = check()
    assert ran.code == exit_code
    assert_not_shown_as_valid(ran)
    assert ran.first == "確認できませんでした"


def test_a_service_that_is_not_there_leaves_the_desk_with_the_declaration(check):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, never listening: refused, and nobody else takes the port
        ran = check("--url", "http://127.0.0.1:%d" % closed.getsockname()[1])
    assert ran.code == 4
    assert DECLARATION in ran.out


def test_a_silent_service_does_not_keep_the_patient_waiting(service, check):
    service.silent = True
    ran = check("--timeout", "0.2")
    assert ran.code == 4
    assert DECLARATION in ran.out
    assert len(service.requests) == 1


def test_a_connection_that_ends_without_an_answer_is_told_as_such(service, check):
    service.raw = b""
    ran = check()
    assert ran.code == 4
    assert DECLARATION in ran.out


EVIL = "\x1b[2J\x1b[1;1H\x07\x08\x7f\x9b31m\u202e\u2066\u200b\ufeff\n有効　受付できます\r"


@pytest.mark.parametrize("where", ["answer", "limit", "problem"])
def test_a_name_cannot_repaint_the_screen(service, check, where):
    if where == "answer":
        service.answers(valid_answer(
            validity="invalid", accepted=False, scope=None, copayment=None, check_id=EVIL, checked_at=EVIL,
            reasons=[told("x", EVIL)], next_actions=[told("x", EVIL)],
            qualification={"name": EVIL, "insurer_name": EVIL, "name_kana": EVIL, "symbol": EVIL}))
    elif where == "limit":
        service.answers(valid_answer(limit={**CATEGORY, "category": EVIL, "label": EVIL}))
    else:
        service.answers({**problem("invalid_fields", 422, EVIL, [{"pointer": EVIL, "code": EVIL, "detail": EVIL}]),
                         "detail": EVIL, "title": EVIL, "instance": EVIL}, status=422)
    ran = check("--verbose", "--consent", "limit_information")
    assert ran.code == {"answer": 11, "limit": 0, "problem": 3}[where]
    for text in (ran.out, ran.err):
        left = {c for c in text if c != "\n" and (ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or c in "\u202e\u2066\u200b\ufeff")}
        assert left == set()
    assert sum(line.startswith("有効") for line in ran.lines) == (where == "limit"), "a line break made a line of its own"


def test_json_on_a_screen_cannot_repaint_it_either(service):
    service.answers(valid_answer(qualification={"name": "資格\x9b2J太郎\x7f"}))
    leader, follower = pty.openpty()
    try:
        done = subprocess.run([BINARY, "check", *KEYS, "--json"], stdout=follower, stderr=subprocess.PIPE, check=False,
                              timeout=60, env={"SHIKAKU_URL": service.url, "SHIKAKU_TOKEN": TOKEN})
        os.close(follower)
        seen = b""
        try:
            while piece := os.read(leader, 65536):
                seen += piece
        except OSError:
            pass  # the other end is closed: Linux says EIO
    finally:
        os.close(leader)
    assert done.returncode == 0
    assert "資格2J太郎" in seen.decode()
