"""An insurer's numbers are of its own members, as they were known."""

import subprocess

import psycopg2
import pytest

from conftest import ROOT

MINE, OTHERS = "01130012", "06136022"
COUNT = "SELECT members, insured, registered, linked, mismatch, certificates FROM shikaku.count_members(%s, %s, '2026-11-22', 7)"
CHECKS = "SELECT check_days::text[], check_validities, check_accepted, check_counts FROM shikaku.count_members(%s, %s, '2026-11-22', %s)"
RECORD = """INSERT INTO shikaku.checks (check_id, checked_at, chain_id, chain_position, digest, answer_digest, keys_digest, token_id, owner, visit_date, presented,
    setting, with_card, validity, accepted, reasons, insurer_number)
  VALUES (gen_random_uuid(), %s, gen_random_uuid(), 0, sha256('1'), sha256('2'), sha256('3'), 1, '1319900013', '2026-11-22', 4, 0, false, %s, %s, 0, %s)"""


def count(db, insurer, as_of="2026-11-22"):
    return db.run(COUNT, (insurer, as_of), user="shikaku_service")[0]


def test_each_of_a_set_is_counted_for_itself(family):
    rows = family.run("""SELECT r.members, r.registered FROM (VALUES ('01130012'), ('06136022'), ('39131156')) AS q (insurer_number)
        CROSS JOIN LATERAL shikaku.count_members(q.insurer_number, '2026-11-22', '2026-11-22', 7) AS r""", user="shikaku_service")
    assert rows == [(2, 1), (0, 0), (1, 0)]


@pytest.mark.parametrize("as_of", ["2026-11-22", "2026-11-20"])
def test_numbers_that_forgot_their_insurer_would_still_count_nobody_elses(family, as_of):
    family.run("UPDATE shikaku.members SET known_from = '2026-11-21Z'")
    before = count(family, MINE, as_of)
    assert before[0] == 2
    for function in ("count_untouched", "count_touched", "count_members"):
        source = family.value("SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p WHERE p.proname = %s", (function,))
        for alias in ("s", "ec", "m"):
            source = source.replace(f"{alias}.insurer_number = {function}.insurer_number", "true")
        family.run(source, user="postgres")
    assert count(family, MINE, as_of) == before


def test_checks_are_counted_by_their_day_in_japan(family):
    for at, validity, accepted, insurer in (
            ("2026-11-20T14:59:59.999999Z", 1, True, MINE), ("2026-11-20T15:00:00Z", 1, True, MINE), ("2026-11-21T14:59:59.999999Z", 1, False, MINE),
            ("2026-11-21T03:00:00Z", 1, True, MINE), ("2026-11-21T15:00:00Z", 4, False, MINE), ("2026-11-21T03:00:00Z", 1, True, OTHERS),
            ("2026-11-21T03:00:00Z", 1, True, None), ("2026-10-31T15:00:00Z", 2, False, MINE)):
        family.run(RECORD, (at, validity, accepted, insurer), user="shikaku_service")
    ask = lambda as_of, days, insurer=MINE: family.run(CHECKS, (insurer, as_of, days), user="shikaku_service")[0]  # noqa: E731
    assert ask("2026-11-22", 1) == (["2026-11-22"], [4], [False], [1])
    assert ask("2026-11-21", 1) == (["2026-11-21", "2026-11-21"], [1, 1], [True, False], [2, 1])
    assert ask("2026-11-22", 3) == (["2026-11-20", "2026-11-21", "2026-11-21", "2026-11-22"], [1, 1, 1, 4], [True, True, False, False], [1, 2, 1, 1])
    assert ask("2026-11-22", 21)[0][0] == "2026-11-20" and ask("2026-11-22", 22)[0][0] == "2026-11-01"
    assert ask("2026-11-22", 7, OTHERS) == (["2026-11-21"], [1], [True], [1])


@pytest.mark.parametrize("statement", ["SELECT * FROM shikaku.own_standings", "SELECT * FROM shikaku.own_checks", "SELECT * FROM shikaku.own_registrations",
                                       "SELECT * FROM shikaku.own_certificates", "SELECT shikaku.count_untouched('01130012', '2026-11-22', 'infinity', '{}')",
                                       "SELECT shikaku.count_touched('01130012', '2026-11-22', 'infinity', '{}')"])
def test_the_service_may_not(refused, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        refused.run(statement, user="shikaku_service")


def test_what_a_digest_holds_is_not_taken_away(db):
    """To revert would make each record that names an insurer look altered."""
    revert = ["psql", "-X", "-q", "-d", db.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", "-f", ROOT / "migrations" / "revert" / "insurer_statistics.sql"]
    db.run(RECORD, ("2026-11-21T03:00:00Z", 1, True, MINE), user="shikaku_service")
    done = subprocess.run(revert, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "not taken away" in done.stderr
    assert db.value("SELECT count(insurer_number) FROM shikaku.checks") == 1


@pytest.mark.parametrize("damage", ["ALTER VIEW shikaku.own_checks RESET (security_barrier)", "GRANT SELECT ON shikaku.own_standings TO shikaku_service",
                                    "CREATE OR REPLACE VIEW shikaku.own_checks WITH (security_barrier) AS SELECT checked_at, validity, accepted FROM shikaku.checks",
                                    "ALTER FUNCTION shikaku.count_members(text, date, date, bigint) SECURITY INVOKER"])
def test_verify_notices_what_is_missing(db, damage):
    db.run(damage)
    done = subprocess.run(["psql", "-X", "-q", "-d", db.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", "-f",
                           ROOT / "migrations" / "verify" / "insurer_statistics.sql"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "ERROR" in done.stderr
