"""Whoever looks for members looks for one insurer's, even where a function forgot to say whose."""

import subprocess

import psycopg2
import pytest

from conftest import ROOT

MINE, OTHERS = "01130012", "06136022"
LIST = "SELECT items, last_id FROM shikaku.list_members(%s, %s, %s, %s, NULL, NULL, '2026-11-22')"
SEARCH = "SELECT outcome, items FROM shikaku.search_members(%s, NULL, 10, NULL, %s, NULL, %s, NULL, %s)"


def ids(items):
    return [item["member_id"] for item in items]


def test_both_questions_of_a_set_see_their_own_insurer(family):
    rows = family.run("""SELECT r.items FROM (VALUES ('01130012'), ('06136022'), ('01130012')) AS q (insurer_number)
        CROSS JOIN LATERAL shikaku.list_members(q.insurer_number, NULL, 10, NULL, NULL, NULL, '2026-11-22') AS r""", user="shikaku_service")
    assert [ids(items) for items, in rows] == [["a", "b"], ["d"], ["a", "b"]]


@pytest.mark.parametrize("number, name, born", [("34", None, None), (None, "資格", None), (None, None, "1980-05-17"), ("34", "資格", "1980-05-17")])
def test_a_search_that_forgot_its_insurer_would_still_see_nobody_elses(family, number, name, born):
    """The functions without their WHERE, behind the wall alone."""
    before = family.run(SEARCH, (MINE, number, name, born), user="shikaku_service")[0]
    assert before[0] == "found" and "a" in ids(before[1]) and "d" not in ids(before[1])
    for function in ("search_members", "members_named", "list_members"):
        source = family.value("SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p WHERE p.proname = %s", (function,))
        forgetful = source.replace(f"m.insurer_number = {function}.insurer_number", "true").replace(f"ms.insurer_number = {function}.insurer_number", "true")
        assert function == "members_named" or forgetful != source
        # And the index of words, which knows no wall, gives everybody's keys.
        forgetful = forgetful.replace("m.insurer_number || ' '", "'01130012 '")
        family.run(forgetful, user="postgres")
    assert family.run(SEARCH, (MINE, number, name, born), user="shikaku_service")[0] == before
    assert ids(family.run(LIST, (MINE, None, 10, None), user="shikaku_service")[0][0]) == ["a", "b"]
    assert ids(family.run(LIST, (OTHERS, None, 10, None), user="shikaku_service")[0][0]) == ["d"]


@pytest.mark.parametrize("statement", ["SELECT shikaku.members_named('01130012', ARRAY['資格'], 10)", "SELECT shikaku.member_documents(ARRAY[1::bigint])"])
def test_the_service_may_not(refused, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        refused.run(statement, user="shikaku_service")


@pytest.mark.parametrize("damage", ["ALTER FUNCTION shikaku.list_members(text, text, bigint, text, text, text, date) OWNER TO shikaku_owner",
                                    "GRANT EXECUTE ON FUNCTION shikaku.members_named(text, text[], bigint) TO shikaku_service",
                                    "DROP INDEX shikaku.members_names",
                                    "DROP INDEX shikaku.members_workplace; CREATE INDEX members_workplace ON shikaku.members (insurer_number, workplace_id)"])
def test_verify_notices_what_is_missing(db, damage):
    db.run(damage)
    done = subprocess.run(["psql", "-X", "-q", "-d", db.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", "-f",
                           ROOT / "migrations" / "verify" / "member_search.sql"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "ERROR" in done.stderr
