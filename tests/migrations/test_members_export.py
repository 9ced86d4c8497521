"""All members of an insurer, page by page, and of nobody else: migrations/deploy/members_export.sql."""

import json
import subprocess

from conftest import ROOT

MINE, OTHERS = "01130012", "06136022"


def export(database, insurer, behind=None, at_most=1000, user="shikaku_service"):
    return database.run("SELECT member_id, document FROM shikaku.export_members(%s, %s, %s)", (insurer, behind, at_most), user=user)


def test_every_member_comes_once_and_in_order(family):
    assert [one[0] for one in export(family, MINE)] == ["a", "b"]
    assert [one[0] for one in export(family, MINE, at_most=1)] == ["a"]
    assert [one[0] for one in export(family, MINE, "a", 1)] == ["b"]
    assert export(family, MINE, "b", 1) == []


def test_a_line_is_the_record_as_it_is_read(family):
    for member_id, document in export(family, OTHERS):
        record = family.value("SELECT shikaku.member_document(member_key) FROM shikaku.members WHERE insurer_number = %s AND member_id = %s",
                              (OTHERS, member_id))
        assert json.loads(document) == record and record["member_id"] == member_id and "\n" not in document


def test_an_insurer_without_members_has_nothing_to_read(family):
    assert export(family, "00000000") == [] and export(family, None) == []


def test_an_export_that_forgot_its_insurer_would_still_see_nobody_elses(family):
    """The second wall."""
    text = family.value("SELECT pg_get_functiondef('shikaku.export_members(text, text, integer)'::regprocedure)")
    forgetful = text.replace("m.insurer_number = export_members.insurer_number AND ", "")
    assert forgetful != text
    family.run(forgetful, user="postgres")
    assert [one[0] for one in export(family, OTHERS)] == ["d"]


def test_verify_notices_what_is_missing(db):
    db.run("REVOKE EXECUTE ON FUNCTION shikaku.export_members(text, text, integer) FROM shikaku_service")
    done = subprocess.run(["psql", "-X", "-q", "-d", db.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", "-f",
                           ROOT / "migrations" / "verify" / "members_export.sql"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "ERROR" in done.stderr
