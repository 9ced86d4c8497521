"""How far an import is, what is wrong with its rows, and whom a full file does not name."""

import time
import uuid

import pytest

from support import Client
from support.database import NOW
from support.staging import line, lines, stage

KYOKAI, KUMIAI, KOKUHO = "01130012", "06136022", "00138057"


@pytest.fixture(scope="module")
def own(template):
    """A service that works, on a database of these tests' own."""
    from support import Service
    database = template.clone()
    with Service(database, now=NOW, loops=1, statement_timeout_ms=20000, database_silence_ms=25000, answer_timeout_ms=60000) as service:
        yield service
        assert service.stop() == 0, service.log()[-3000:]


@pytest.fixture(scope="module")
def tokens(own):
    return {insurer: own.database.token("insurer", insurer) for insurer in (KYOKAI, KUMIAI, KOKUHO)}


@pytest.fixture
def insurer(own, tokens):
    with Client(own, tokens[KYOKAI]) as client:
        yield client


def path(import_id, more="", insurer=KYOKAI):
    return f"/v1/insurers/{insurer}/imports/{import_id}{more}"


def ended(client, import_id, insurer=KYOKAI):
    for _ in range(600):
        answer = client.get(path(import_id, insurer=insurer))
        assert answer.status == 200, answer
        if answer.json["state"] not in ("queued", "running"):
            return answer.json
        time.sleep(0.05)
    raise AssertionError(answer)


def take_in(own, client, rows, **options):
    insurer = options.get("insurer", KYOKAI)
    return ended(client, stage(own.database, rows, now=NOW, **options), insurer)


def refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer


def pages(client, import_id, what, limit):
    """All pages of a list."""
    found, cursor = [], ""
    while cursor is not None:
        answer = client.get(path(import_id, f"/{what}?limit={limit}{cursor and '&cursor='}{cursor}"))
        assert answer.status == 200, answer
        items = answer.json["errors" if what == "errors" else "member_ids"]
        assert len(items) <= limit
        found += items
        cursor = answer.json["next_cursor"]
    return found


def test_an_import_says_what_came_of_it(own, insurer):
    said = take_in(own, insurer, lines(3, "I-"))
    expected = {"insurer_number": KYOKAI, "state": "succeeded", "failure": None, "percent": 100, "cancel_requested": False, "mode": "changes",
                "partial": False, "end_missing": False, "missing_max_percent": None, "missing_lost_on": None, "format": "csv",
                "encoding": "utf-8", "rows_read": 3, "rows_valid": 3, "rows_failed": 0, "errors": 0, "rows_merged": 3, "rows_created": 3,
                "rows_changed": 0, "rows_unchanged": 0, "slices": 1, "slices_merged": 1, "rested_ms": 0, "members_missing": None, "members_ended": None,
                "rate": None, "created_at": "2026-11-22T10:00:00.000+09:00"}
    assert {name: said[name] for name in expected} == expected
    again = take_in(own, insurer, lines(3, "I-"))
    assert (again["rows_created"], again["rows_changed"], again["rows_unchanged"]) == (0, 0, 3)


def test_errors_are_told_line_by_line_and_page_by_page(own, insurer):
    rows = [line(f"E-{number}", workplace_id="W-none") for number in range(5)]
    said = take_in(own, insurer, rows + [line("E-0")])
    assert (said["state"], said["failure"], said["rows_failed"], said["errors"], said["rows_merged"]) == ("failed", "rows_refused", 6, 6, 0)
    listed = pages(insurer, said["import_id"], "errors", 2)
    assert [error["line"] for error in listed] == [2, 3, 4, 5, 6, 7]
    assert listed[0] == {"line": 2, "field": "workplace_id", "value_class": "ascii", "reason": "workplace_not_found"}
    assert listed[5]["reason"] == "duplicate_member"
    assert insurer.get(path(said["import_id"], "/errors")).json["next_cursor"] is None


def test_a_made_up_cursor_is_a_place_in_ones_own_list(own, insurer):
    said = take_in(own, insurer, [line("C-0", workplace_id="W-none")])
    answer = insurer.get(path(said["import_id"], "/errors?cursor=MXg"))
    assert answer.status == 200 and len(answer.json["errors"]) == 1
    assert insurer.get(path(said["import_id"], "/missing?cursor=MXg")).json == {"member_ids": [], "next_cursor": None}
    refused(insurer.get(path(said["import_id"], "/errors?cursor=!"), wrong=True), 400, "invalid_query")
    refused(insurer.get(path(said["import_id"], "/missing?limit=0"), wrong=True), 400, "invalid_query")


def test_whom_a_full_file_does_not_name_is_listed(own, tokens):
    with Client(own, tokens[KOKUHO]) as kokuho:
        take_in(own, kokuho, lines(5, "M-"), insurer=KOKUHO)
        said = take_in(own, kokuho, lines(5, "M-")[3:], insurer=KOKUHO, mode="full", end=True, percent="1", lost_on="2026-11-01")
        assert (said["state"], said["failure"], said["members_ended"]) == ("failed", "too_many_missing", 0)
        assert (said["missing_max_percent"], said["missing_lost_on"]) == (1, "2026-11-01")
        found = kokuho.get(path(said["import_id"], "/missing", insurer="138057"))
        assert {"M-0", "M-1", "M-2"} <= set(found.json["member_ids"]) and "M-3" not in found.json["member_ids"]
        assert said["members_missing"] == len(found.json["member_ids"])


@pytest.mark.parametrize("more", ["", "/errors", "/missing"])
def test_another_insurers_import_is_none(own, insurer, tokens, more):
    import_id = take_in(own, insurer, lines(1, "I-"))["import_id"]
    with Client(own, tokens[KUMIAI]) as other:
        refused(other.get(path(import_id, more)), 403, "not_your_insurer")
        refused(other.get(path(import_id, more, insurer=KUMIAI)), 404, "no_such_job")
    refused(insurer.get(path(uuid.UUID(int=1), more)), 404, "no_such_job")
    refused(insurer.get(path("x", more), wrong=True), 404, "no_such_job")
